"""A look at items that take longer than expected while they run in the caller."""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context


class Guard:
    """Calls `alarm` again and again, from a thread, while it stays armed past its deadline.

    Arming and disarming cost no system call: the thread looks at the deadline when it wakes.
    """

    def __init__(self, alarm: Callable[[], None], seconds: float) -> None:
        self._alarm = alarm
        self._seconds = seconds
        self._deadline = float("inf")
        self._lock = threading.Lock()  # held while the alarm is called
        self._ended = threading.Event()
        context = copy_context()  # the run that the caller belongs to
        self._thread = threading.Thread(
            target=context.run, args=(self._watch,), name="fan-out", daemon=True
        )
        self._started = False

    def arm(self) -> None:
        """From now on, so many seconds."""
        self._deadline = time.perf_counter() + self._seconds
        if not self._started:
            self._started = True
            self._thread.start()

    def disarm(self) -> None:
        """In time. No alarm is being called when this returns."""
        with self._lock:
            self._deadline = float("inf")

    def end(self) -> None:
        """No alarm comes after this returns."""
        self._ended.set()
        if self._started:
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(self._seconds):
            with self._lock:
                if time.perf_counter() >= self._deadline:
                    self._alarm()
