"""Many short calls given together, to a process that is kept for them: a pack costs about what one
call does."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

DEPTH = 2
"""Packs that a lane is given at once, so that it never waits for the next."""

SLOW_SECONDS = 0.25
"""How long a call may keep others waiting that were packed with it."""


class Packs(ABC):
    """The lanes of one executor; a lane runs one call at a time. Not for several threads.

    The calls are handles of the executor like any other, but that they are told of by `collect`.
    Where a lane ends, each of its calls ends as far as it came: with its outcome where it had one,
    else as CallLost where it ran, CallNotStarted where it had not begun, PerhapsLost where that
    cannot be known.
    """

    @abstractmethod
    def room(self, free: float) -> int | None:
        """For how many packs there is room, where `free` slots are; None where there is no lane
        to give them to (yet)."""

    @abstractmethod
    def give(self, items: Sequence[Any]) -> list[Any]:
        """Have each of them run; their handles. Only where `room` told of some just before."""

    @abstractmethod
    def collect(self) -> list[Any]:
        """The handles of calls that have ended since."""

    @property
    @abstractmethod
    def busy(self) -> int:
        """How many lanes run something: each takes a slot."""

    @property
    @abstractmethod
    def open(self) -> int:
        """How many lanes take packs, or will as soon as they have run theirs."""

    @property
    @abstractmethod
    def moving(self) -> bool:
        """Whether a lane runs packs and takes more of them: what waits for it waits shortly."""

    @abstractmethod
    def withdraw(self) -> None:
        """Take back what has not begun: it ends as CallNotStarted."""

    @abstractmethod
    def relieve(self) -> None:
        """The same where a call has been running for longer than SLOW_SECONDS; until it has
        ended, its lane gets no more."""
