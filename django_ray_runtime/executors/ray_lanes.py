"""Packs on Ray: actors that are kept, each of which runs a pack after the other.

What Ray's threads tell is kept until `collect`, and looked at by the caller's thread alone: calls
of Ray from within its own callbacks would wait for themselves on `ray://`.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import ray

from django_ray_runtime.executors.packs import DEPTH, SLOW_SECONDS, Packs
from django_ray_runtime.executors.ray_lane import Lane, PackedCall, State

AGAIN_SECONDS = 10.0
"""Before another lane is tried where one could not be started."""


class RayLanes(Packs):
    """As many actors as calls can run at once; each is started when the others are full."""

    def __init__(
        self, func: Callable[[Any], Any], wake: Callable[[], None], most: Callable[[], int]
    ) -> None:
        self._func = func
        self._wake = wake
        self._most = most
        self._lanes: list[Lane] = []
        self._told: deque[Callable[[], None]] = deque()  # by Ray's threads
        self._done: list[PackedCall] = []
        self._may_begin = 0  # idle lanes for which there are slots
        self._start_at = 0.0

    def room(self, free: float) -> int | None:
        taking = [lane for lane in self._lanes if lane.takes]
        idle = sum(not lane.packs for lane in taking)
        self._may_begin = min(idle, max(0, int(free)))
        room = sum(DEPTH - lane.packs for lane in taking if lane.packs)
        room += DEPTH * self._may_begin
        if not room and not idle and free >= 1:
            self._start()
        return room if self.open else None

    def give(self, items: Sequence[Any]) -> list[Any]:
        taking = [lane for lane in self._lanes if lane.takes]
        if self._may_begin:
            self._may_begin -= 1
        else:
            taking = [lane for lane in taking if lane.packs]
        return list(min(taking, key=lambda lane: lane.packs).give(items))

    def collect(self) -> list[Any]:
        while self._told:
            self._told.popleft()()
        self._lanes = [lane for lane in self._lanes if lane.state is not State.GONE or lane.calls]
        done, self._done = self._done, []
        return done

    @property
    def busy(self) -> int:
        return sum(lane.packs > 0 for lane in self._lanes)

    @property
    def open(self) -> int:
        return sum(lane.state is State.OPEN and not lane.slow for lane in self._lanes)

    @property
    def moving(self) -> bool:
        return any(
            lane.packs and lane.state is State.OPEN and not lane.slow for lane in self._lanes
        )

    def withdraw(self) -> None:
        for lane in self._lanes:
            if lane.packs:
                lane.withdraw()

    def relieve(self) -> None:
        before = time.monotonic() - SLOW_SECONDS
        for lane in self._lanes:
            if lane.packs and not lane.slow and lane.heard < before:
                lane.slow = True
                lane.withdraw()

    def close(self) -> None:
        """End the actors."""
        ends = [lane.end() for lane in self._lanes if lane.state is not State.GONE]
        if ends := [end for end in ends if end is not None]:
            with suppress(Exception):
                ray.wait(ends, num_returns=len(ends), timeout=1)
        for lane in self._lanes:
            lane.kill()
        self._lanes.clear()

    def _start(self) -> None:
        starting = any(lane.state is State.STARTING for lane in self._lanes)
        if starting or len(self._lanes) >= self._most() or time.monotonic() < self._start_at:
            return
        self._start_at = time.monotonic() + AGAIN_SECONDS  # unless it opens
        self._lanes.append(Lane(self._func, self._tell, self._note, self._opened))

    def _tell(self, what: Callable[[], None]) -> None:
        self._told.append(what)
        self._wake()

    def _note(self, calls: Iterable[PackedCall]) -> None:
        self._done.extend(calls)

    def _opened(self) -> None:
        """A lane has opened: the next may be started at once."""
        self._start_at = 0.0
