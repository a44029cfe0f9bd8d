"""Packs in this process: calls that wait in the line of its one thread."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from django_ray_runtime.executors.packs import DEPTH, SLOW_SECONDS, Packs


class ThreadLane(Packs):
    """The only lane there is."""

    def __init__(self, submit: Callable[..., Future[Any]], wake: Callable[[], None]) -> None:
        """`submit(item, on_done=…)` puts a call into the line."""
        self._submit = submit
        self._wake = wake
        self._calls: dict[Future[Any], None] = {}  # that have not ended, in their order
        self._done: deque[Future[Any]] = deque()  # filled from the thread
        self._size = 1  # of the latest pack
        self._slow = False
        self._heard = 0.0

    def room(self, free: float) -> int | None:
        if self._slow:
            return None
        if not self._calls:
            return DEPTH if free >= 1 else 0
        return max(0, DEPTH - -(-len(self._calls) // self._size))

    def give(self, items: Sequence[Any]) -> list[Any]:
        if not self._calls:
            self._heard = time.monotonic()
        self._size = len(items)
        given = [self._submit(item, on_done=self._note) for item in items]
        self._calls |= dict.fromkeys(given)
        return given

    def collect(self) -> list[Any]:
        ended = []
        while self._done:
            ended.append(self._done.popleft())
            del self._calls[ended[-1]]
        if ended:
            self._heard = time.monotonic()
            self._slow = self._slow and bool(self._calls)
        return ended

    @property
    def busy(self) -> int:
        return bool(self._calls)

    @property
    def open(self) -> int:
        return not self._slow

    @property
    def moving(self) -> bool:
        return bool(self._calls) and not self._slow

    def withdraw(self) -> None:
        for call in list(self._calls):
            call.cancel()

    def relieve(self) -> None:
        if self._calls and not self._slow and time.monotonic() - self._heard > SLOW_SECONDS:
            self._slow = True
            self.withdraw()

    def _note(self, call: Future[Any]) -> None:
        self._done.append(call)
        self._wake()
