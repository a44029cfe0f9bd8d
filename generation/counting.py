"""How many ways there are to complete a game: the table that ranks and unranks games.

``cells[t, state, w]`` counts the ways to complete a game of which ``t`` candidates are chosen, the
counters stand at ``state`` and the next candidate has index ``t + w`` or higher. A row (fixed ``t``
and ``state``) falls as ``w`` grows and skipping a candidate stays in the row, so the next candidate
is one binary search in contiguous memory. This is the classical combinatorial number system
(Lehmer; Knuth, TAOCP 4A, 7.2.1.3) with counters added.

``w`` counts the candidates skipped, hence a row has only ``candidates - picks + 1`` places and a
zero at its end.

A limit on runs needs no dimension. Let a row count completions *with the candidate before it
skipped*, and extend it by whole blocks of neighbours followed by a skipped candidate. A search that
starts inside a run still works on these rows: completions that do not go on with the run are
exactly what the row counts one place further, and those that do are all that is left.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

import numpy as np
from numpy.typing import NDArray

from generation.counters import Counter

type Windows = Sequence[tuple[int, int]]

MAX_TABLE_BYTES = 64 * 2**20
"""A job's table is built in every process that makes its games; this much takes half a second."""


class TableTooLarge(ValueError):
    """The constraints together need a counting table beyond the memory allowed."""


def table_bytes(candidates: int, picks: int, counters: Sequence[Counter]) -> int:
    """The size of the table that would count these, in bytes."""
    windows = [counter.windows(picks) for counter in _ordered(counters)]
    inner, rows = _sizes(windows or [[(0, 0)] * (picks + 1)])
    return 8 * (candidates - picks + 2) * prod(inner) * sum(rows[:picks])


def _ordered(counters: Sequence[Counter]) -> list[Counter]:
    """The counter with the most values comes first: only the first is cropped level by level, for
    the strides must be the same on all levels."""
    return sorted(counters, key=lambda counter: -counter.high)


def _sizes(windows: Sequence[Windows]) -> tuple[tuple[int, ...], list[int]]:
    """Values of each counter but the first, and how many of the first there are at each level."""
    first, *others = windows
    inner = tuple(1 + max(0, *(high for _, high in window)) for window in others)
    return inner, [max(0, high - low + 1) for low, high in first]


class CountingTable:
    """Counts of completions for choosing ``picks`` of ``candidates`` under the counters.

    ``block_limits[i]`` is the longest block of neighbouring candidates that may be taken from
    candidate i on when the one before is skipped; ``None`` when runs are free. The caller makes
    sure that no count exceeds 63 bits.

    ``cells``  int64, all rows one after another; a row is ``width`` places.
    ``bases``  int64 (picks,), the row of level t is at ``bases[t] + sum of steps so far``.
    ``steps``  int64 (candidates,), how far choosing a candidate moves the row within a level.
    ``count``  how many choices there are.
    """

    def __init__(
        self,
        candidates: int,
        picks: int,
        counters: Sequence[Counter],
        block_limits: Sequence[int] | None = None,
    ) -> None:
        self.picks = picks
        self.places = candidates - picks + 1
        self.width = self.places + 1
        self._limits = block_limits
        self._counters = _ordered(counters) or [Counter("none", (0,) * candidates, 0, 0)]
        self._windows = [counter.windows(picks) for counter in self._counters]
        self.count = 0
        self._lay_out()
        if all(low <= high for windows in self._windows for low, high in windows):
            self._fill()

    @property
    def free_runs(self) -> bool:
        """Whether runs are free."""
        return self._limits is None

    @property
    def nbytes(self) -> int:
        """Size of the table in bytes."""
        return self.cells.nbytes

    def _lay_out(self) -> None:
        """Find sizes and strides; refuse what is too large before any memory is taken."""
        first = self._windows[0]
        self._inner, rows = _sizes(self._windows)
        stride = self.width * prod(self._inner)
        offsets = [stride * before for before in accumulate(rows[: self.picks], initial=0)]
        self._refuse_if_too_large(offsets[-1] * 8)
        self._shapes = [(count, *self._inner) for count in rows]
        self._offsets = offsets
        self.bases = np.array(
            [at - low * stride for at, (low, _) in zip(offsets, first, strict=False)][: self.picks],
            dtype=np.int64,
        )
        strides = [stride]
        for size in self._inner:
            strides.append(strides[-1] // size)
        weights = np.array([counter.weights for counter in self._counters], dtype=np.int64)
        self.steps = np.array(strides, dtype=np.int64) @ weights
        self.cells = np.zeros(offsets[-1], dtype=np.int64)

    def _refuse_if_too_large(self, needed: int) -> None:
        if needed > MAX_TABLE_BYTES:
            names = " and ".join(counter.name for counter in self._counters)
            raise TableTooLarge(
                f"counting games by {names} needs a table of {needed / 2**20:,.0f} MiB, more than"
                f" the {MAX_TABLE_BYTES // 2**20} MiB allowed; narrow the bounds"
                f"{" (the sum's first)" if 'sum' in names else ''}, drop one of them, or fix or"
                " exclude numbers"
            )

    def _fill(self) -> None:
        """Level by level from the last choice to the first, each laid out place by place.

        In that layout every step adds neighbouring words; in the table's, where the places of a
        state are neighbours, each word would take a line of the cache to itself.
        """
        lows = [[low for low, _ in windows] for windows in self._windows]
        self._lows = [(first, *(0 for _ in self._inner)) for first in lows[0]]
        reach = 1 + max(self._limits or (0,))
        self._levels = {self.picks: self._complete()}
        self._blocks: dict[int, NDArray[np.int64]] = {}
        for taken in reversed(range(self.picks)):
            shape = self._shapes[taken]
            level = self._levels[taken] = np.zeros((self.width, *shape), dtype=np.int64)
            if self._limits is not None:
                self._blocks[taken] = np.zeros_like(level)
            for place in reversed(range(self.places)):
                self._fill_place(taken, place)
            at = self._offsets[taken]
            rows = self.cells[at : at + level.size].reshape(-1, self.width)
            rows[...] = level.reshape(self.width, -1).T
            self._levels.pop(taken + reach, None)
            self._blocks.pop(taken + 1, None)
        origin = (0,) * len(self._counters)
        self.count = int(self._states(0, 0)[origin])
        self._levels.clear()
        self._blocks.clear()

    def _complete(self) -> NDArray[np.int64]:
        """The states in which a finished game meets every bound: one way each, else none."""
        starts = self._lows[self.picks]
        accepted = [
            counter.accepts(np.arange(start, start + size))
            for counter, start, size in zip(self._counters, starts, self._shapes[-1], strict=True)
        ]
        complete = np.zeros(self._shapes[-1], dtype=np.int64)
        complete[np.ix_(*accepted)] = 1
        return complete

    def _states(self, taken: int, place: int) -> NDArray[np.int64]:
        """All states of a level at one place; finished games have no place."""
        level = self._levels[taken]
        return level if taken == self.picks else level[place]

    def _fill_place(self, taken: int, place: int) -> None:
        """Skip the candidate at this place, or take it (alone, or as the start of a block)."""
        target = self._states(taken, place)
        target[...] = self._levels[taken][place + 1]
        if self._limits is None:
            self._add(target, self._states(taken + 1, place), taken, [taken + place])
        else:
            target += self._fill_blocks(taken, place, self._limits)

    def _fill_blocks(self, taken: int, place: int, limits: Sequence[int]) -> NDArray[np.int64]:
        """The ways that begin with a block here and skip the candidate behind it.

        A longer block is this candidate and a block from the next one on, of which those have to go
        that would be too long together.
        """
        candidate = taken + place
        found: NDArray[np.int64] = self._blocks[taken][place]
        limit = limits[candidate]
        if limit == 0:
            return found
        self._add(found, self._states(taken + 1, place + 1), taken, [candidate])
        if taken + 1 < self.picks:
            self._add(found, self._blocks[taken + 1][place], taken, [candidate])
            longest = min(limits[candidate + 1] + 1, self.picks - taken)
            for length in range(limit + 1, longest + 1):
                block = range(candidate, candidate + length)
                self._add(found, self._states(taken + length, place + 1), taken, block, -1)
        return found

    def _add(
        self,
        target: NDArray[np.int64],
        source: NDArray[np.int64],
        taken: int,
        block: Sequence[int],
        sign: int = 1,
    ) -> None:
        """Add to each state (or take off) what follows in ``source`` once ``block`` is taken."""
        then = self._lows[taken + len(block)]
        into, out_of = [], []
        for axis, counter in enumerate(self._counters):
            weight = sum(counter.weights[candidate] for candidate in block)
            shift = self._lows[taken][axis] + weight - then[axis]
            start = max(0, -shift)
            stop = min(target.shape[axis], source.shape[axis] - shift)
            if stop <= start:
                return
            into.append(slice(start, stop))
            out_of.append(slice(start + shift, stop + shift))
        change = np.add if sign > 0 else np.subtract
        part = target[tuple(into)]
        change(part, source[tuple(out_of)], out=part)
