"""Bodies of requests, before anything reads them: under ASGI Django keeps all of one on the disk,
however large it is, before a view or a middleware may refuse it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.http import HttpResponse

from ray_services.sizes import limit_at, refusal

type Event = dict[str, Any]
type Receive = Callable[[], Awaitable[Mapping[str, Any]]]
type Send = Callable[[Mapping[str, Any]], Awaitable[None]]
type Application = Callable[[Event, Receive, Send], Awaitable[None]]


class BodyLimit:
    """Refuses what says that it is larger than it may be, and ends the reading of what is so
    without saying it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        refused = refusal(scope["path"], _length(scope))
        if refused is not None:
            await _answer(send, refused.response(scope["path"]))
            return
        left = limit = limit_at(scope["path"])
        answered = False

        async def limited() -> Mapping[str, Any]:
            nonlocal left
            event = await receive()
            if left is not None:
                left -= len(event.get("body", b""))
                if left < 0:
                    return {"type": "http.disconnect"}
            return event

        async def noted(event: Mapping[str, Any]) -> None:
            nonlocal answered
            answered = True
            await send(event)

        await self._application(scope, limited, noted)
        if answered or limit is None or left is None:
            return
        if cut_off := refusal(scope["path"], str(limit - left)):
            await _answer(send, cut_off.response(scope["path"]))


def _length(scope: Event) -> str:
    """What the request says of its length; nothing counts as 0."""
    told: bytes = dict(scope["headers"]).get(b"content-length", b"0")
    return told.decode("latin-1")


async def _answer(send: Send, response: HttpResponse) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    headers.append((b"connection", b"close"))  # the rest of the body is not read
    start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": response.content})
