"""How a job's games fare in a draw: how many of them hit how many of its numbers."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from generation.lotteries import Lottery

type Games = NDArray[np.uint8]


class NotADraw(ValueError):
    """These cannot be the numbers of a draw."""


def check_draw(lottery: Lottery, numbers: Sequence[int], second: Sequence[int] = ()) -> None:
    """Raise NotADraw unless the lottery draws such numbers: of digits one for each column."""
    if lottery.digits:
        if len(numbers) != lottery.digits or not all(0 <= number <= 9 for number in numbers):
            raise NotADraw(f"expected {lottery.digits} digits of 0 to 9, got {_told(numbers)}")
        return
    _check(numbers, lottery.draw, lottery.pool)
    if second and lottery.second is not None:
        _check(second, lottery.second.draw, lottery.second.pool)


def count_hits(
    blocks: Iterable[Games], lottery: Lottery, picks: int, numbers: Sequence[int]
) -> dict[int, int]:
    """How many games hit 0, 1, … of the numbers drawn; of digits, at their own places.

    ``blocks`` are uint8 arrays of shape (any, columns) whose first ``picks`` columns are the main
    numbers. Only what was hit at all is in it.
    """
    totals = np.zeros(max(picks, len(numbers)) + 1, dtype=np.int64)
    drawn = np.asarray(numbers, dtype=np.uint8)
    member = np.zeros(256, dtype=np.uint8)
    member[drawn] = 1
    for games in blocks:
        main = games[:, :picks]
        hits = (main == drawn).sum(axis=1) if lottery.digits else member[main].sum(axis=1)
        found = np.bincount(hits, minlength=totals.size)
        totals += found
    return {hit: int(count) for hit, count in enumerate(totals) if count}


def _check(numbers: Sequence[int], draw: int, pool: int) -> None:
    if len(set(numbers)) != draw or not all(1 <= number <= pool for number in numbers):
        raise NotADraw(f"expected {draw} different numbers of 1 to {pool}, got {_told(numbers)}")


def _told(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
