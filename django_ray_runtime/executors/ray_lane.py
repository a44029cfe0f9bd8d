"""One lane on Ray, as seen by who gives it packs: an actor that is kept."""

import logging
import time
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
from django_ray_runtime.executors.packs import DEPTH

logger = logging.getLogger(__name__)

END_SECONDS = 5.0
"""What a process that was killed may take to end."""

type _Then = Callable[[Any], None]


class State(Enum):
    STARTING = auto()
    OPEN = auto()
    ENDING = auto()  # it gets no more
    GONE = auto()


class PackedCall:
    """One call of a pack, a handle like that of any other call. Compared by identity."""

    __slots__ = ("error", "lane", "number", "value")

    def __init__(self, lane: "Lane", number: int) -> None:
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


class Lane:
    """One actor, as seen by who gives it packs."""

    def __init__(
        self,
        func: Callable[[Any], Any],
        tell: Callable[[Callable[[], None]], None],
        note: Callable[[Iterable[PackedCall]], None],
        opened: Callable[[], None],
    ) -> None:
        self.state = State.STARTING
        self.calls: dict[int, PackedCall] = {}  # that have not ended
        self.packs = 0
        self.slow = False
        self.heard = time.monotonic()  # of a call that ended, or since when it runs
        self._tell, self._note, self._has_opened = tell, note, opened
        self._next = 0
        self._node, self._folder = "", ""
        self._process = lane_process().remote(SetUpFirst() if apps.ready else None, func)
        self._ask(self._opened, "where")

    @property
    def takes(self) -> bool:
        """Whether it takes another pack now."""
        return self.state is State.OPEN and not self.slow and self.packs < DEPTH

    def give(self, items: Sequence[Any]) -> Iterable[PackedCall]:
        first, self._next = self._next, self._next + len(items)
        given = {number: PackedCall(self, number) for number in range(first, self._next)}
        self.calls |= given
        if not self.packs:
            self.heard = time.monotonic()
        self.packs += 1
        self._ask(self._ran, "run", first, items)
        return given.values()

    def withdraw(self, interrupt: int | None = None) -> None:
        """Take back what has not begun, and interrupt a call."""
        self._ask(self._withdrawn, "withdraw", list(self.calls), interrupt)

    def interrupt(self, call: PackedCall) -> None:
        """Interrupt a call. The actor ends with that: who knows what was left half done in it."""
        if self.state is State.OPEN:
            self.state = State.ENDING
        self.withdraw(call.number)

    def end(self) -> Any:
        """It is needed no longer. Returns what to wait for before it is killed."""
        self.state = State.ENDING
        with suppress(Exception):
            return self._process.end.remote()
        return None

    def kill(self) -> None:
        """End the actor by force."""
        with suppress(Exception):
            ray.kill(self._process)

    def _ask(self, then: _Then, method: str, *given: Any) -> None:
        """Call a method of the actor. Where Ray itself is gone, that is told like its loss."""
        try:
            ref = getattr(self._process, method).remote(*given)
        except Exception as error:
            self._tell(partial(self._lost, error))
        else:
            self._after(ref, then)

    def _after(self, ref: Any, then: _Then) -> None:
        ref.future().add_done_callback(partial(self._heard_from, then))

    def _heard_from(self, then: _Then, future: Any) -> None:
        """In a thread of Ray."""
        error = future.exception()
        self._tell(partial(self._lost, error) if error else partial(then, future.result()))

    def _opened(self, place: tuple[str, str]) -> None:
        self._node, self._folder = place
        self.state = State.OPEN
        self._has_opened()
        self._take()

    def _take(self) -> None:
        self._ask(self._taken, "take")

    def _taken(self, answers: Sequence[Answer]) -> None:
        self._settle(answers)
        if self.state is not State.GONE:
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
        if self.state is State.ENDING and not self.calls:
            ref = self.end()
            self.state = State.GONE
            if ref is not None:
                self._after(ref, lambda _: self.kill())

    def _lost(self, error: Exception) -> None:
        """The actor has ended, or cannot go on."""
        if self.state is State.GONE:
            return
        how = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        if self.state is State.STARTING:
            logger.warning("No process for packs of tasks could be started: %s", how)
        elif self.state is State.OPEN:
            logger.warning("A process for packs of tasks has ended: %s", how)
        self.state = State.GONE
        self.packs = 0
        self.kill()
        if self._folder:
            self._read_journal(how)

    def _read_journal(self, how: str) -> None:
        pinned = NodeAffinitySchedulingStrategy(self._node, soft=False)
        reader = journal_reader().options(scheduling_strategy=pinned)
        try:
            ref = reader.remote(self._folder, END_SECONDS)
        except Exception:  # Ray itself is gone
            self._unknown(how)
            return
        read = partial(self._read, how)
        ref.future().add_done_callback(lambda future: self._tell(partial(read, future)))

    def _unknown(self, how: str) -> None:
        """Nobody knows what became of its calls."""
        self._end_calls({number: (None, PerhapsLost(how)) for number in self.calls})

    def _read(self, how: str, future: Any) -> None:
        """What its journal tells; nothing where its node is gone too."""
        if future.exception():
            self._unknown(how)
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
