from typing import Any

import pytest
from pydantic import ValidationError

from generation.constraints import GameConstraints, error_line
from generation.contradictions import ConstraintError, longest_run
from generation.lotteries import get_lottery

MEGA_SENA = get_lottery("mega-sena")


def refusal(**wanted: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        GameConstraints.model_validate(wanted)
    line = error_line(caught.value)
    assert "\n" not in line
    assert "Value error" not in line
    return line


def test_lists_of_numbers_are_sorted_without_repeats() -> None:
    wanted = GameConstraints(fixed_numbers=[9, 3, 9], allowed_numbers=range(20, 0, -1))
    assert wanted.fixed_numbers == (3, 9)
    assert wanted.allowed_numbers == tuple(range(1, 21))


def test_the_same_wishes_are_equal_and_hash_equally() -> None:
    one, other = (GameConstraints(fixed_numbers=order) for order in ((3, 9), (9, 3)))
    assert one == other
    assert hash(one) == hash(other)


def test_zero_is_a_seed_and_none_is_not() -> None:
    assert GameConstraints(seed=0).seed == 0
    assert GameConstraints().seed is None
    assert GameConstraints(seed=2**63 - 1).seed == 2**63 - 1


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"min_odd": 4, "max_odd": 2}, ["min_odd=4", "max_odd=2"]),
        ({"min_even": 4, "max_even": 2}, ["min_even=4", "max_even=2"]),
        ({"min_sum": 200, "max_sum": 100}, ["min_sum=200", "max_sum=100"]),
        ({"min_odd": 7}, ["min_odd=7", "numbers_per_game=6"]),
        ({"min_odd": 4, "min_even": 3}, ["min_odd=4", "min_even=3", "numbers_per_game=6"]),
        ({"max_odd": 2, "max_even": 3}, ["max_odd=2", "max_even=3", "numbers_per_game=6"]),
        (
            {"fixed_numbers": [5, 7], "excluded_numbers": [7]},
            ["fixed_numbers", "excluded_numbers", "7"],
        ),
        (
            {"fixed_numbers": [5], "allowed_numbers": range(6, 30)},
            ["fixed_numbers", "allowed_numbers", "5"],
        ),
        ({"fixed_numbers": range(1, 8)}, ["fixed_numbers", "7 numbers", "numbers_per_game=6"]),
        (
            {"allowed_numbers": range(1, 8), "excluded_numbers": [1, 2]},
            ["allowed_numbers", "excluded_numbers", "leaves 5", "numbers_per_game=6"],
        ),
        ({"allowed_numbers": []}, ["allowed_numbers"]),
        ({"fixed_numbers": [1, 3], "max_odd": 1}, ["fixed_numbers", "1, 3", "max_odd=1"]),
        ({"fixed_numbers": [2, 4], "max_even": 1}, ["fixed_numbers", "2, 4", "max_even=1"]),
        ({"fixed_numbers": [50, 60], "max_sum": 100}, ["fixed_numbers", "110", "max_sum=100"]),
        ({"fixed_numbers": [4, 5, 6], "max_run": 2}, ["fixed_numbers", "run of 3", "max_run=2"]),
        ({"fixed_numbers": [2, 3], "max_primes": 1}, ["2 primes", "max_primes=1"]),
        ({"fixed_numbers": [3, 6], "max_multiples_of_3": 1}, ["2 multiples of 3"]),
        ({"fixed_numbers": [11, 20], "max_per_decade": 1}, ["a decade", "max_per_decade=1"]),
        ({"min_repeats": 1}, ["min_repeats=1", "needs reference_draw"]),
        ({"reference_draw": [1, 2], "min_repeats": 3}, ["min_repeats=3", "2 numbers"]),
        (
            {"reference_draw": [1, 2], "max_repeats": 1, "fixed_numbers": [1, 2]},
            ["2 numbers of reference_draw", "max_repeats=1"],
        ),
        ({"min_primes": 3, "max_primes": 2}, ["min_primes=3", "max_primes=2"]),
    ],
)
def test_a_contradiction_is_refused_naming_both_sides(
    wanted: dict[str, Any], named: list[str]
) -> None:
    line = refusal(**wanted)
    assert [word for word in named if word not in line] == []


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"max_ood": 3}, ["max_ood", "known constraints", "max_odd"]),
        ({"numbers_per_game": "six"}, ["numbers_per_game", "integer", "'six'"]),
        ({"numbers_per_game": 0}, ["numbers_per_game", "0"]),
        ({"fixed_numbers": [0]}, ["fixed_numbers", "got 0"]),
        ({"fixed_numbers": 7}, ["fixed_numbers", "got 7"]),
        ({"max_run": 0}, ["max_run", "got 0"]),
        ({"seed": -1}, ["seed", "got -1"]),
        ({"seed": 2**63}, ["seed", str(2**63)]),
        ({"min_odd": -1, "max_sum": "x"}, ["min_odd", "; max_sum"]),
    ],
)
def test_a_wrong_value_is_told_in_one_line(wanted: dict[str, Any], named: list[str]) -> None:
    line = refusal(**wanted)
    assert [word for word in named if word not in line] == []


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"numbers_per_game": 5}, ["numbers_per_game=5", "Mega-Sena", "6 to 20"]),
        ({"numbers_per_game": 21}, ["numbers_per_game=21", "Mega-Sena", "6 to 20"]),
        ({"fixed_numbers": [61]}, ["fixed_numbers", "61", "1 to 60"]),
        ({"allowed_numbers": range(50, 63)}, ["allowed_numbers", "61, 62", "1 to 60"]),
        ({"excluded_numbers": [200]}, ["excluded_numbers", "200", "1 to 60"]),
        ({"excluded_numbers": range(1, 56)}, ["excluded_numbers", "leaves 5"]),
        ({"min_sum": 346}, ["min_sum=346", "345"]),
        ({"max_sum": 20}, ["max_sum=20", "21"]),
        ({"fixed_numbers": [60], "max_sum": 74}, ["max_sum=74", "75"]),
    ],
)
def test_what_a_lottery_cannot_give_is_refused(wanted: dict[str, Any], named: list[str]) -> None:
    constraints = GameConstraints.model_validate(wanted)
    with pytest.raises(ConstraintError) as caught:
        constraints.check_for(MEGA_SENA)
    assert [word for word in named if word not in str(caught.value)] == []


def test_what_a_lottery_can_give_passes() -> None:
    for wanted in ({}, {"numbers_per_game": 20}, {"min_sum": 345}, {"max_sum": 21}):
        GameConstraints.model_validate(wanted).check_for(MEGA_SENA)


def test_bounds_on_even_numbers_bound_the_odd_ones() -> None:
    assert GameConstraints().odd_range == (0, 6)
    assert GameConstraints(min_even=2, max_even=5).odd_range == (1, 4)
    assert GameConstraints(min_odd=2, max_odd=5, min_even=3).odd_range == (2, 3)


def test_the_description_lists_what_was_asked_for() -> None:
    wanted = GameConstraints(fixed_numbers=[7, 3], max_odd=4, seed=5)
    assert wanted.describe() == "numbers_per_game=6, fixed_numbers=[3, 7], max_odd=4"


def test_the_longest_run_is_found() -> None:
    for numbers, length in [((), 0), ((4,), 1), ((1, 3, 5), 1), ((1, 2, 5, 6, 7), 3)]:
        assert longest_run(numbers) == length
