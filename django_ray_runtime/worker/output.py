"""What a run prints and logs: its end is kept, and all of it passes on."""

import logging
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

_FORMAT = logging.Formatter("%(levelname)s %(name)s: %(message)s")


class Tail:
    """The last `limit` bytes of a text that is written bit by bit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._parts: deque[str] = deque()
        self._size = 0  # characters: never more than bytes

    def write(self, text: str) -> None:
        self._parts.append(text[-self.limit :])
        self._size += len(self._parts[-1])
        while self._size - len(self._parts[0]) >= self.limit:
            self._size -= len(self._parts.popleft())

    def text(self) -> str:
        """What is kept, at most `limit` bytes, cut at a whole character."""
        whole = "".join(self._parts)
        encoded = whole.encode("utf-8", "replace")
        return encoded[-self.limit :].decode("utf-8", "ignore")


class _Tee:
    """A stream that passes on what is written to it, and remembers the end."""

    def __init__(self, stream: TextIO, tail: Tail) -> None:
        self.stream = stream
        self._tail = tail

    def write(self, text: str) -> int:
        written = self.stream.write(text)  # first: it refuses what is no text
        self._tail.write(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _TailHandler(logging.Handler):
    """Keeps what the task's own thread logs; in a worker without Ray others log too."""

    tail: Tail
    thread = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread or not record.name.startswith("django_ray_runtime"):
            try:
                self.tail.write(_FORMAT.format(record) + "\n")
            except Exception:  # a message that does not fit its arguments is the logger's matter
                self.handleError(record)


# One for all runs, of which a process has one at a time: to make one takes longer than a short run.
_handler = _TailHandler()


@contextmanager
def captured(limit: int) -> Iterator[Tail]:
    """Within this context, keep the end of what this process prints and logs."""
    tail = Tail(limit)
    if not limit:
        yield tail
        return
    root = logging.getLogger()
    _handler.tail, _handler.thread = tail, threading.get_ident()
    root.addHandler(_handler)  # once, though an interrupt kept the run before from removing it
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Tee(_bare(out), tail), _Tee(_bare(err), tail)
    try:
        yield tail
    finally:
        root.removeHandler(_handler)
        sys.stdout, sys.stderr = _bare(out), _bare(err)


def _bare(stream: Any) -> Any:
    """The stream without what an interrupted run left around it."""
    while isinstance(stream, _Tee):
        stream = stream.stream
    return stream
