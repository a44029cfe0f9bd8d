"""Bounds on overlapping games, against the largest sets that a search finds."""

from itertools import combinations
from math import comb

import pytest

from generation.bounds import distances_bound, frankl_sizes, intersecting_bound, packing_bound


def largest_set(numbers: int, picks: int, least: int, most: int) -> int:
    """The most games of which any two share so many numbers, by search; one of them is given, for
    games are all alike."""
    games = [set(game) for game in combinations(range(numbers), picks)]
    goes = [
        sum(
            1 << b for b, other in enumerate(games) if a != b and least <= len(game & other) <= most
        )
        for a, game in enumerate(games)
    ]

    def grow(size: int, candidates: int, best: int) -> int:
        while candidates and size + candidates.bit_count() > best:
            game = candidates.bit_length() - 1
            candidates &= ~(1 << game)
            best = grow(size + 1, candidates & goes[game], max(best, size + 1))
        return best

    return grow(1, goes[0], 1)


SIZES = [(n, k) for n in range(1, 8) for k in range(1, n + 1) if comb(n, k) <= 21]


@pytest.mark.parametrize(("numbers", "picks"), SIZES)
def test_no_set_of_games_exceeds_its_bound(numbers: int, picks: int) -> None:
    for most in range(picks):
        assert largest_set(numbers, picks, 0, most) <= packing_bound(numbers, picks, most)
        for least in range(max(0, 2 * picks - numbers), most + 1):
            found = largest_set(numbers, picks, least, most)
            assert found <= distances_bound(numbers, least, most)


@pytest.mark.parametrize(("numbers", "picks"), [*SIZES, (7, 3), (7, 4)])
def test_the_bound_of_games_that_share_numbers_is_reached(numbers: int, picks: int) -> None:
    for least in range(1, picks + 1):
        assert largest_set(numbers, picks, least, picks) == intersecting_bound(
            numbers, picks, least
        )


@pytest.mark.parametrize(
    ("most", "bound"), [(-1, 1), (0, 10), (1, 110), (2, 1_650), (3, 32_450), (4, 910_250)]
)
def test_johnsons_bound_of_6_of_60(most: int, bound: int) -> None:
    assert packing_bound(60, 6, most) == bound
    assert packing_bound(60, 6, 6) == comb(60, 6)


def test_games_that_leave_out_few_numbers_are_bounded_by_those() -> None:
    assert packing_bound(25, 15, 4) == 1  # any two share five
    assert packing_bound(20, 15, 12) == packing_bound(20, 5, 2)


def test_the_largest_family_need_not_be_a_star() -> None:
    assert frankl_sizes(8, 4, 2) == [15, 17, 15]
    assert intersecting_bound(60, 6, 2) == comb(58, 4)
