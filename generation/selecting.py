"""Keeping, of games that come in a fixed order, each that overlaps with all kept before as wanted.

Whatever has ``max_repetition`` by itself is a ``Family``; the rest is this one ordered pass. What
is kept depends on the order of the candidates alone, not on how they are cut, on the machine, or on
whether numba is there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generation.compiled import Kernel
from generation.constraints import GameConstraints
from generation.lotteries import Lottery
from generation.overlap import overlap_of
from generation.packings import packing_for

PATIENCE = 100_000_000
"""Candidates in a row of which none can be kept before the search is given up: more than there are
of most lotteries, so most searches end with the candidates."""

MAX_COMPARISONS = 20_000_000_000
"""Some thirty seconds of the compiled comparison of games."""

WORTH_LOADING = 500_000
"""Candidates for which numpy needs about as long as loading a kernel takes."""

BLOCK = 4096
"""Candidates between two looks at the limits."""


class OverlapSelector:
    """Keeps games of which no two share more than ``max_repetition`` main numbers.

    ``seen`` candidates were looked at, ``kept`` of them kept. ``stopped`` says why the search was
    given up, else it is ``None``; then nothing more is kept.

    ``compiled=True`` insists on the compiled kernel, ``False`` on numpy; ``None`` loads it once
    there has been enough to do. Raises ``ValueError`` for constraints that limit nothing, and
    ``RuntimeError`` when the kernel is insisted on and cannot be had.
    """

    def __init__(
        self, lottery: Lottery, constraints: GameConstraints, compiled: bool | None = None
    ) -> None:
        wanted = overlap_of(lottery, constraints)
        if wanted.most is None:
            raise ValueError(
                f"max_repetition={constraints.max_repetition} limits no games of"
                f" {constraints.numbers_per_game} numbers; every game can be taken as it comes"
            )
        fixed = constraints.fixed_numbers
        free = [number for number in constraints.usable_numbers(lottery) if number not in fixed]
        self._size, self._picks = constraints.numbers_per_game, wanted.picks
        self._free = np.isin(np.arange(256), free)
        self._packing = packing_for(free, wanted.picks, wanted.most)
        self._kernel: Kernel | None = None
        self._compiled = compiled
        if compiled:
            self._load()
        self._vain = self._comparisons = 0
        self.seen = self.kept = 0
        self.stopped: str | None = None

    def select(self, games: NDArray[np.uint8], most: int | None = None) -> NDArray[np.uint8]:
        """Those of ``games`` (uint8, shape (m, numbers)) that are kept, in their order.

        With ``most`` no more than so many are kept and candidates behind the last are not looked
        at, so that nothing is done in vain at the end of a job: it must be the last call.
        """
        found = [games[:0]]
        left = len(games) if most is None else most
        for start in range(0, len(games), BLOCK):
            if self.stopped or left <= 0:
                break
            block = games[start : start + BLOCK]
            found.append(block[self._accept(block)][:left])
            left -= len(found[-1])
        kept = np.concatenate(found)
        self.kept += len(kept)
        return kept

    def _accept(self, block: NDArray[np.uint8]) -> NDArray[np.bool_]:
        if self._compiled is None and self._kernel is None and self.seen >= WORTH_LOADING:
            self._load()
        self.seen += len(block)
        accepted, compared = self._packing.accept(self._free_numbers(block), self._kernel)
        end = self._end(accepted, compared)
        accepted[end:] = False
        return accepted

    def _free_numbers(self, block: NDArray[np.uint8]) -> NDArray[np.uint8]:
        main = block[:, : self._size]
        if self._picks == self._size:
            return np.ascontiguousarray(main)
        return main[self._free[main]].reshape(len(main), self._picks)

    def _end(self, accepted: NDArray[np.bool_], compared: NDArray[np.uint64]) -> int:
        """The candidate of the block before which the search ends; their number if it goes on."""
        places = np.flatnonzero(accepted)
        before = np.concatenate([[-1 - self._vain], places])
        gaps = np.append(places, len(accepted)) - before - 1
        too_long = np.flatnonzero(gaps >= PATIENCE)
        spent = self._comparisons + np.cumsum(compared)
        too_many = np.flatnonzero(spent > MAX_COMPARISONS)
        ends = [len(accepted)]
        if too_long.size:
            ends.append(int(before[too_long[0]]) + PATIENCE)
        if too_many.size:
            ends.append(int(too_many[0]))
        self._vain, self._comparisons = int(gaps[-1]), int(spent[-1])
        end = min(ends)
        if len(ends) > 1:
            self.stopped = self._reason(comparing=ends[-1] == end and bool(too_many.size))
        return end

    def _reason(self, comparing: bool) -> str:
        if comparing:
            return f"comparing games with each other reached its limit, {MAX_COMPARISONS:,} pairs"
        return f"the last {PATIENCE:,} candidates shared too many numbers with the games kept"

    def _load(self) -> None:
        self._kernel = self._packing.kernel()
        if self._kernel is None:
            if self._compiled:
                raise RuntimeError(
                    "compiled=True, but there is no compiled kernel: install numba and leave"
                    " GENERATION_COMPILED unset, or pass compiled=None"
                )
            self._compiled = False
