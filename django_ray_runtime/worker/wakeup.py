"""What ends the loop's waiting: a completion, a signal, or the end of the supervisor."""

import os
import select
import threading


class Wakeup:
    """A wait that any thread or signal handler can end."""

    def __init__(self, parent: int | None = None) -> None:
        """`parent` is a pipe whose other end the supervisor holds; it closes with it."""
        self.parent_gone = False
        self._parent = parent
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._pending = threading.Event()

    def set(self) -> None:
        """End the present wait, or the next."""
        if not self._pending.is_set():
            self._pending.set()
            try:
                os.write(self._write, b"\0")
            except (BlockingIOError, OSError):
                pass  # the pipe is full, so the wait ends anyway; or it is closed

    def wait(self, timeout: float) -> None:
        """Wait until `set`, at most `timeout` seconds."""
        watched = [self._read] if self._parent is None else [self._read, self._parent]
        ready, _, _ = select.select(watched, [], [], timeout)
        if self._read in ready:
            # Read first, then cleared: a set() in between finds the flag up and writes nothing,
            # but what it speaks of is there already, and the caller looks when this returns.
            # The other way round, its byte would be read and its flag stay up for ever.
            os.read(self._read, 4096)
            self._pending.clear()
        if self._parent is not None and self._parent in ready and not os.read(self._parent, 1):
            self.parent_gone = True
            self._parent = None

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
