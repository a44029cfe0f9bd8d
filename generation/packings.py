"""The games accepted so far, kept so that the next can be checked against all of them at once.

Two ways, with the same answers. Two games share more than r numbers if and only if they have a
subset of r + 1 numbers in common, so a bit for each such subset, set once a game has it, checks a
game in as many look-ups as it has subsets, however many games there are. Two games share numbers as
the numbers that they leave out do, so the subsets of either may be marked, whichever are fewer.
Where there are too many, games are compared with each other, as masks of 64-bit words.

``accept(games, kernel)`` takes candidates in order, their free numbers ascending (uint8, shape
(m, picks)), and accepts each that goes with all accepted before it. It answers with a bool and the
comparisons made for each candidate, both of shape (m,). ``kernel`` is the compiled way, ``None``
numpy's.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generation import compiled
from generation.compiled import Kernel

MAX_SUBSETS = 1000
"""Subsets of a game beyond which comparing it with all games is hardly slower."""

MAX_BITS = 2**30
"""128 MiB of marks."""

SPARE = 64
"""Places that the kernel of masks reads behind the last game kept."""

type Octets = NDArray[np.uint8]
type Words = NDArray[np.uint64]
type Answer = tuple[NDArray[np.bool_], NDArray[np.uint64]]


class Packing(Protocol):
    """The accepted games of a job."""

    def kernel(self) -> Kernel | None: ...

    def accept(self, games: Octets, kernel: Kernel | None) -> Answer: ...


def packing_for(numbers: Sequence[int], picks: int, most: int) -> Packing:
    """The faster way to keep games of ``picks`` of the ``numbers`` of which no two share more than
    ``most`` (negative: a single game)."""
    shared_left_out = len(numbers) - 2 * picks + most
    sides = [(picks, most, False), (len(numbers) - picks, shared_left_out, True)]
    for size, shared, left_out in sorted(
        sides, key=lambda side: comb(side[0], max(0, side[1] + 1))
    ):
        subset = max(0, shared + 1)
        if comb(size, subset) <= MAX_SUBSETS and comb(len(numbers), subset) <= MAX_BITS:
            return SubsetBitmap(numbers, size, subset, left_out)
    return GameMasks(numbers, most)


class SubsetBitmap:
    """A mark for each subset of ``size`` numbers that an accepted game has, or leaves out.

    ``_bitmap``  uint64, a bit for each subset at its rank in the combinatorial number system.
    ``_weights``  uint64 (size, 256), what a number adds to the rank as the subset's i-th.
    ``_members``  uint8 (subsets, size), places within a game of each of its subsets.
    """

    def __init__(
        self, numbers: Sequence[int], picks: int, size: int, left_out: bool = False
    ) -> None:
        self._numbers = np.array(numbers, dtype=np.uint8)
        self._left_out = left_out
        self._weights = np.zeros((size, 256), dtype=np.uint64)
        for place in range(size):
            for index in range(place, len(numbers) - size + place + 1):
                self._weights[place, numbers[index]] = comb(index, place + 1)
        members = list(combinations(range(picks), size))
        self._members = np.array(members, dtype=np.uint8).reshape(len(members), size)
        self._bitmap = np.zeros(comb(len(numbers), size) // 64 + 1, dtype=np.uint64)

    def kernel(self) -> Kernel | None:
        """The compiled way, loaded on the first call; ``None`` where numpy has to do."""
        return _bitmap_kernel()

    def accept(self, games: Octets, kernel: Kernel | None) -> Answer:
        """As the module says; there is nothing to compare."""
        if self._left_out:
            games = self._others(games)
        accepted = np.zeros(len(games), dtype=np.uint8)
        if kernel is not None:
            games = np.ascontiguousarray(games)
            kernel(games, self._weights, self._members, self._bitmap, accepted)
        else:
            step = max(1, 2**18 // len(self._members))
            for start in range(0, len(games), step):
                self._accept_block(games[start : start + step], accepted[start : start + step])
        return accepted.astype(bool), np.zeros(len(games), dtype=np.uint64)

    def _others(self, games: Octets) -> Octets:
        """The numbers that each game leaves out, ascending."""
        has = np.zeros((len(games), 256), dtype=bool)
        has[np.arange(len(games))[:, np.newaxis], games] = True
        lacks = ~has[:, self._numbers]
        every = np.broadcast_to(self._numbers, lacks.shape)
        return every[lacks].reshape(len(games), len(self._numbers) - games.shape[1])

    def _accept_block(self, games: Octets, accepted: Octets) -> None:
        """Accept at once the games none of whose subsets another of them has, then the others."""
        ranks = self._ranks(games)
        rows = np.flatnonzero(~self._marked(ranks))
        subsets, games_with = np.unique(ranks[rows], return_counts=True)
        alone = ~np.isin(ranks[rows], subsets[games_with > 1]).any(axis=1)
        accepted[rows[alone]] = 1
        taken: set[int] = set()
        for row in rows[~alone]:
            own = ranks[row].tolist()
            if taken.isdisjoint(own):
                taken.update(own)
                accepted[row] = 1
        found = ranks[accepted.astype(bool)]
        np.bitwise_or.at(self._bitmap, found >> _6, _1 << (found & _63))

    def _ranks(self, games: Octets) -> Words:
        ranks = np.zeros((len(games), len(self._members)), dtype=np.uint64)
        for place, weights in enumerate(self._weights):
            ranks += weights[games[:, self._members[:, place]]]
        return ranks

    def _marked(self, ranks: Words) -> NDArray[np.bool_]:
        """Whether any subset of each game is marked."""
        bits: NDArray[np.bool_] = (self._bitmap[ranks >> _6] >> (ranks & _63) & _1).astype(bool)
        return bits.any(axis=1)


class GameMasks:
    """Every accepted game as a mask of its numbers: ``_kept`` is uint64, (words, room)."""

    def __init__(self, numbers: Sequence[int], most: int) -> None:
        words = -(-len(numbers) // 64) or 1
        self._bits = np.zeros((words, 256), dtype=np.uint64)
        for index, number in enumerate(numbers):
            self._bits[index // 64, number] = 1 << index % 64
        self._most = most
        self._count = 0
        self._kept = np.zeros((words, SPARE), dtype=np.uint64)

    def kernel(self) -> Kernel | None:
        """The compiled way, loaded on the first call; ``None`` where numpy has to do."""
        return _masks_kernel()

    def accept(self, games: Octets, kernel: Kernel | None) -> Answer:
        """As the module says."""
        self._make_room(len(games))
        masks = np.ascontiguousarray(self._bits[:, games].sum(axis=2, dtype=np.uint64).T)
        accepted = np.zeros(len(games), dtype=np.uint8)
        compared = np.zeros(len(games), dtype=np.uint64)
        if kernel is not None:
            most = np.uint64(self._most)
            self._count = kernel(masks, self._kept, self._count, most, accepted, compared)
        else:
            for row, mask in enumerate(masks):
                compared[row], accepted[row] = self._accept_one(mask)
        return accepted.astype(bool), compared

    def _accept_one(self, mask: Words) -> tuple[int, bool]:
        both = mask[:, np.newaxis] & self._kept[:, : self._count]
        conflicts = np.bitwise_count(both).sum(axis=0) > self._most
        if conflicts.any():
            return int(conflicts.argmax()) + 1, False
        self._kept[:, self._count] = mask
        self._count += 1
        return self._count - 1, True

    def _make_room(self, games: int) -> None:
        needed = self._count + games + SPARE
        if needed > self._kept.shape[1]:
            grown = np.zeros((len(self._kept), 2 * needed), dtype=np.uint64)
            grown[:, : self._count] = self._kept[:, : self._count]
            self._kept = grown


_1, _6, _63 = np.uint64(1), np.uint64(6), np.uint64(63)


@lru_cache(maxsize=1)
def _bitmap_kernel() -> Kernel | None:
    def agrees(kernel: Kernel) -> bool:
        return _same_answers(lambda: SubsetBitmap(_CHECK, 6, 4), kernel)

    return compiled.load(_bitmap_source, agrees)


@lru_cache(maxsize=1)
def _masks_kernel() -> Kernel | None:
    def agrees(kernel: Kernel) -> bool:
        return _same_answers(lambda: GameMasks(_CHECK, 3), kernel)

    return compiled.load(_masks_source, agrees)


_CHECK = tuple(range(1, 81))


def _same_answers(empty: Callable[[], Packing], kernel: Kernel) -> bool:
    """Some games both ways: a stale or damaged cache must never go unnoticed."""
    games = np.array(list(combinations(_CHECK[55:68], 6)), dtype=np.uint8)
    ours, theirs = empty().accept(games, kernel), empty().accept(games, None)
    return all(np.array_equal(mine, its) for mine, its in zip(ours, theirs, strict=True))


def _bitmap_source() -> compiled.Source:
    from generation import select_kernels

    return select_kernels.select_by_bitmap, select_kernels.BITMAP_SIGNATURE


def _masks_source() -> compiled.Source:
    from generation import select_kernels

    return select_kernels.select_by_masks, select_kernels.MASKS_SIGNATURE
