"""Bodies under ASGI: what is too large is refused before it is kept."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from project.bodies import BodyLimit

PIECE = b"x" * 1000


class Reading:
    """An application that reads all of a body."""

    def __init__(self) -> None:
        self.read = 0
        self.ended = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                self.ended = "cut off"
                return
            self.read += len(event["body"])
            if not event["more_body"]:
                self.ended = "whole"
                return


def sent(path: str, pieces: int, length: int | None = None) -> tuple[Reading, list[Any]]:
    """A body of so many thousand bytes, with or without its length; what was answered."""
    application, answered, left = Reading(), list[Any](), pieces
    headers = [] if length is None else [(b"content-length", str(length).encode())]

    async def receive() -> Mapping[str, Any]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": PIECE, "more_body": left > 0}

    async def send(event: Mapping[str, Any]) -> None:
        answered.append(event)

    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(BodyLimit(application)(scope, receive, send))
    return application, answered


@pytest.fixture(autouse=True)
def _small(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    settings.MAX_UPLOAD_BYTES = 50_000


def test_what_may_be_is_passed_on() -> None:
    reading, answered = sent("/login/", 10)
    assert (reading.read, reading.ended, answered) == (10_000, "whole", [])


def test_what_says_that_it_is_too_large_is_not_read_at_all() -> None:
    reading, (start, body) = sent("/api/v1/generation/jobs", 20, length=20_000)
    assert (reading.read, start["status"]) == (0, 413)
    assert json.loads(body["body"])["detail"] == (
        "The body has 20000 bytes; at most 10000 are accepted."
    )
    assert (b"connection", b"close") in start["headers"]


def test_what_does_not_say_so_is_cut_off() -> None:
    reading, (start, _) = sent("/login/", 1000)
    assert (reading.ended, start["status"]) == ("cut off", 413)
    assert reading.read <= 10_000


def test_uploads_may_be_larger() -> None:
    assert sent("/services/data-sets/", 40)[0].ended == "whole"
    assert sent("/services/data-sets/", 1000)[0].ended == "cut off"
