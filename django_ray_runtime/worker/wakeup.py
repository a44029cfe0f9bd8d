"""What ends the loop's waiting: a completion, a signal, or the end of the supervisor."""

import os
import select


class Wakeup:
    """A wait that any thread or signal handler can end."""

    def __init__(self, parent: int | None = None) -> None:
        """`parent` is a pipe whose other end the supervisor holds; it closes with it."""
        self.parent_gone = False
        self._parent = parent
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        # A bare flag, not an Event: a signal handler calls set() in the middle of anything,
        # and would wait for ever for the lock of an Event that it interrupted.
        self._pending = False

    def set(self) -> None:
        """End the present wait, or the next. Takes no lock."""
        if not self._pending:
            self._pending = True
            try:
                os.write(self._write, b"\0")
            except OSError:
                pass  # the pipe is full, so the wait ends anyway; or it is closed

    def wait(self, timeout: float) -> None:
        """Wait until `set`, at most `timeout` seconds."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if self._parent is not None:
            poll.register(self._parent, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(timeout * 1000)}
        if self._read in ready:
            # Read first, then cleared: a set() in between finds the flag up and writes nothing,
            # but what it speaks of is there already, and the caller looks when this returns.
            # The other way round, its byte would be read and its flag stay up for ever.
            os.read(self._read, 4096)
            self._pending = False
        if self._parent is not None and self._parent in ready and not os.read(self._parent, 1):
            self.parent_gone = True
            self._parent = None

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._read)
        os.close(self._write)
