"""A look at items that take longer than expected while they run in the caller."""

import _thread
import threading
import time
from collections.abc import Callable
from contextvars import copy_context


class Guard:
    """Calls `alarm` again and again, from a thread, while it stays armed past its deadline.

    Arming and disarming cost no system call: the thread looks at the deadline when it wakes. Nor
    is its start or its end waited for: on busy cores that takes longer than much of the work.
    """

    def __init__(self, alarm: Callable[[], None], seconds: float) -> None:
        self._alarm = alarm
        self._seconds = seconds
        self._deadline = float("inf")
        self._lock = threading.Lock()  # held while the alarm is called
        self._ended = threading.Event()
        self._context = copy_context()  # the run that the caller belongs to
        self._started = False

    def arm(self) -> None:
        """From now on, so many seconds."""
        self._deadline = time.perf_counter() + self._seconds
        if not self._started:
            self._started = True
            _thread.start_new_thread(self._context.run, (self._watch,))

    def disarm(self) -> None:
        """In time. No alarm is being called when this returns."""
        with self._lock:
            self._deadline = float("inf")

    def end(self) -> None:
        """No alarm comes after this returns."""
        self.disarm()
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(self._seconds):
            with self._lock:
                if time.perf_counter() >= self._deadline:
                    self._alarm()
