"""How games spread, by counting: against the list of all games, and against known figures."""

from collections import Counter
from itertools import product
from math import comb
from typing import Any

import pytest
from hypothesis import given, settings

from generation import distributions
from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.distributions import (
    TheoryTooLarge,
    distribution,
    face_sum,
    frequencies,
    left_out,
    odd,
    shared_with,
)
from generation.lotteries import Lottery, SecondGroup, get_lottery
from generation.space import GameSpace
from tests.games import all_games, small_lottery
from tests.properties.test_space_properties import Wish, met_wishes

MEGA_SENA = get_lottery("mega-sena")
SOME = [1, 4, 5, 9]
ALONE: list[dict[str, Any]] = [
    {},
    {"fixed_numbers": [3, 4, 11]},
    {"allowed_numbers": [1, 2, 3, 5, 6, 8, 9, 12]},
    {"excluded_numbers": [2, 12]},
    {"min_odd": 2, "max_odd": 3},
    {"min_even": 3},
    {"min_sum": 28, "max_sum": 36},
    {"max_primes": 2},
    {"min_fibonacci": 3},
    {"max_multiples_of_3": 1},
    {"max_run": 1},
    {"max_run": 3},
    {"max_run": 2, "fixed_numbers": [4, 6], "excluded_numbers": [5, 9]},
    {"max_per_decade": 4},
    {"max_per_row": 2},
    {"max_per_column": 2},
    {"reference_draw": [2, 3, 5, 7, 11], "min_repeats": 1, "max_repeats": 2},
]


def constraints_of(wanted: dict[str, Any]) -> GameConstraints:
    return GameConstraints.model_validate({"numbers_per_game": 5, **wanted})


def demand_agreement(lottery: Lottery, wanted: dict[str, Any]) -> None:
    """Every distribution is that of the list of all games."""
    constraints = GameConstraints.model_validate(wanted)
    games = all_games(lottery, wanted)
    spread = Counter(sum(game) for game in games)
    assert distribution(lottery, constraints, face_sum(lottery)) == spread
    spread = Counter(sum(n % 2 for n in game) for game in games)
    assert distribution(lottery, constraints, odd(lottery)) == spread
    spread = Counter(len(set(game) & set(SOME)) for game in games)
    assert distribution(lottery, constraints, shared_with(SOME)) == spread
    held = Counter(number for game in games for number in game)
    expected = {number: held[number] for number in range(1, lottery.pool + 1)}
    assert frequencies(lottery, constraints) == expected


@pytest.mark.parametrize("wanted", ALONE, ids=str)
def test_each_constraint_alone_agrees_with_trying_each_game(wanted: dict[str, Any]) -> None:
    demand_agreement(small_lottery(12, 5), {"numbers_per_game": 5, **wanted})


@settings(max_examples=150, deadline=None)
@given(met_wishes())
def test_any_constraints_together_agree_with_trying_each_game(wish: Wish) -> None:
    pool, wanted = wish
    wanted = {name: value for name, value in wanted.items() if "past" not in name}
    demand_agreement(small_lottery(pool, wanted["numbers_per_game"]), wanted)


def test_a_second_group_multiplies_and_changes_nothing_else() -> None:
    plain = small_lottery(9, 3)
    lottery = Lottery(
        key="small", name="Small", pool=9, draw=3, min_picks=3, max_picks=3,
        second=SecondGroup("stars", 4, 2, 2, 3),
    )  # fmt: skip
    wanted = {"numbers_per_game": 3, "max_run": 2, "min_sum": 10}
    both = GameConstraints.model_validate({**wanted, "second_numbers_per_game": 3})
    main = GameConstraints.model_validate(wanted)
    alone = distribution(plain, main, face_sum(plain))
    assert distribution(lottery, both, face_sum(lottery)) == {k: 4 * n for k, n in alone.items()}
    alone = frequencies(plain, main)
    assert frequencies(lottery, both) == {k: 4 * n for k, n in alone.items()}


def test_digits_are_counted_by_their_faces_and_held_by_column() -> None:
    lottery = get_lottery("super-sete")
    wanted = GameConstraints(numbers_per_game=7, max_sum=4, min_odd=2)
    games = [
        game
        for game in product(range(5), repeat=7)
        if sum(game) <= 4 and sum(digit % 2 for digit in game) >= 2
    ]
    assert distribution(lottery, wanted, face_sum(lottery)) == Counter(map(sum, games))
    held = Counter(10 * place + digit + 1 for game in games for place, digit in enumerate(game))
    found = frequencies(lottery, wanted)
    assert {number: count for number, count in found.items() if count} == held
    first = [10 * place + 1 for place in range(7)]  # the game of zeros
    shared = Counter(game.count(0) for game in games)
    assert distribution(lottery, wanted, shared_with(first)) == shared


def test_without_constraints_the_distributions_are_the_known_ones() -> None:
    every = GameConstraints()
    assert distribution(MEGA_SENA, every, odd(MEGA_SENA)) == {
        count: comb(30, count) * comb(30, 6 - count) for count in range(7)
    }
    assert distribution(MEGA_SENA, every, shared_with(range(1, 7))) == {
        shared: comb(6, shared) * comb(54, 6 - shared) for shared in range(7)
    }
    sums = distribution(MEGA_SENA, every, face_sum(MEGA_SENA))
    assert (min(sums), max(sums), sums[21]) == (21, 345, 1)
    assert set(frequencies(MEGA_SENA, every).values()) == {comb(59, 5)}


def test_large_spaces_are_counted_as_their_numbering_counts_them() -> None:
    hard = {"min_odd": 6, "max_odd": 9, "min_sum": 400, "max_sum": 520, "max_run": 3}
    wanted = GameConstraints.model_validate({"numbers_per_game": 15, **hard})
    count = GameSpace(MEGA_SENA, wanted).count
    sums = distribution(MEGA_SENA, wanted, face_sum(MEGA_SENA))
    assert (min(sums), max(sums)) == (400, 520)
    assert sum(sums.values()) == count
    assert sum(frequencies(MEGA_SENA, wanted).values()) == 15 * count


def test_counts_beyond_64_bits_are_exact() -> None:
    lottery = get_lottery("lotomania")
    wanted = GameConstraints(numbers_per_game=50)
    spread = distribution(lottery, wanted, odd(lottery))
    assert spread == {count: comb(50, count) ** 2 for count in range(51)}


def test_constraints_that_no_game_satisfies_give_nothing() -> None:
    none = GameConstraints(min_sum=344, max_odd=0)
    assert distribution(MEGA_SENA, none, odd(MEGA_SENA)) == {}
    assert set(frequencies(MEGA_SENA, none).values()) == {0}


def test_what_the_lottery_contradicts_is_refused() -> None:
    with pytest.raises(ConstraintError):
        distribution(MEGA_SENA, GameConstraints(numbers_per_game=5), odd(MEGA_SENA))


@pytest.mark.parametrize("limit", ["MAX_BYTES", "MAX_WORK"])
def test_what_is_too_large_is_refused_before_it_is_counted(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributions, limit, 1000)
    wanted = GameConstraints(max_sum=200)
    with pytest.raises(TheoryTooLarge, match=r"by .*sum needs .* MiB .* narrow the bounds"):
        distribution(MEGA_SENA, wanted, odd(MEGA_SENA))
    with pytest.raises(TheoryTooLarge):
        frequencies(MEGA_SENA, wanted)


def test_what_is_not_of_a_single_game_is_told() -> None:
    assert left_out(GameConstraints(max_odd=3)) == ()
    wanted = GameConstraints(exclude_past=5, past_draws=((1, 2, 3, 4, 5, 6),), max_repetition=4)
    assert left_out(wanted) == ("exclude_past", "max_repetition")
    assert distribution(MEGA_SENA, wanted, odd(MEGA_SENA)) == distribution(
        MEGA_SENA, GameConstraints(), odd(MEGA_SENA)
    )
