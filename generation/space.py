"""Every game that satisfies the constraints, numbered: how many there are, and game number i."""

from collections.abc import Callable
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generation.arrivals import Arrivals
from generation.constraints import GameConstraints
from generation.contradictions import longest_run
from generation.counters import Counter, counters_for, extremes
from generation.counting import CountingTable
from generation.families import WHOLE, Family
from generation.lotteries import Lottery

MAX_COUNT = 2**62
"""Counts are 64-bit, and the halves of a permuted index must each fit 32 bits."""

BLOCK = 8192
"""Games unranked at a time by numpy, so that the temporaries stay in the processor's cache."""


class CountTooLarge(ValueError):
    """More games than 64-bit counts can number."""


class NotEnoughGames(ValueError):
    """More games are wanted than satisfy the constraints."""


class SearchPlan(NamedTuple):
    """What unranking reads, as arrays; the compiled kernel takes them in this order.

    A game's free numbers are chosen in turn. Level t has its row at ``bases[t]`` plus the
    ``steps`` of the candidates chosen before; ``halves`` are the steps of the binary search
    through a row; candidate i is the number ``numbers[i]``; ``fixed`` are in every game.
    """

    cells: NDArray[np.int64]
    bases: NDArray[np.int64]
    steps: NDArray[np.int64]
    halves: NDArray[np.int64]
    numbers: NDArray[np.uint8]
    fixed: NDArray[np.uint8]

    def unsigned(self) -> tuple[NDArray[Any], ...]:
        """The same memory with its words as uint64, in which the kernel computes throughout."""
        words = (array.view(np.uint64) for array in self[:4])
        return (*words, self.numbers, self.fixed)


class GameSpace:
    """The games of a lottery under constraints, and of a family of them, in lexicographic order.

    Raises ``ConstraintError`` when lottery and constraints contradict, ``CountTooLarge`` and
    ``TableTooLarge`` when the games cannot be counted here. The seed plays no part.
    """

    def __init__(
        self, lottery: Lottery, constraints: GameConstraints, family: Family = WHOLE
    ) -> None:
        constraints.check_for(lottery)
        self.lottery = lottery
        self.constraints = constraints
        fixed = constraints.fixed_numbers
        free = tuple(n for n in constraints.usable_numbers(lottery) if n not in fixed)
        picks = constraints.numbers_per_game - len(fixed)
        second = _second_group(lottery)
        second_picks = constraints.second_picks(lottery)
        choices = comb(len(free), picks) * comb(len(second), second_picks)
        if not lottery.digits and choices > MAX_COUNT:
            raise CountTooLarge(
                f"choosing {picks} of {len(free)} numbers gives {choices:.1e} games, more than"
                f" {MAX_COUNT:.1e}; allow fewer numbers or fix more"
            )
        counters = counters_for(lottery, constraints, free, picks, family)
        candidates = (*free, *second)
        table = CountingTable(
            len(candidates), picks + second_picks, counters, self._block_limits(candidates)
        )
        self._choosing = (len(candidates), picks + second_picks, counters)
        self.count = table.count
        self.table_bytes = table.nbytes
        self.plan = SearchPlan(
            cells=table.cells,
            bases=table.bases,
            steps=table.steps,
            halves=_halves(table.places),
            numbers=np.array(candidates, dtype=np.uint8),
            fixed=np.array(fixed, dtype=np.uint8),
        )
        for array in self.plan:
            array.setflags(write=False)
        self.width = constraints.numbers_per_game + second_picks

    def __repr__(self) -> str:
        return (
            f"<GameSpace {self.lottery.key}: {self.count} games of {self.constraints.describe()}>"
        )

    def totals(self, weight: Callable[[int], int]) -> dict[int, int]:
        """How many games have each total of ``weight(number)`` over their main numbers, exactly.

        Raises ``TableTooLarge`` where this needs one more dimension than there is memory for.
        """
        candidates, picks, counters = self._choosing
        numbers = self.plan.numbers.tolist()
        weights = tuple(
            weight(self.lottery.face(n)) if n <= self.lottery.pool else 0 for n in numbers
        )
        least, most = extremes(weights, picks)
        known = next((one for one in counters if one.weights == weights), None)
        measured = known or Counter("totals", weights, least, most)
        others = [one for one in counters if one is not known]
        limits = self._block_limits(tuple(numbers))
        found = Arrivals(candidates, picks, measured, others, limits).totals
        fixed = sum(map(weight, self.constraints.fixed_numbers))
        return {total + fixed: games for total, games in found.items()}

    def require(self, quantity: int) -> None:
        """Raise ``NotEnoughGames`` unless ``quantity`` distinct games exist.

        ``ValueError`` when ``quantity`` is not positive.
        """
        if quantity < 1:
            raise ValueError(f"quantity must be at least 1, got {quantity}; ask for a game or more")
        if self.count == 0:
            raise NotEnoughGames(
                f"no game of {self.lottery.name} satisfies {self.constraints.describe()};"
                " loosen one of these"
            )
        if quantity > self.count:
            raise NotEnoughGames(
                f"{quantity:,} games wanted, but only {self.count:,} games of {self.lottery.name}"
                f" satisfy {self.constraints.describe()}; ask for at most that many or loosen one"
            )

    def unrank(self, indices: ArrayLike) -> NDArray[np.uint8]:
        """Games number ``indices`` (each in [0, ``count``)): uint8, shape (m, ``width``).

        Numbers ascend within a game, those of a second group behind the main ones, and games ascend
        with their index.
        """
        wanted = np.asarray(indices, dtype=np.uint64).ravel()
        if wanted.size and int(wanted.max()) >= self.count:
            raise IndexError(
                f"game number {int(wanted.max())} does not exist: numbers are 0 to {self.count - 1}"
            )
        games = np.empty((wanted.size, self.width), dtype=np.uint8)
        for start in range(0, wanted.size, BLOCK):
            block = slice(start, start + BLOCK)
            games[block] = self._unrank_block(wanted[block].astype(np.int64))
        return self.printed(games)

    def printed(self, games: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The games as tickets show them, from numbers of the plan; changed in place."""
        if self.lottery.second is not None:
            second = games[:, self.constraints.numbers_per_game :]
            second -= np.uint8(self.lottery.pool)
            second //= np.uint8(2)
        if self.lottery.digits:
            games -= np.uint8(1)
            games %= np.uint8(10)
        return games

    def _unrank_block(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        cells, bases, steps, halves, numbers, fixed = self.plan
        # Counted from the last game backwards, a rank is the number of games behind it: it needs
        # no change while candidates are skipped, and a row is searched for the last count above.
        behind = self.count - 1 - indices
        chosen = np.zeros_like(indices)
        games = np.empty((indices.size, len(bases) + len(fixed)), dtype=np.uint8)
        for taken, base in enumerate(bases):
            row = chosen + base
            at = row.copy()
            for half in halves:
                ahead = at + half
                np.copyto(at, ahead, where=cells.take(ahead) > behind)
            behind -= cells.take(at + 1)
            candidate = at - row + taken
            chosen += steps.take(candidate)
            games[:, taken] = numbers.take(candidate)
        if len(fixed):
            games[:, len(bases) :] = fixed
            games.sort(axis=1)
        return games

    def _block_limits(self, free: tuple[int, ...]) -> list[int] | None:
        """For each of the ``free`` candidates: the longest block from it on that breaks no limit.

        A block is taken together with the fixed numbers, which may join it to longer runs.
        """
        limit = self.constraints.max_run
        if limit is None or limit >= self.constraints.numbers_per_game:
            return None
        fixed = set(self.constraints.fixed_numbers)

        def longest(start: int) -> int:
            stop = start
            while (
                stop < len(free)
                and longest_run(sorted(fixed.union(free[start : stop + 1]))) <= limit
            ):
                stop += 1
            return stop - start

        return [longest(start) for start in range(len(free))]


def _second_group(lottery: Lottery) -> tuple[int, ...]:
    """Its numbers as candidates behind the main ones, with gaps, so that they are no run."""
    size = lottery.second.pool if lottery.second else 0
    return tuple(lottery.pool + 2 * number for number in range(1, size + 1))


def _halves(places: int) -> NDArray[np.int64]:
    """Steps of a binary search among ``places`` that never look beyond them."""
    halves = []
    while places > 1:
        halves.append(places // 2)
        places -= places // 2
    return np.array(halves, dtype=np.int64)
