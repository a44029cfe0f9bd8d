"""What tests of generation share, first the slow, obvious way to find games."""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

from generation.compiled import Kernel, kernel
from generation.lotteries import Lottery

COLUMNS = 4  # of a small lottery's ticket


def kernel_or_skip() -> Kernel:
    """The compiled kernel; the test is skipped where numba is missing or switched off."""
    draw = kernel()
    if draw is None:
        pytest.skip("there is no compiled kernel here")
    return draw


def small_lottery(pool: int, picks: int, draw: int = 1) -> Lottery:
    return Lottery(
        key="small", name="Small", pool=pool, draw=draw, min_picks=picks, max_picks=picks,
        ticket_columns=COLUMNS,
    )  # fmt: skip


def all_games(lottery: Lottery, wanted: dict[str, Any]) -> list[tuple[int, ...]]:
    """Every game that satisfies ``wanted``, in lexicographic order, by trying each one."""
    picks = wanted.get("numbers_per_game", 6)
    tried = combinations(range(1, lottery.pool + 1), picks)
    return [game for game in tried if satisfies(game, wanted)]


def satisfies(game: tuple[int, ...], wanted: dict[str, Any]) -> bool:
    odd = sum(number % 2 for number in game)
    allowed = wanted.get("allowed_numbers")
    return (
        set(wanted.get("fixed_numbers", ())) <= set(game)
        and not set(wanted.get("excluded_numbers", ())) & set(game)
        and (allowed is None or set(game) <= set(allowed))
        and within(odd, wanted, "odd")
        and within(len(game) - odd, wanted, "even")
        and within(sum(game), wanted, "sum")
        and longest_run(game) <= (wanted.get("max_run") or len(game))
        and within(sum(n in PRIMES for n in game), wanted, "primes")
        and within(sum(n in FIBONACCI for n in game), wanted, "fibonacci")
        and within(sum(n % 3 == 0 for n in game), wanted, "multiples_of_3")
        and within(len(set(game) & set(wanted.get("reference_draw") or ())), wanted, "repeats")
        and fullest((n - 1) // 10 for n in game) <= (wanted.get("max_per_decade") or len(game))
        and fullest((n - 1) // COLUMNS for n in game) <= (wanted.get("max_per_row") or len(game))
        and fullest((n - 1) % COLUMNS for n in game) <= (wanted.get("max_per_column") or len(game))
        and all(
            len(set(game) & set(draw)) < wanted["exclude_past"]
            for draw in wanted.get("past_draws", ())
        )
    )


PRIMES = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59}
FIBONACCI = {1, 2, 3, 5, 8, 13, 21, 34, 55}


def fullest(groups: Iterable[int]) -> int:
    return max(Counter(groups).values())


def within(value: int, wanted: dict[str, Any], name: str) -> bool:
    low, high = wanted.get(f"min_{name}"), wanted.get(f"max_{name}")
    return (low is None or value >= low) and (high is None or value <= high)


def longest_run(game: tuple[int, ...]) -> int:
    present = set(game)
    return max(
        next(length for length in range(1, 300) if start + length not in present) for start in game
    )
