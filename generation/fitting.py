"""Which counters go into the counting table, when all together would not fit.

Dropping a counter saves the states it multiplies and costs the games that then have to be thrown
away. The cheapest by that measure goes first, until the rest fits: wide bounds, which multiply the
table most and cut least.
"""

from collections.abc import Callable, Iterator, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from generation import counting
from generation.counters import Counter
from generation.counting import table_bytes
from generation.filters import CountFilter, Filter

FITTED_BYTES = 32 * 2**20
"""A table that leaves counters out is this large at most, so that it is built in some 0.1 s."""

STRUCTURE = ("second group", "digit ")
"""Counters that make a game a game; the others may be left to the second stage."""


def fit(
    counters: Sequence[Counter],
    numbers: Sequence[int],
    picks: int,
    sample: Callable[[], NDArray[np.uint8]],
) -> tuple[list[Counter], list[Filter]]:
    """The counters to count, all where their table is not too large, and the others as filters.

    ``numbers`` are the candidates' and ``sample()`` gives games that know none of the counters.
    """
    counted, filters = list(counters), list[Filter]()
    if table_bytes(len(numbers), picks, counted) <= counting.MAX_TABLE_BYTES:
        return counted, filters
    games = sample()
    lost = {one: -log(max(_share(one, numbers, games), 0.5 / len(games))) for one in counted}
    while (size := table_bytes(len(numbers), picks, counted)) > FITTED_BYTES:
        costs = {
            one: lost[one] / max(log(size / without), 1e-9)
            for one, without in _without(counted, len(numbers), picks)
            if not one.name.startswith(STRUCTURE)
        }
        if not costs:
            break  # the table itself refuses what is left
        worst = min(costs, key=costs.__getitem__)
        counted.remove(worst)
        filters.append(CountFilter.of(worst, numbers))
    return counted, filters


def _share(one: Counter, numbers: Sequence[int], games: NDArray[np.uint8]) -> float:
    return float(CountFilter.of(one, numbers).passing(games).mean())


def _without(
    counted: Sequence[Counter], candidates: int, picks: int
) -> Iterator[tuple[Counter, int]]:
    """Each counter, and the size of the table without it."""
    for one in counted:
        others = [other for other in counted if other is not one]
        yield one, max(1, table_bytes(candidates, picks, others))
