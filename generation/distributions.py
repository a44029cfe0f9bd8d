"""Exact theoretical distributions over all games that satisfy the constraints, by counting.

A walk over the numbers carries, for each state (numbers picked, length of the run so far, totals of
the counters), in how many ways it is reached: dynamic programming over what ``counters`` says. One
more counter, unbounded, tells how the games spread over its totals. Walked backwards as well, the
ways to reach a state times those to complete it give the games that hold a number.

Only what a game by itself shows is counted: ``exclude_past`` and the overlap of a job's games are
not in here (``left_out``), nor is the seed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import comb, isqrt, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.constraints import GameConstraints
from generation.counters import Counter, counters_for, extremes
from generation.families import WHOLE, Family
from generation.lotteries import Lottery

MAX_BYTES = 256 * 2**20
"""Memory that the states of a walk may take: that of the largest counting table."""

MAX_WORK = 300_000_000
"""States passed over in all walks for one answer; a nanosecond each on one core."""

LEFT_OUT = ("exclude_past", "min_repetition", "max_repetition")

type Weight = Callable[[int], int]
type Levels = list[NDArray[Any]]  # for each count of numbers picked: run length, then totals


class TheoryTooLarge(ValueError):
    """Counting under these constraints needs more memory or time than is allowed."""


def face_sum(lottery: Lottery) -> Weight:
    """Weight of a number of the pool whose total is the sum of a game's numbers."""
    return lottery.face


def odd(lottery: Lottery) -> Weight:
    """Weight whose total is how many numbers of a game are odd."""
    return lambda number: lottery.face(number) % 2


def shared_with(numbers: Sequence[int]) -> Weight:
    """Weight whose total is how many numbers a game shares with these of the pool."""
    return frozenset(numbers).__contains__


def left_out(constraints: GameConstraints) -> tuple[str, ...]:
    """The wishes that the theory does not know: it is that of the games without them."""
    return tuple(name for name in LEFT_OUT if getattr(constraints, name) is not None)


def distribution(
    lottery: Lottery, constraints: GameConstraints, weight: Weight, family: Family = WHOLE
) -> Mapping[int, int]:
    """How many valid games, of a family, have each total of ``weight``.

    Totals ascend; those of no game are left out.
    ``weight`` gives whole numbers >= 0 for 1..``pool``; of digits these number all columns' digits.
    Games that differ in the second group alone count each. Raises ``ConstraintError`` where lottery
    and constraints contradict, ``TheoryTooLarge``.
    """
    walk = _Walk(lottery, constraints, weight, family)
    walk.refuse_if_too_large(copies=2, passes=1)
    if walk.empty:
        return {}
    levels = walk.first()
    for number in walk.numbers:
        walk.forward(levels, number)
    ends = levels[walk.picks] * walk.accepted()
    others = tuple(axis for axis in range(ends.ndim) if axis != walk.axis + 1)
    lowest = walk.lows[walk.picks][walk.axis] + sum(map(weight, walk.fixed))
    counts = enumerate(ends.sum(axis=others).tolist(), start=lowest)
    return {total: count * walk.choices for total, count in counts if count}


def frequencies(lottery: Lottery, constraints: GameConstraints) -> Mapping[int, int]:
    """How many valid games hold each number of the pool. Raises as ``distribution`` does."""
    walk = _Walk(lottery, constraints)
    stride = isqrt(len(walk.numbers)) + 1
    walk.refuse_if_too_large(copies=2 * stride + 2, passes=4)
    found = dict.fromkeys(range(1, lottery.pool + 1), 0)
    if walk.empty:
        return found
    # Kept are the states before every ``stride``-th number; those between are walked once more.
    levels, kept = walk.first(), []
    for place, number in enumerate(walk.numbers):
        if place % stride == 0:
            kept.append([level.copy() for level in levels])
        walk.forward(levels, number)
    total = int(levels[walk.picks].sum())
    found |= dict.fromkeys(walk.fixed, total * walk.choices)
    after = walk.last()
    for start, levels in reversed([*zip(range(0, len(walk.numbers), stride), kept, strict=True)]):
        segment = []
        for number in walk.numbers[start : start + stride]:
            segment.append((number, [level.copy() for level in levels]))
            walk.forward(levels, number)
        for number, before in reversed(segment):
            if number in walk.free:
                pairs = walk.taking(before, after, number)
                found[number] = walk.choices * sum(int((a * b).sum()) for a, b in pairs)
            walk.backward(after, number)
    return found


class _Walk:
    """The steps over the numbers, each taken or skipped, and the states between them.

    Counts wrap around at 64 bits where that cannot matter: sums and products that are exact
    modulo 2**64 are exact where the games are fewer; where they are not, Python's integers count.
    """

    def __init__(
        self,
        lottery: Lottery,
        constraints: GameConstraints,
        weight: Weight | None = None,
        family: Family = WHOLE,
    ) -> None:
        constraints.check_for(lottery)
        second = lottery.second.pool if lottery.second else 0
        self.choices = comb(second, constraints.second_picks(lottery))
        self.fixed = frozenset(constraints.fixed_numbers)
        free = [n for n in constraints.usable_numbers(lottery) if n not in self.fixed]
        self.picks = constraints.numbers_per_game - len(self.fixed)
        self.free = {number: place for place, number in enumerate(free)}
        limit = constraints.max_run
        self._runs = limit if limit and limit < constraints.numbers_per_game else 0
        self.numbers = range(1, lottery.pool + 1) if self._runs else free
        alone = replace(lottery, second=None)
        counters = counters_for(alone, constraints, free, self.picks, family)
        self._counters, self.axis = _with_weight(counters, free, self.picks, weight)
        windows = [counter.windows(self.picks) for counter in self._counters]
        self.empty = any(low > high for window in windows for low, high in window)
        self.lows = [[low for low, _ in at] for at in zip(*windows, strict=True)]
        self._shapes = [
            (self._runs + 1, *(max(0, high - low + 1) for low, high in at))
            for at in zip(*windows, strict=True)
        ]
        self._exact64 = comb(len(free), self.picks) < 2**63

    def refuse_if_too_large(self, copies: int, passes: int) -> None:
        """Raise ``TheoryTooLarge`` if so many copies of the states, or passes, are too much."""
        states = sum(map(prod, self._shapes))
        needed = states * copies * (8 if self._exact64 else 48)
        work = states * len(self.numbers) * passes * (1 if self._exact64 else 10)
        if needed > MAX_BYTES or work > MAX_WORK:
            names = " and ".join(counter.name for counter in self._counters)
            raise TheoryTooLarge(
                f"the distribution of games by {names} needs {needed / 2**20:,.0f} MiB and"
                f" {work / 1e6:,.0f} million steps, more than the {MAX_BYTES // 2**20} MiB and"
                f" {MAX_WORK // 10**6} million allowed; narrow the bounds or drop one of them"
            )

    def first(self) -> Levels:
        """Before any number: one way to have picked none."""
        levels = self._zeros()
        levels[0][0, ...] = 1
        return levels

    def last(self) -> Levels:
        """After all numbers: one way to complete a game that is whole and within its bounds."""
        levels = self._zeros()
        levels[self.picks][...] = self.accepted()
        return levels

    def accepted(self) -> NDArray[np.bool_]:
        """Which totals of the counters a whole game may have: of the shape of the last states."""
        _, *sizes = self._shapes[self.picks]
        lows = self.lows[self.picks]
        accepted = [
            counter.accepts(np.arange(low, low + size))
            for counter, low, size in zip(self._counters, lows, sizes, strict=True)
        ]
        found = np.zeros(sizes, dtype=np.bool_)
        found[np.ix_(*accepted)] = True
        return found

    def forward(self, levels: Levels, number: int) -> None:
        """From the ways to reach each state before a number to those after it, in place."""
        place = self._done(number)
        for picked in reversed(self._reachable(place + (number in self.free))):
            level = levels[picked]
            if self._runs and number in self.fixed:
                level[1:] = level[:-1].copy()
                level[0] = 0
            elif self._runs:
                level[0] = level.sum(axis=0)
                level[1:] = 0
            if picked and number in self.free:
                below, level = self._views(levels, levels, picked, place)
                level += below

    def backward(self, levels: Levels, number: int) -> None:
        """From the ways to complete each state after a number to those before it, in place."""
        place = self._done(number)
        for picked in self._reachable(place):
            level = levels[picked]
            if self._runs and number in self.fixed:
                level[:-1] = level[1:].copy()
                level[-1] = 0
            elif self._runs:
                level[1:] = level[0]
            if picked < self.picks and number in self.free:
                level, above = self._views(levels, levels, picked + 1, place)
                level += above

    def taking(
        self, before: Levels, after: Levels, number: int
    ) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Views of the states before a number and of those that taking it leads to."""
        place = self.free[number]
        for picked in self._reachable(place + 1):
            if picked:
                yield self._views(before, after, picked, place)

    def _views(
        self, before: Levels, after: Levels, picked: int, place: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        source, target = before[picked - 1], after[picked]
        if self._runs:
            source, target = source[:-1], target[1:]
        out_of, into = [slice(None)], [slice(None)]
        for axis, counter in enumerate(self._counters):
            shift = self.lows[picked - 1][axis] + counter.weights[place] - self.lows[picked][axis]
            start = max(0, -shift)
            stop = max(start, min(source.shape[axis + 1], target.shape[axis + 1] - shift))
            out_of.append(slice(start, stop))
            into.append(slice(start + shift, stop + shift))
        return source[tuple(out_of)], target[tuple(into)]

    def _done(self, number: int) -> int:
        """How many free numbers are below; only steps over all numbers have to ask."""
        place = self.free.get(number)
        return sum(free < number for free in self.free) if place is None else place

    def _reachable(self, done: int) -> range:
        """How many may be picked of the first ``done`` free numbers, so that a game can be full."""
        left = len(self.free) - done
        return range(max(0, self.picks - left), min(self.picks, done) + 1)

    def _zeros(self) -> Levels:
        kind: type[Any] = np.int64 if self._exact64 else object
        return [np.zeros(shape, dtype=kind) for shape in self._shapes]


def _with_weight(
    counters: list[Counter], free: Sequence[int], picks: int, weight: Weight | None
) -> tuple[list[Counter], int]:
    """The counters, widest last, and the place of the one of ``weight``, which may be there."""
    weights = tuple(int(weight(number)) for number in free) if weight else ()
    if not any(counter.weights == weights for counter in counters):
        weights = weights or (0,) * len(free)
        counters = [*counters, Counter("what is asked", weights, *extremes(weights, picks))]
    counters = sorted(counters, key=lambda counter: counter.high - counter.low)
    return counters, next(i for i, one in enumerate(counters) if one.weights == weights)
