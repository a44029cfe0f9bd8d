"""Counts taken of a job's games while they pass: bounded memory, however many games there are.

A game becomes a set of bits, one for each number of the pool: how many odd numbers it has, and how
many it shares with another, is then a count of bits. Of digits a number of the pool is a digit in
its column, so that games share a digit only where it stands in the same column.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.constraints import GameConstraints
from generation.lotteries import Lottery

BLOCK = 16_384
"""Games counted at a time, so that the temporaries stay in the processor's cache."""

type Octets = NDArray[np.uint8]
type Words = list[NDArray[np.uint64]]  # 64 numbers each, from 0 on; an element for each game


class Tally:
    """Counts over games in the order of the job; how they are cut into ``add`` does not matter."""

    def __init__(self, lottery: Lottery, constraints: GameConstraints) -> None:
        self._picks = constraints.numbers_per_game
        self._places = range(0, lottery.pool + 1, 64)
        # Of digits: the numbers of the pool that are 0 in each column.
        self._zeros = np.arange(1, 10 * lottery.digits, 10, dtype=np.uint8)[:, np.newaxis]
        pool = range(1, lottery.pool + 1)
        self._odd = self._bits_of(number for number in pool if lottery.face(number) % 2)
        self._first: tuple[int, ...] = ()
        self._first_bits = self._before = self._bits_of(())
        self._games = 0
        self._numbers = _zeros(256)
        self._second = _zeros(256)
        self._sums = _zeros(1 + self._picks * max(map(lottery.face, pool)))
        self._odds, self._shared, self._neighbours = (_zeros(1 + self._picks) for _ in range(3))

    def add(self, games: Octets) -> None:
        """Count the next games of the job: uint8, shape (n, width), as ``run_chunk`` makes them."""
        for start in range(0, len(games), BLOCK):
            self._add_block(games[start : start + BLOCK])

    def as_dict(self) -> dict[str, Any]:
        """What was counted, as JSON holds it; values of which there are none are left out.

        ``games``, the ``first`` game as numbers of the pool, and how many games have each of
        ``odd`` and ``sum``, share so many numbers with the first (``overlap``, itself left out) or
        with the game before (``neighbours``), and hold each of ``numbers`` and ``second``.
        """
        return {
            "games": self._games,
            "first": list(self._first),
            "numbers": _filled(self._numbers),
            "second": _filled(self._second),
            "odd": _filled(self._odds),
            "sum": _filled(self._sums),
            "overlap": _filled(self._shared),
            "neighbours": _filled(self._neighbours),
        }

    def _add_block(self, games: Octets) -> None:
        # Number by number: what follows runs along contiguous memory.
        main = games[:, : self._picks].T.copy()
        _count(self._sums, main.sum(axis=0, dtype=np.uint16))
        if self._zeros.size:
            main += self._zeros
        _count(self._numbers, main.ravel())
        _count(self._second, games[:, self._picks :].ravel())
        bits = self._bits(main)
        _count(self._odds, _common(bits, self._odd))
        if not self._games:
            self._first = tuple(sorted(main[:, 0].tolist()))
            self._first_bits = self._before = [word[:1].copy() for word in bits]
            self._shared[self._picks] -= 1  # the first game beside itself
            self._neighbours[self._picks] -= 1
        _count(self._shared, _common(bits, self._first_bits))
        before = [
            np.concatenate((last, word[:-1])) for last, word in zip(self._before, bits, strict=True)
        ]
        _count(self._neighbours, _common(bits, before))
        self._before = [word[-1:].copy() for word in bits]
        self._games += len(games)

    def _bits(self, numbers: Octets) -> Words:
        """The sets of numbers, shape (picks, n), as bits."""
        words = []
        for place in self._places:
            word = np.zeros(numbers.shape[1], dtype=np.uint64)
            for row in numbers:
                # What is below the word wraps around; shifting by 64 and more leaves no bit.
                word |= np.left_shift(1, row - np.uint8(place), dtype=np.uint64)
            words.append(word)
        return words

    def _bits_of(self, numbers: Iterable[int]) -> Words:
        return self._bits(np.array([*numbers], dtype=np.uint8)[:, np.newaxis])


def _common(words: Words, others: Words) -> Octets:
    """How many bits each set shares with the other."""
    counted = [np.bitwise_count(mine & other) for mine, other in zip(words, others, strict=True)]
    common: Octets = np.add.reduce(counted)
    return common


def _count(counts: NDArray[np.int64], values: NDArray[Any]) -> None:
    counts += np.bincount(values, minlength=len(counts))


def _zeros(size: int) -> NDArray[np.int64]:
    return np.zeros(size, dtype=np.int64)


def _filled(counts: NDArray[np.int64]) -> Mapping[str, int]:
    """Text as keys, as JSON has them."""
    return {str(value): int(counts[value]) for value in np.flatnonzero(counts)}
