"""Greedy selection compiled: the results of numpy's way, candidate by candidate.

Only ``compiled`` has these compiled, for they need numba; the arrays are described where they are
made, in ``packings``. As in ``kernels``, everything is ``uint64`` and comes in as an argument.
"""

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

LANES, HEAD, BLOCK = 64, 8, 64

type Words = NDArray[np.uint64]
type Octets = NDArray[np.uint8]

_0, _1, _6, _63 = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(63)
_ONES, _TWOS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_FOURS, _EACH = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_2, _4, _56 = np.uint64(2), np.uint64(4), np.uint64(56)

_OCTETS = types.Array(types.uint8, 1, "C")
_GAMES = types.Array(types.uint8, 2, "C", readonly=True)
_TABLE = types.Array(types.uint64, 2, "C", readonly=True)

BITMAP_SIGNATURE = types.void(_GAMES, _TABLE, _GAMES, types.Array(types.uint64, 1, "C"), _OCTETS)
"""Of ``select_by_bitmap``."""

MASKS_SIGNATURE = types.int64(
    _TABLE,
    types.Array(types.uint64, 2, "C"),
    types.int64,
    types.uint64,
    _OCTETS,
    types.Array(types.uint64, 1, "C"),
)
"""Of ``select_by_masks``."""


@njit(nogil=True)
def _rank_lanes(
    games: Octets, start: int, weights: Words, members: Octets, terms: Words, ranks: Words
) -> None:
    """Ranks of the first subsets of ``LANES`` games: one short loop for each term, no branches."""
    spread = games.shape[1] - weights.shape[0]
    lanes = min(LANES, games.shape[0] - start)
    for place in range(weights.shape[0]):
        for skipped in range(spread + 1):
            for lane in range(lanes):
                number = games[start + lane, place + skipped]
                terms[place, skipped, lane] = weights[place, number]
    for subset in range(ranks.shape[0]):
        for lane in range(LANES):
            ranks[subset, lane] = _0
        for place in range(weights.shape[0]):
            skipped = members[subset, place] - place
            for lane in range(LANES):
                ranks[subset, lane] += terms[place, skipped, lane]


@njit(nogil=True)
def _marked(bitmap: Words, rank: Any) -> Any:
    return (bitmap[rank >> _6] >> (rank & _63)) & _1


def select_by_bitmap(
    games: Octets, weights: Words, members: Octets, bitmap: Words, accepted: Octets
) -> None:
    """Accept each game none of whose subsets is marked, and mark its subsets."""
    subsets, size = members.shape
    head = min(subsets, HEAD)
    terms = np.zeros((size, games.shape[1] - size + 1, LANES), np.uint64)
    heads = np.empty((head, LANES), np.uint64)
    ranks = np.empty(subsets, np.uint64)
    for start in range(0, games.shape[0], LANES):
        _rank_lanes(games, start, weights, members, terms, heads)
        for lane in range(min(LANES, games.shape[0] - start)):
            taken = _0
            for subset in range(head):
                taken |= _marked(bitmap, heads[subset, lane])
            for subset in range(head, subsets):
                if taken:
                    break
                rank = _0
                for place in range(size):
                    rank += terms[place, members[subset, place] - place, lane]
                ranks[subset] = rank
                taken = _marked(bitmap, rank)
            accepted[start + lane] = not taken
            if taken:
                continue
            for subset in range(subsets):
                rank = heads[subset, lane] if subset < head else ranks[subset]
                bitmap[rank >> _6] |= _1 << (rank & _63)


@njit(nogil=True)
def _bits(word: Any) -> Any:
    word = word - ((word >> _1) & _ONES)
    word = (word & _TWOS) + ((word >> _2) & _TWOS)
    word = (word + (word >> _4)) & _FOURS
    return (word * _EACH) >> _56


@njit(nogil=True)
def _first_conflict(
    masks: Words, game: int, kept: Words, count: Any, most: Any, shared: Words
) -> Any:
    """The first of ``count`` kept games that shares too much, else ``count``: block by block, for
    within a block a loop that does not break off is vectorised."""
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        for other in range(BLOCK):
            shared[other] = _0
        for word in range(masks.shape[1]):
            mask = masks[game, word]
            for other in range(BLOCK):
                shared[other] += _bits(mask & kept[word, start + other])
        largest = _0
        for other in range(BLOCK):
            largest = max(largest, shared[other])
        if largest > most:
            for other in range(size):
                if shared[other] > most:
                    return start + other
    return count


def select_by_masks(
    masks: Words, kept: Words, count: int, most: Any, accepted: Octets, compared: Words
) -> int:
    """Accept each game that shares at most ``most`` bits with the ``count`` kept so far and keep
    it; how many are kept then. ``kept`` has room for ``BLOCK`` more than can come."""
    shared = np.empty(BLOCK, np.uint64)
    for game in range(masks.shape[0]):
        found = _first_conflict(masks, game, kept, count, most, shared)
        compared[game] = min(found + 1, count)
        accepted[game] = found == count
        if found == count:
            for word in range(masks.shape[1]):
                kept[word, count] = masks[game, word]
            count += 1
    return count
