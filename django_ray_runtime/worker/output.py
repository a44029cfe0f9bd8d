"""What a run prints and logs: its end is kept, and all of it passes on."""

import logging
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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


# That of the run which this code belongs to, and of one that has the process for itself: then
# what threads write that it has started is its output, too.
_here: ContextVar[Tail | None] = ContextVar("tail", default=None)
_alone: Tail | None = None

_open: set[Tail] = set()  # of the runs in this process
_lock = threading.Lock()


class _Tee:
    """A stream that passes on what is written to it, and remembers the end."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        written = self.stream.write(text)  # first: it refuses what is no text
        if (tail := _here.get() or _alone) is not None:
            tail.write(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _TailHandler(logging.Handler):
    """Keeps what a task logs; in a worker without Ray the worker's own threads log too."""

    def emit(self, record: logging.LogRecord) -> None:
        others = None if record.name.startswith("django_ray_runtime") else _alone
        if (tail := _here.get() or others) is not None:
            try:
                tail.write(_FORMAT.format(record) + "\n")
            except Exception:  # a message that does not fit its arguments is the logger's matter
                self.handleError(record)


# One for all runs: to make one takes longer than a short run.
_handler = _TailHandler()


@contextmanager
def captured(limit: int, *, alone: bool = True) -> Iterator[Tail]:
    """Within this context, keep the end of what it prints and logs; where the run is `alone` in
    this process, what all do."""
    global _alone
    tail = Tail(limit)
    if not limit:
        yield tail
        return
    token = _here.set(tail)
    if alone:
        _alone = tail
    with _lock:
        _open.add(tail)
        logging.getLogger().addHandler(_handler)  # once, however many there are
        sys.stdout, sys.stderr = _Tee(_bare(sys.stdout)), _Tee(_bare(sys.stderr))
    try:
        yield tail
    finally:
        _alone = None
        _here.reset(token)
        with _lock:
            _open.discard(tail)
            if not _open:
                logging.getLogger().removeHandler(_handler)
                sys.stdout, sys.stderr = _bare(sys.stdout), _bare(sys.stderr)


def _bare(stream: Any) -> Any:
    """The stream without what a run has put around it."""
    while isinstance(stream, _Tee):
        stream = stream.stream
    return stream
