"""Games by rank in the counting table: game number i, and the number of a game."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class SearchPlan(NamedTuple):
    """What unranking reads, as arrays; the compiled kernel takes them in this order.

    Index i has the rank ``i`` plus the number of ``gaps`` up to i, found in ``gap_halves`` steps.
    A game's free numbers are chosen in turn. Level t has its row at ``bases[t]`` plus the
    ``steps`` of the candidates chosen before; ``halves`` are the steps of the binary search
    through a row; candidate i is the number ``numbers[i]``; ``fixed`` are in every game.
    """

    cells: NDArray[np.int64]
    bases: NDArray[np.int64]
    steps: NDArray[np.int64]
    halves: NDArray[np.int64]
    gaps: NDArray[np.int64]
    gap_halves: NDArray[np.int64]
    numbers: NDArray[np.uint8]
    fixed: NDArray[np.uint8]

    def unsigned(self) -> tuple[NDArray[Any], ...]:
        """The same memory with its words as uint64, in which the kernel computes throughout."""
        words = (array.view(np.uint64) for array in self[:-2])
        return (*words, self.numbers, self.fixed)

    def unrank(self, behind: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The games with so many games ``behind`` them: uint8, shape (m, numbers of a game).

        Counted from the last game backwards, a rank needs no change while candidates are skipped,
        and a row is searched for the last count above. ``behind`` is used up.
        """
        cells, steps = self.cells, self.steps
        chosen = np.zeros_like(behind)
        games = np.empty((behind.size, len(self.bases) + len(self.fixed)), dtype=np.uint8)
        for taken, base in enumerate(self.bases):
            row = chosen + base
            at = row.copy()
            for half in self.halves:
                ahead = at + half
                np.copyto(at, ahead, where=cells.take(ahead) > behind)
            behind -= cells.take(at + 1)
            candidate = at - row + taken
            chosen += steps.take(candidate)
            games[:, taken] = self.numbers.take(candidate)
        return self._with_fixed(games)

    def rank(self, choices: NDArray[np.uint8], count: int, *, all_games: bool) -> NDArray[np.int64]:
        """How many games are behind those of ``choices``, of ``count`` games in all: int64.

        ``choices`` are positions of candidates, ascending, shape (m, picks); those that are no game
        are left out, unless it is known that ``all_games`` are.
        """
        behind = np.zeros(len(choices), dtype=np.int64)
        chosen = np.zeros_like(behind)
        for taken, base in enumerate(self.bases):
            candidate = choices[:, taken].astype(np.int64)
            # What breaks a bound runs out of its rows; it is told apart at the end.
            at = base + chosen + candidate - taken + 1
            behind += self.cells.take(at, mode="clip")
            chosen += self.steps.take(candidate)
        if all_games:
            return behind
        possible = (behind >= 0) & (behind < count)
        behind = behind[possible]
        games = np.empty((behind.size, len(self.bases) + len(self.fixed)), dtype=np.uint8)
        games[:, : len(self.bases)] = self.numbers.take(choices[possible])
        same = self.unrank(behind.copy()) == self._with_fixed(games)
        found: NDArray[np.int64] = behind[same.all(axis=1)]
        return found

    def _with_fixed(self, games: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Put the fixed numbers in their places; the last columns are still free for them."""
        if len(self.fixed):
            games[:, len(self.bases) :] = self.fixed
            games.sort(axis=1)
        return games


def halves_of(places: int) -> NDArray[np.int64]:
    """Steps of a binary search among ``places`` that never look beyond them."""
    halves = []
    while places > 1:
        halves.append(places // 2)
        places -= places // 2
    return np.array(halves, dtype=np.int64)
