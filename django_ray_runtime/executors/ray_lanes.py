"""Packs on Ray: actors that are kept, each of which runs a pack after the other.

What Ray's threads tell is kept until `collect`, and looked at by the caller's thread alone: calls
of Ray from within its own callbacks would wait for themselves on `ray://`.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from typing import Any

import ray
from django.apps import apps
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from django_ray_runtime.bootstrap import SetUpFirst
from django_ray_runtime.exceptions import CallCancelled, CallLost, CallNotStarted, PerhapsLost
from django_ray_runtime.executors.lane_process import (
    INTERRUPTED,
    Answer,
    journal_reader,
    lane_process,
)
from django_ray_runtime.executors.packs import DEPTH, SLOW_SECONDS, Packs

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 10.0
"""Before another lane is tried where one could not be started."""
END_SECONDS = 5.0
"""What a process that was killed may take to end."""

type _Then = Callable[[Any], None]


class _State(Enum):
    STARTING = auto()
    OPEN = auto()
    ENDING = auto()  # it gets no more
    GONE = auto()


class PackedCall:
    """One call of a pack, a handle like that of any other call. Compared by identity."""

    __slots__ = ("error", "lane", "number", "value")

    def __init__(self, lane: "_Lane", number: int) -> None:
        self.lane = lane
        self.number = number
        self.value: Any = None
        self.error: Exception | None = None

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value

    def recall(self) -> None:
        self.lane.interrupt(self)

    def interrupt(self) -> None:
        self.lane.interrupt(self)

    def cancel(self) -> None:
        self.lane.kill()


class RayLanes(Packs):
    """As many actors as calls can run at once; each is started when the others are full."""

    def __init__(
        self, func: Callable[[Any], Any], wake: Callable[[], None], most: Callable[[], int]
    ) -> None:
        self._func = func
        self._wake = wake
        self._most = most
        self._lanes: list[_Lane] = []
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
        self._lanes = [lane for lane in self._lanes if lane.state is not _State.GONE or lane.calls]
        done, self._done = self._done, []
        return done

    @property
    def busy(self) -> int:
        return sum(lane.packs > 0 for lane in self._lanes)

    @property
    def open(self) -> int:
        return sum(lane.state is _State.OPEN and not lane.slow for lane in self._lanes)

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
        ends = [lane.end() for lane in self._lanes if lane.state is not _State.GONE]
        if ends:
            with suppress(Exception):
                ray.wait(ends, num_returns=len(ends), timeout=1)
        for lane in self._lanes:
            lane.kill()
        self._lanes.clear()

    def _start(self) -> None:
        starting = any(lane.state is _State.STARTING for lane in self._lanes)
        if starting or len(self._lanes) >= self._most() or time.monotonic() < self._start_at:
            return
        self._start_at = time.monotonic() + AGAIN_SECONDS  # unless it opens
        self._lanes.append(_Lane(self._func, self._tell, self._note))

    def _tell(self, what: Callable[[], None]) -> None:
        self._told.append(what)
        self._wake()

    def _note(self, calls: Iterable[PackedCall]) -> None:
        """These have ended, or a lane has opened."""
        self._done.extend(calls)
        self._start_at = 0.0


class _Lane:
    """One actor, as seen by who gives it packs."""

    def __init__(
        self,
        func: Callable[[Any], Any],
        tell: Callable[[Callable[[], None]], None],
        note: Callable[[Iterable[PackedCall]], None],
    ) -> None:
        self.state = _State.STARTING
        self.calls: dict[int, PackedCall] = {}  # that have not ended
        self.packs = 0
        self.slow = False
        self.heard = time.monotonic()  # of a call that ended, or since when it runs
        self._tell, self._note = tell, note
        self._next = 0
        self._node, self._folder = "", ""
        self._process = lane_process().remote(SetUpFirst() if apps.ready else None, func)
        self._after(self._process.where.remote(), self._opened)

    @property
    def takes(self) -> bool:
        """Whether it takes another pack now."""
        return self.state is _State.OPEN and not self.slow and self.packs < DEPTH

    def give(self, items: Sequence[Any]) -> Iterable[PackedCall]:
        first, self._next = self._next, self._next + len(items)
        given = {number: PackedCall(self, number) for number in range(first, self._next)}
        self.calls |= given
        if not self.packs:
            self.heard = time.monotonic()
        self.packs += 1
        self._after(self._process.run.remote(first, items), self._ran)
        return given.values()

    def withdraw(self, interrupt: int | None = None) -> None:
        """Take back what has not begun, and interrupt a call."""
        self._after(self._process.withdraw.remote(list(self.calls), interrupt), self._withdrawn)

    def interrupt(self, call: PackedCall) -> None:
        """Interrupt a call. The actor ends with that: who knows what was left half done in it."""
        if self.state is _State.OPEN:
            self.state = _State.ENDING
        self.withdraw(call.number)

    def end(self) -> Any:
        """It is needed no longer. Returns what to wait for before it is killed."""
        self.state = _State.ENDING
        return self._process.end.remote()

    def kill(self) -> None:
        """End the actor by force."""
        with suppress(Exception):
            ray.kill(self._process)

    def _after(self, ref: Any, then: _Then) -> None:
        ref.future().add_done_callback(partial(self._heard_from, then))

    def _heard_from(self, then: _Then, future: Any) -> None:
        """In a thread of Ray."""
        error = future.exception()
        self._tell(partial(self._lost, error) if error else partial(then, future.result()))

    def _opened(self, place: tuple[str, str]) -> None:
        self._node, self._folder = place
        self.state = _State.OPEN
        self._note(())
        self._take()

    def _take(self) -> None:
        self._after(self._process.take.remote(), self._taken)

    def _taken(self, answers: Sequence[Answer]) -> None:
        self._settle(answers)
        if self.state is not _State.GONE:
            self._take()

    def _ran(self, answers: Sequence[Answer]) -> None:
        self.packs -= 1
        self.slow = False
        self._settle(answers)

    def _withdrawn(self, numbers: Sequence[int]) -> None:
        self._end_calls({number: _not_started() for number in numbers})

    def _settle(self, answers: Iterable[Answer]) -> None:
        self._end_calls({number: tuple(outcome) for number, outcome in answers})

    def _end_calls(self, outcomes: dict[int, Any]) -> None:
        """An outcome is a value, or None and why there is none."""
        ended = []
        for number, (value, *why) in outcomes.items():
            if (call := self.calls.pop(number, None)) is not None:
                call.value, call.error = value, _error(why[0]) if why else None
                ended.append(call)
        self.heard = time.monotonic()
        self._note(ended)
        if self.state is _State.ENDING and not self.calls:
            ref = self.end()
            self.state = _State.GONE
            self._after(ref, lambda _: self.kill())

    def _lost(self, error: Exception) -> None:
        """The actor has ended, or cannot go on."""
        if self.state is _State.GONE:
            return
        if self.state is _State.STARTING:
            logger.warning("No process for packs of tasks could be started: %s", error)
        self.state = _State.GONE
        self.packs = 0
        self.kill()
        if not self._folder:
            return
        pinned = NodeAffinitySchedulingStrategy(self._node, soft=False)
        ref = journal_reader().options(scheduling_strategy=pinned).remote(self._folder, END_SECONDS)
        done = partial(self._read, error)
        ref.future().add_done_callback(lambda future: self._tell(partial(done, future)))

    def _read(self, error: Exception, future: Any) -> None:
        """What its journal tells; nothing where its node is gone too."""
        how = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        if future.exception():
            self._end_calls({number: (None, PerhapsLost(how)) for number in self.calls})
            return
        began, ended = future.result()
        outcomes: dict[int, Any] = {number: _not_started() for number in self.calls}
        outcomes |= {number: (None, CallLost(how)) for number in began}
        outcomes |= {number: tuple(outcome) for number, outcome in ended.items()}
        self._end_calls(outcomes)


def _not_started() -> tuple[None, Exception]:
    return None, CallNotStarted("The call was taken back before it began.")


def _error(why: Any) -> Exception:
    if isinstance(why, Exception):
        return why
    return CallCancelled("The call was interrupted.") if why == INTERRUPTED else CallLost(why)
