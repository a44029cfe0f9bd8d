"""The second stage: conditions that do not fit the counting table, tested game by game.

The candidates are exact for everything that is counted; what passes here satisfies the rest. How
many pass is known only when all were looked at, so a sample tells the share beforehand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from generation.counters import Counter

BLOCK_CELLS = 2**20
"""Cells of temporaries while games are compared with past draws: some 4 MB of memory."""

MAX_SUBSETS, MAX_MARKS = 500, 2**24
"""Subsets of a game, and of all numbers, up to which subsets are looked up: 16 MB of marks."""


@dataclass(frozen=True, slots=True)
class CountFilter:
    """A counter's condition on finished games.

    ``weights`` by number, those of no candidate weighing nothing: int32, shape (256,).
    """

    counter: Counter
    weights: NDArray[np.int32]

    @classmethod
    def of(cls, counter: Counter, numbers: Sequence[int]) -> "CountFilter":
        """The filter for candidates that are these numbers."""
        weights = np.zeros(256, dtype=np.int32)
        weights[list(numbers)] = counter.weights
        return cls(counter, weights)

    @property
    def name(self) -> str:
        return self.counter.name

    def passing(self, games: NDArray[np.uint8]) -> NDArray[np.bool_]:
        totals = self.weights[games[:, 0]]
        for place in range(1, games.shape[1]):
            totals = totals + self.weights[games[:, place]]
        return self.counter.accepts(totals)


@dataclass(frozen=True, slots=True)
class PastFilter:
    """Fewer than ``least`` of the ``picks`` main numbers (1..``pool``) shared with each draw.

    A game shares that many with a draw if and only if they have a subset of ``least`` numbers in
    common: those of the draws are marked, and a game's looked up, however many draws there are.
    Where there are too many subsets, a matrix product counts what each game shares with each draw.
    """

    least: int
    draws: tuple[tuple[int, ...], ...]
    pool: int
    picks: int
    _near: Callable[[NDArray[np.uint8]], NDArray[np.bool_]] = field(
        init=False, repr=False, compare=False
    )
    _block: int = field(init=False, repr=False, compare=False)
    name = "exclude_past"

    def __post_init__(self) -> None:
        of_game = max(comb(self.picks, self.least), *(comb(len(d), self.least) for d in self.draws))
        looked_up = of_game <= MAX_SUBSETS and comb(self.pool, self.least) <= MAX_MARKS
        near = _by_subsets(self) if looked_up else _by_product(self)
        object.__setattr__(self, "_near", near)
        wide = of_game if looked_up else len(self.draws) + 256
        object.__setattr__(self, "_block", max(1, BLOCK_CELLS // (2 * wide)))

    def passing(self, games: NDArray[np.uint8]) -> NDArray[np.bool_]:
        found = np.empty(len(games), dtype=np.bool_)
        for start in range(0, len(games), self._block):
            block = games[start : start + self._block, : self.picks]
            found[start : start + self._block] = ~self._near(block)
        return found


def _by_subsets(one: PastFilter) -> Callable[[NDArray[np.uint8]], NDArray[np.bool_]]:
    weights = np.zeros((one.least, one.pool + 1), dtype=np.int32)
    for place in range(one.least):
        weights[place, 1:] = [comb(number, place + 1) for number in range(one.pool)]

    def ranks(games: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Of each subset in the combinatorial number system: shape (subsets, games)."""
        chosen = list(combinations(range(games.shape[1]), one.least))
        members = np.array(chosen, dtype=np.intp).reshape(-1, one.least)
        found = np.zeros((len(members), len(games)), dtype=np.int32)
        for place, weight in enumerate(weights):
            found += weight[games.T[members[:, place]]]
        return found

    marks = np.zeros(comb(one.pool, one.least), dtype=np.bool_)
    marks[ranks(np.array(one.draws, dtype=np.uint8))] = True
    return lambda games: marks[ranks(games)].any(axis=0)


def _by_product(one: PastFilter) -> Callable[[NDArray[np.uint8]], NDArray[np.bool_]]:
    drawn = np.zeros((256, len(one.draws)), dtype=np.float32)
    for column, draw in enumerate(one.draws):
        drawn[list(draw), column] = 1

    def near(games: NDArray[np.uint8]) -> NDArray[np.bool_]:
        has = np.zeros((len(games), 256), dtype=np.float32)
        np.put_along_axis(has, games.astype(np.intp), 1, axis=1)
        found: NDArray[np.bool_] = (has @ drawn).max(axis=1) >= one.least
        return found

    return near


type Filter = CountFilter | PastFilter


def passing(filters: Sequence[Filter], games: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which games (uint8, one a row, as numbers of the plan) pass all filters."""
    found = np.ones(len(games), dtype=np.bool_)
    for one in filters:
        left = np.flatnonzero(found)
        found[left] = one.passing(games[left])
    return found
