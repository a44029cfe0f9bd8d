"""Server-sent events: fragments of HTML as they change.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from pages.live.watching import let_go

ALIVE_SECONDS = 15.0
"""Between signs of life, so that proxies keep the stream and we notice who has gone."""
MOST_STREAMS = 6
"""Of one reader and process; more pages than that ask from time to time."""
LONGEST_SECONDS = 600.0
"""A stream ends then, and the browser opens another: what was deployed meanwhile gets its turn."""

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
    if not await sync_to_async(_told_and_let_go)(allowed):
        return HttpResponse(status=404)
    if _open[reader] >= MOST_STREAMS:
        return HttpResponse(status=429)
    response = StreamingHttpResponse(
        _events(reader, values(), shown), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"  # nginx would gather it
    return response


async def _events(
    reader: Hashable, values: AsyncIterator[Any], shown: Callable[[Any], str]
) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    until = clock() + LONGEST_SECONDS
    upcoming = asyncio.ensure_future(anext(values))
    last = None
    _open[reader] += 1
    try:
        while clock() < until:
            done, _ = await asyncio.wait([upcoming], timeout=ALIVE_SECONDS)
            if not done:
                yield b": alive\n\n"
                continue
            try:
                html = await sync_to_async(shown, thread_sensitive=False)(upcoming.result())
            except StopAsyncIteration:
                return
            if html != last:
                yield f"data: {json.dumps(html)}\n\n".encode()
                last = html
            upcoming = asyncio.ensure_future(anext(values))
    finally:
        _open[reader] -= 1
        upcoming.cancel()


def _told_and_let_go(allowed: Callable[[], bool]) -> bool:
    """The stream that follows may last for minutes; it holds no connection."""
    try:
        return allowed()
    finally:
        let_go()
