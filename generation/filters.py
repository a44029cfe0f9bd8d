"""The second stage: conditions that do not fit the counting table, tested game by game.

The candidates are exact for everything that is counted; what passes here satisfies the rest. How
many pass is known only when all were looked at, so a sample tells the share beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from generation.counters import Counter

BLOCK = 2**11
"""Games compared with all past draws at a time, so that memory stays small."""


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
    """Fewer than ``least`` numbers shared with each of the draws."""

    least: int
    draws: tuple[tuple[int, ...], ...]
    _drawn: NDArray[np.float32] = field(init=False, repr=False, compare=False)
    name = "exclude_past"

    def __post_init__(self) -> None:
        drawn = np.zeros((1 + max(map(max, self.draws)), len(self.draws)), dtype=np.float32)
        for column, draw in enumerate(self.draws):
            drawn[list(draw), column] = 1
        object.__setattr__(self, "_drawn", drawn)

    def passing(self, games: NDArray[np.uint8]) -> NDArray[np.bool_]:
        found = np.empty(len(games), dtype=np.bool_)
        for start in range(0, len(games), BLOCK):
            block = games[start : start + BLOCK]
            has = np.zeros((len(block), 256), dtype=np.float32)
            np.put_along_axis(has, block.astype(np.intp), 1, axis=1)
            # One matrix product counts what each game shares with each draw, exactly.
            shared = has[:, : len(self._drawn)] @ self._drawn
            found[start : start + BLOCK] = shared.max(axis=1) < self.least
        return found


type Filter = CountFilter | PastFilter


def passing(filters: Sequence[Filter], games: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which games (uint8, one a row, as numbers of the plan) pass all filters."""
    found = np.ones(len(games), dtype=np.bool_)
    for one in filters:
        left = np.flatnonzero(found)
        found[left] = one.passing(games[left])
    return found
