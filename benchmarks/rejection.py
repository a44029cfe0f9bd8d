"""Rejection sampling in numpy, the usual way to draw games: the baseline of ``bench_generation``.

Draw games at random, keep those that satisfy the constraints, drop repeats, draw more until there
are enough. Unlike ours it must hold every game at once and cannot make a slice of a job alone. It
is written twice: plainly, as most would, and with every trick known to us.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

POOL, PICKS = 60, 6
BITS = np.uint64(6)  # a number of 1..60
MASK = np.uint64(63)
BLOCK = 65_536

# The comparisons of the shortest sorting network for six values (Knuth, TAOCP 3, 5.3.4).
NETWORK = [
    (0, 5),
    (1, 3),
    (2, 4),
    (1, 2),
    (3, 4),
    (0, 3),
    (2, 5),
    (0, 1),
    (2, 3),
    (4, 5),
    (1, 2),
    (3, 4),
]

type Columns = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Wishes:
    """The bounds of the demonstration; ``share`` of all draws of six numbers meet them."""

    odd: tuple[int, int] | None
    total: tuple[int, int] | None
    share: float

    def met(self, columns: Columns) -> NDArray[np.bool_]:
        """Which games, given column by column, satisfy them."""
        met = np.ones(columns.shape[1], dtype=np.bool_)
        for bounds, values in ((self.odd, columns & 1), (self.total, columns)):
            if bounds:
                counted = values.sum(axis=0, dtype=np.uint16)
                met &= (counted >= bounds[0]) & (counted <= bounds[1])
        return met


type Draw = Callable[[int, Wishes, np.random.Generator], NDArray[np.uint64]]


def plain(quantity: int, wishes: Wishes, rng: np.random.Generator) -> NDArray[np.uint64]:
    """Keys of some ``quantity`` games, drawn and filtered as whole arrays of rows."""
    games = rng.integers(1, POOL + 1, (quantity, PICKS), dtype=np.uint8)
    games.sort(axis=1)
    kept = (games[:, 1:] != games[:, :-1]).all(axis=1) & wishes.met(games.T)
    places = BITS * np.arange(PICKS - 1, -1, -1, dtype=np.uint64)
    keys: NDArray[np.uint64] = (games[kept].astype(np.uint64) << places).sum(
        axis=1, dtype=np.uint64
    )
    return keys


def tuned(quantity: int, wishes: Wishes, rng: np.random.Generator) -> NDArray[np.uint64]:
    """The same by columns that stay in the cache, sorted by a network without branches."""
    keys = []
    for start in range(0, quantity, BLOCK):
        shape = (PICKS, min(BLOCK, quantity - start))
        columns = rng.integers(1, POOL + 1, shape, dtype=np.uint8)
        for one, other in NETWORK:
            low = np.minimum(columns[one], columns[other])
            np.maximum(columns[one], columns[other], out=columns[other])
            columns[one] = low
        kept = (columns[1:] != columns[:-1]).all(axis=0) & wishes.met(columns)
        key = np.zeros(shape[1], dtype=np.uint64)
        for column in columns:
            key = (key << BITS) | column
        keys.append(key[kept])
    return np.concatenate(keys)


def games_by_rejection(
    draw: Draw, quantity: int, wishes: Wishes, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """``quantity`` distinct games in random order: uint8, shape (quantity, 6)."""
    found = np.empty(0, dtype=np.uint64)
    while found.size < quantity:
        missing = quantity - found.size
        found = _distinct(
            np.concatenate([found, draw(int(missing / wishes.share * 1.05) + 100, wishes, rng)])
        )
    rng.shuffle(found)  # the keys are sorted: their first ones would be the smallest games
    keys = found[:quantity, np.newaxis]
    return (keys >> (BITS * np.arange(PICKS - 1, -1, -1, dtype=np.uint64)) & MASK).astype(np.uint8)


def _distinct(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    keys.sort()  # faster than np.unique, which hashes
    first = np.ones(keys.size, dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]
