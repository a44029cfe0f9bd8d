"""A look at items that take longer than expected while they run in the caller."""

import _thread
import os
import threading
import time
from collections.abc import Callable
from contextvars import copy_context

NEVER = float("inf")


class Guard:
    """Calls `alarm` again and again, from a thread, while it stays armed past its deadline.

    Arming and disarming cost no system call, and no thread is started before a deadline has
    passed: on busy cores that takes longer than much of the work.
    """

    def __init__(self, alarm: Callable[[], None], seconds: float) -> None:
        self.deadline = NEVER
        self._alarm = alarm
        self._seconds = seconds
        self._lock = threading.Lock()  # held while the alarm is called
        self._context = copy_context()  # the run that the caller belongs to
        self._is_watched = False
        self._has_ended = False

    def arm(self) -> None:
        """From now on, so many seconds."""
        self.deadline = time.perf_counter() + self._seconds
        if not self._is_watched:
            self._is_watched = True
            _patrol.watch(self)

    def disarm(self) -> None:
        """In time. No alarm is being called when this returns."""
        with self._lock:
            self.deadline = NEVER

    def end(self) -> None:
        """No alarm comes after this returns."""
        self.disarm()
        self._has_ended = True
        _patrol.forget(self)

    def ring(self) -> None:
        """In a thread of its own from the first alarm on: one may take long."""
        _thread.start_new_thread(self._context.run, (self._ring,))

    def _ring(self) -> None:
        while not self._has_ended:
            with self._lock:
                if time.perf_counter() >= self.deadline:
                    self._alarm()
            time.sleep(self._seconds)


class _Patrol:
    """One thread of the process that looks after all guards, and sleeps when there are none."""

    LONGEST_SLEEP, SHORTEST_SLEEP = 0.015, 0.001
    LINGERING_ROUNDS = 64  # whose next guard need not wake it

    def __init__(self) -> None:
        self._guards: dict[Guard, None] = {}
        self._awake = threading.Event()
        self._starting = threading.Lock()
        self._has_started = False

    def watch(self, guard: Guard) -> None:
        self._guards[guard] = None
        if not self._awake.is_set():
            self._awake.set()
            self._start()

    def forget(self, guard: Guard) -> None:
        self._guards.pop(guard, None)

    def _start(self) -> None:
        with self._starting:
            if not self._has_started:
                self._has_started = True
                _thread.start_new_thread(self._walk, ())

    def _walk(self) -> None:
        lingering = 0
        while True:
            guards = list(self._guards)
            lingering = 0 if guards else lingering + 1
            if lingering > self.LINGERING_ROUNDS:
                self._awake.clear()
                if not self._guards:  # none came meanwhile
                    self._awake.wait()
                lingering = 0
                continue
            soonest = min((guard.deadline for guard in guards), default=NEVER)
            pause = min(soonest - time.perf_counter(), self.LONGEST_SLEEP)
            time.sleep(max(pause, self.SHORTEST_SLEEP))
            for guard in guards:
                if time.perf_counter() >= guard.deadline:
                    self.forget(guard)
                    guard.ring()


_patrol = _Patrol()


def _begin_anew() -> None:
    """No thread of the parent lives on in a child."""
    global _patrol
    _patrol = _Patrol()


os.register_at_fork(after_in_child=_begin_anew)
