"""Server-sent events: fragments of HTML as they change.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from project import ending

ALIVE_SECONDS = 15.0
"""Between signs of life, so that proxies keep the stream and we notice who has gone."""
MOST_STREAMS = 6
"""Of one reader and process; more pages than that ask from time to time."""
LONGEST_SECONDS = 600.0
"""A stream ends then, and the browser opens another: what was deployed meanwhile gets its turn."""
COME_BACK = b"retry: 1000\n\n"
"""When a process ends: the browser opens another stream, of another process, a second later."""

logger = logging.getLogger(__name__)


_open: Counter[Hashable] = Counter()


async def event_stream[Value](
    request: HttpRequest,
    reader: Hashable,
    allowed: Callable[[], bool],
    values: Callable[[], AsyncIterator[Value]],
    shown: Callable[[Value], str],
) -> HttpResponseBase:
    """A stream of `shown(value)` for a reader who is `allowed`.

    Where no stream is possible, as under WSGI, which would wait for its end, the answer is 204:
    browsers do not try again, and our pages ask from time to time instead.
    """
    if not isinstance(request, ASGIRequest):
        return HttpResponse(status=204)
    if not await sync_to_async(allowed)():
        return HttpResponse(status=404)
    if _open[reader] >= MOST_STREAMS:
        return HttpResponse(status=429)
    stream = _Stream(reader, values(), shown)
    response = StreamingHttpResponse(
        stream.events(), content_type="text/event-stream; charset=utf-8"
    )
    # Django calls it when the client has gone; what iterates is merely let go then.
    response._resource_closers.append(stream.close)  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"  # nginx would gather it
    return response


class _Stream:
    """One open stream: what it sends, and its end."""

    def __init__(
        self, reader: Hashable, values: AsyncIterator[Any], shown: Callable[[Any], str]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader, self._values, self._shown = reader, values, shown
        self._upcoming: asyncio.Future[Any] | None = None
        self._over = self._loop.create_future()
        self._is_open = True
        _open[reader] += 1
        # Who leaves before the first event has come is told to nobody: then it ends by itself.
        self._at_last = self._loop.call_later(LONGEST_SECONDS + ALIVE_SECONDS, self._end)
        ending.add(self._process_ends)
        if ending.has_begun():
            self._process_ends()

    async def events(self) -> AsyncIterator[bytes]:
        """Each value once it has changed, and signs of life between them."""
        until, last = self._loop.time() + LONGEST_SECONDS, None
        try:
            while self._is_open and self._loop.time() < until:
                self._upcoming = self._upcoming or asyncio.ensure_future(anext(self._values))
                done, _ = await asyncio.wait(
                    [self._upcoming, self._over],
                    timeout=ALIVE_SECONDS,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if self._over in done:
                    yield COME_BACK
                    return
                if not done:
                    yield b": alive\n\n"
                    continue
                value, self._upcoming = self._upcoming.result(), None
                html = await sync_to_async(self._shown, thread_sensitive=False)(value)
                if html != last:
                    yield f"data: {json.dumps(html)}\n\n".encode()
                    last = html
        except StopAsyncIteration:
            return
        finally:
            self._end()

    def close(self) -> None:
        """From any thread: nobody reads it any more."""
        with suppress(RuntimeError):  # the loop has ended, and all of it with it
            self._loop.call_soon_threadsafe(self._end)

    def _process_ends(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            self._at_last.cancel()
            _open[self._reader] -= 1
            ending.remove(self._process_ends)
        if self._upcoming is not None:
            self._upcoming.cancel()
