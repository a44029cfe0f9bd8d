"""Staying clear of past draws: the games that share too many numbers with one of them.

Excluding games is exact: their ranks are sorted to ``E``, and with ``gaps[j] = E[j] - j`` the game
of index i that is left has the rank ``i`` plus the number of gaps up to i.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from generation.contradictions import ConstraintError

MAX_NEIGHBOURS = 2_000_000
"""Games listed at most, in some two seconds; where there are more, games are filtered."""

GATHERED = 2**16
"""Games put together before they are ranked: small arrays cost more than they hold."""


def count_neighbours(
    draws: Sequence[Sequence[int]],
    least: int,
    free: Sequence[int],
    fixed: Sequence[int],
    picks: int,
) -> int:
    """How many games ``neighbours`` would list, those near several draws once for each.

    Raises ``ConstraintError`` where every game is near a draw.
    """
    total = 0
    for draw in draws:
        shared, wanted = _shared(draw, least, free, fixed)
        others = len(free) - shared
        if wanted <= max(0, picks - others):
            raise ConstraintError(
                f"exclude_past={least} excludes every game: each shares as many numbers with the"
                f" draw {', '.join(map(str, draw))}; raise it, or fix and allow other numbers"
            )
        total += sum(
            comb(shared, taken) * comb(others, picks - taken)
            for taken in range(wanted, min(picks, shared) + 1)
        )
    return total


def neighbours(
    draws: Sequence[Sequence[int]],
    least: int,
    free: Sequence[int],
    fixed: Sequence[int],
    picks: int,
) -> Iterator[NDArray[np.uint8]]:
    """The games sharing ``least`` or more numbers with a draw, as positions in ``free``.

    uint8 arrays of shape (any, picks), ascending within a game; a game may come more than once.
    """
    gathered, size = list[NDArray[np.uint8]](), 0
    for games in _by_draw(draws, least, free, fixed, picks):
        gathered.append(games)
        size += len(games)
        if size >= GATHERED:
            yield np.sort(np.concatenate(gathered), axis=1)
            gathered, size = [], 0
    if gathered:
        yield np.sort(np.concatenate(gathered), axis=1)


def _by_draw(
    draws: Sequence[Sequence[int]],
    least: int,
    free: Sequence[int],
    fixed: Sequence[int],
    picks: int,
) -> Iterator[NDArray[np.uint8]]:
    places = {number: place for place, number in enumerate(free)}
    every = np.arange(len(free), dtype=np.uint8)
    for draw in draws:
        shared, wanted = _shared(draw, least, free, fixed)
        inside = np.array([places[n] for n in draw if n in places], dtype=np.uint8)
        outside = np.delete(every, inside)
        for taken in range(wanted, min(picks, shared) + 1):
            near = inside[_choices(shared, taken)]
            far = outside[_choices(len(outside), picks - taken)]
            yield np.hstack((np.repeat(near, len(far), axis=0), np.tile(far, (len(near), 1))))


def gaps_of(ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """``gaps[j] = E[j] - j`` of the excluded ranks, each once: int64."""
    ordered = np.sort(ranks)  # ``np.unique`` hashes, which takes ten times as long
    excluded = ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]
    return excluded - np.arange(excluded.size, dtype=np.int64)


def _shared(
    draw: Sequence[int], least: int, free: Sequence[int], fixed: Sequence[int]
) -> tuple[int, int]:
    """How many numbers of the draw are free, and how many of these make a game too near."""
    drawn = set(draw)
    return len(drawn.intersection(free)), least - len(drawn.intersection(fixed))


@lru_cache(maxsize=64)
def _choices(size: int, taken: int) -> NDArray[np.intp]:
    """All choices of ``taken`` of ``size`` places: shape (C(size, taken), taken)."""
    if taken > size:
        return np.empty((0, taken), dtype=np.intp)
    found = np.array(list(combinations(range(size), taken)), dtype=np.intp)
    return found.reshape(comb(size, taken), taken)
