"""An order's games in their order, made chunk by chunk wherever the caller's ``imap`` runs them.

Where every candidate is a game, chunks are slices of the job. Where candidates are filtered or
selected, they are read until there are games enough, or no more candidates. What comes out depends
on the order alone: neither on chunks nor on where they are made.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.chunks import Chunk, job_space, run_chunk, space_of
from generation.constraints import GameConstraints
from generation.families import Family
from generation.lotteries import Lottery
from generation.overlap import plan_overlap
from generation.planning import default_chunk_size, plan_chunks
from generation.selecting import OverlapSelector
from generation.space import GameSpace, NotEnoughGames

type Games = NDArray[np.uint8]
type Imap = Callable[..., Iterator[Games]]
"""``imap(func, items, **kwargs)``: ``func(item, **kwargs)`` for each item, in order."""

MAX_CANDIDATES = 1_000_000_000
"""Candidates looked at for one job: minutes on one core. Who would need more is told before."""

SMALLEST_CHUNK = 4096

LARGEST = 4
"""Times the games of a default chunk that one may have: it is held in memory whole."""


def one_by_one(
    func: Callable[..., Games], items: Iterable[Chunk], **kwargs: Any
) -> Iterator[Games]:
    """The ``imap`` of one core."""
    return (func(item, **kwargs) for item in items)


class Making:
    """The games of a job: iterate once, then see whether they are ``complete``.

    Yields uint8 arrays of shape (any, numbers of a game), together at most ``quantity`` games.
    ``delivered`` counts them; where they are fewer, ``reason`` says why. The constraints must carry
    a seed. Raises ``ValueError`` at once for a quantity that cannot be, see ``demand``.
    """

    def __init__(
        self,
        lottery: Lottery,
        constraints: GameConstraints,
        quantity: int,
        *,
        chunk_size: int | None = None,
        imap: Imap = one_by_one,
    ) -> None:
        self._lottery, self._constraints = lottery, constraints
        self._quantity, self._chunk_size, self._imap = quantity, chunk_size, imap
        self._plan = plan_overlap(lottery, constraints, quantity)
        self._selector = OverlapSelector(lottery, constraints) if self._plan.selects else None
        self.delivered = 0
        self.reason = ""

    @property
    def complete(self) -> bool:
        """Whether all games wanted were delivered."""
        return self.delivered == self._quantity

    def __iter__(self) -> Iterator[Games]:
        looked_at = 0
        for family in self._plan.families:
            if looked_at >= MAX_CANDIDATES or (self._selector and self._selector.stopped):
                break
            try:
                space, _ = job_space(self._lottery, self._constraints, family)
            except NotEnoughGames:
                continue  # nothing in this family
            room = min(space.count, MAX_CANDIDATES - looked_at)
            with closing(self._read(space, family, room)) as parts:
                for games in parts:
                    self.delivered += len(games)
                    yield games
                    if self.complete:
                        return
                    if self._selector and self._selector.stopped:
                        break
            looked_at += room
        self.reason = self._why_not(looked_at)

    def _read(self, space: GameSpace, family: Family, room: int) -> Generator[Games]:
        """The games of a family that are wanted; closing it ends what is still being made."""
        chunks = self._imap(
            run_chunk,
            self._chunks(space, room),
            lottery=self._lottery,
            constraints=self._constraints,
            family=family,
        )
        try:
            for games in chunks:
                missing = self._quantity - self.delivered
                yield self._selector.select(games, missing) if self._selector else games[:missing]
        finally:
            if close := getattr(chunks, "close", None):
                close()

    def _chunks(self, space: GameSpace, room: int) -> Iterator[Chunk]:
        missing = self._quantity - self.delivered
        width = space.width
        wanted = self._chunk_size and min(self._chunk_size, LARGEST * default_chunk_size(width))
        if self._selector is None and space.exact:
            return plan_chunks(min(missing, room), wanted, numbers_per_game=width)
        # Candidates, of which there may be many times as many: no more of them than by default.
        size = min(default_chunk_size(width), wanted or MAX_CANDIDATES)
        if wanted is None:
            share = max(space.share(), 1e-3) if space.filters else 1.0
            size = min(size, max(SMALLEST_CHUNK, ceil(1.1 * missing / share)))
        return plan_chunks(room, size, numbers_per_game=width)

    def _why_not(self, looked_at: int) -> str:
        wanted = self._constraints.describe()
        told = f"{self.delivered:,} games of the {self._quantity:,} ordered"
        among = "the first" if looked_at >= MAX_CANDIDATES else "all"
        if self._selector:
            told = f"the greedy search kept {told}"
            told += (
                f": {self._selector.stopped}"
                if self._selector.stopped
                else f" among {among} {looked_at:,} candidates"
            )
        else:
            told = f"there are {told} among {among} {looked_at:,} candidates"
        return f"{told} ({wanted}); order fewer games or loosen one of these"


def demand(lottery: Lottery, constraints: GameConstraints, quantity: int) -> GameSpace:
    """The space of an order that can be delivered as far as is known before games are made.

    Raises ``ValueError`` with the figures: ``NotEnoughGames`` beyond the number of games there are,
    ``TooManyForOverlap`` beyond a bound on overlapping games, and where a filter lets so few pass
    that the candidates needed are too many.
    """
    space = space_of(lottery, constraints)
    space.require(quantity)
    if space.filters:
        _demand_passing(space, quantity)
    seeded = constraints.model_copy(update={"seed": constraints.seed or 0})
    plan_overlap(lottery, seeded, quantity)
    return space


def _demand_passing(space: GameSpace, quantity: int) -> None:
    sampled = min(space.count, len(space.sample()))
    passed = round(space.share() * sampled)
    if sampled == space.count and passed < quantity:
        raise NotEnoughGames(
            f"{quantity:,} games wanted, but only {passed:,} games of {space.lottery.name} satisfy"
            f" {space.constraints.describe()}; ask for at most that many or loosen one"
        )
    if passed == 0:
        raise NotEnoughGames(
            f"none of {sampled:,} games of {space.lottery.name} looked at satisfies"
            f" {space.constraints.describe()}; loosen one of these"
        )
    needed = quantity * sampled // passed
    if needed > MAX_CANDIDATES:
        raise NotEnoughGames(
            f"{passed:,} of {sampled:,} candidates satisfy {space.constraints.describe()},"
            f" so {quantity:,} games would take some {needed:.0e} candidates, more than"
            f" {MAX_CANDIDATES:,}; order fewer games or loosen one of these"
        )
