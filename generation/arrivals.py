"""How many games have each total: a counting table filled from its other end."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.counters import Counter
from generation.counting import CountingTable


class Arrivals(CountingTable):
    """Counts the ways to arrive at a state instead of those to complete a game from it.

    Every step is that of the counting table turned round, so the states of a finished game hold
    how many games end in them. The same memory; nothing can be unranked from it.

    ``totals``  games by their total of ``measured``, totals without games left out.
    """

    def __init__(
        self,
        candidates: int,
        picks: int,
        measured: Counter,
        others: Sequence[Counter],
        block_limits: Sequence[int] | None = None,
    ) -> None:
        self.totals: dict[int, int] = {}
        self._measured = measured
        super().__init__(candidates, picks, [measured, *others], block_limits)

    def _fill_levels(self) -> None:
        wanted = self._levels[self.picks].astype(bool)
        self._levels[self.picks][...] = 0
        self._states(0, 0)[(0,) * len(self._counters)] = 1
        for taken in range(self.picks):
            for place in range(self.places):
                self._fill_place(taken, place)
        axis = self._counters.index(self._measured)
        others = tuple(other for other in range(len(self._counters)) if other != axis)
        games = np.where(wanted, self._levels[self.picks], 0).sum(axis=others)
        start = self._lows[self.picks][axis]
        self.totals = {start + at: int(found) for at, found in enumerate(games) if found}
        self.count = sum(self.totals.values())

    def _skip(self, taken: int, place: int) -> None:
        self._levels[taken][..., place + 1] += self._states(taken, place)

    def _take(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> None:
        after += before
