"""Plans for the overlap of any two games, all pairs looked at."""

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from generation import distributions, past
from generation.chunks import job_space, run_chunk
from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.families import WHOLE
from generation.lotteries import get_lottery
from generation.overlap import TooManyForOverlap, overlap_bound, plan_overlap
from generation.space import GameSpace, NotEnoughGames
from tests.games import all_games, small_lottery
from tests.overlap import deliver, least_and_most_shared, lottery_of_two_groups

MEGA_SENA = get_lottery("mega-sena")


def constraints(**wanted: Any) -> GameConstraints:
    return GameConstraints.model_validate({"seed": 5, **wanted})


@st.composite
def overlaps(draw: st.DrawFn) -> tuple[int, dict[str, Any], int]:
    """A pool, constraints with limits on overlap, and a quantity."""
    pool = draw(st.integers(5, 11))
    picks = draw(st.integers(2, min(pool, 6)))
    optional = {
        "max_repetition": st.integers(0, picks),
        "min_repetition": st.integers(0, picks),
        "fixed_numbers": st.sets(st.integers(1, pool), max_size=2),
        "excluded_numbers": st.sets(st.integers(1, pool), max_size=2),
        "max_odd": st.integers(1, picks),
        "min_sum": st.integers(1, 20),
        "max_run": st.integers(1, picks),
    }
    wanted = draw(st.fixed_dictionaries({}, optional=optional))
    wanted["seed"] = draw(st.integers(0, 2**63 - 1))
    return pool, {"numbers_per_game": picks, **wanted}, draw(st.integers(1, 60))


@settings(max_examples=300, deadline=None)
@given(overlaps(), st.booleans())
def test_any_two_games_of_a_plan_overlap_as_wanted(
    drawn: tuple[int, dict[str, Any], int], second: bool
) -> None:
    pool, wanted, quantity = drawn
    picks = wanted["numbers_per_game"]
    lottery = lottery_of_two_groups(pool, picks, 3, 1) if second else small_lottery(pool, picks)
    try:
        asked = GameConstraints.model_validate(wanted)
        GameSpace(lottery, asked).require(1)
        games = deliver(lottery, asked, quantity)
    except (ConstraintError, ValidationError, NotEnoughGames):
        assume(False)
    except TooManyForOverlap:
        assert quantity > overlap_bound(lottery, asked)
        return
    assert 1 <= len(games) <= quantity <= overlap_bound(lottery, asked)
    assert len({tuple(game) for game in games.tolist()}) == len(games)
    allowed = set(all_games(lottery, wanted))
    main = [tuple(game) for game in games[:, :picks].tolist()]
    assert set(main) <= allowed
    least, most = least_and_most_shared(main)
    assert least >= wanted.get("min_repetition", 0)
    assert most <= wanted.get("max_repetition", picks)


@pytest.mark.parametrize("quantity", [10, 26, 27, 40])
def test_without_other_wishes_the_largest_family_is_delivered_whole(quantity: int) -> None:
    lottery = small_lottery(8, 4)
    asked = constraints(numbers_per_game=4, min_repetition=2)
    assert overlap_bound(lottery, asked) == 17
    games = deliver(lottery, asked, min(quantity, 17))
    assert len(games) == min(quantity, 17)
    if quantity > 17:
        with pytest.raises(TooManyForOverlap, match=rf"{quantity} games wanted.*at most 17 "):
            plan_overlap(lottery, asked, quantity)


def test_one_residue_class_is_enough_for_800_000_games() -> None:
    plan = plan_overlap(MEGA_SENA, constraints(max_repetition=4), 800_000)
    assert not plan.selects
    assert plan.bound == 910_250
    (family,) = plan.families
    assert family.modulus == 60
    assert GameSpace(MEGA_SENA, constraints(), family).count >= 834_000
    job = {"lottery": MEGA_SENA, "constraints": constraints(), "family": family}
    games = run_chunk((0, 3000), **job)
    assert np.array_equal(games[700:800], run_chunk((700, 800), **job))
    assert set(games.sum(axis=1, dtype=int) % 60) == {family.residue}
    assert least_and_most_shared(games[:300].tolist())[1] <= 4


def test_the_class_is_the_seeds() -> None:
    classes = {
        plan_overlap(MEGA_SENA, constraints(max_repetition=4, seed=seed), 1000).families
        for seed in range(20)
    }
    assert len(classes) > 10


def test_beyond_the_largest_class_the_rest_is_searched() -> None:
    plan = plan_overlap(MEGA_SENA, constraints(max_repetition=4), 840_000)
    assert plan.selects
    assert plan.families[0].modulus == 60
    assert plan.families[1] == WHOLE


def test_classes_are_counted_under_all_constraints() -> None:
    wanted = constraints(max_repetition=4, max_odd=0)  # sums are even: half the classes are empty
    plan = plan_overlap(MEGA_SENA, wanted, 5_000)
    assert not plan.selects
    assert job_space(MEGA_SENA, wanted, plan.families[0])[0].count >= 5_000


def test_where_the_sum_needs_too_large_a_table_the_games_are_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = constraints(max_repetition=4, max_odd=3, max_primes=3, seed=77)
    monkeypatch.setattr(distributions, "MAX_BYTES", 1000)
    plan = plan_overlap(MEGA_SENA, wanted, 1000)
    assert (plan.families, plan.selects) == ((WHOLE,), True)


def test_after_the_past_is_taken_out_a_class_may_not_be_enough() -> None:
    few = {"max_repetition": 4, "allowed_numbers": range(1, 10)}
    classes: dict[int, list[tuple[int, ...]]] = {}
    for game in combinations(range(1, 10), 6):
        classes.setdefault(sum(game) % 9, []).append(game)
    largest = max(map(len, classes.values()))
    plan = plan_overlap(MEGA_SENA, constraints(**few), largest)
    assert not plan.selects
    past = [games[0] for games in classes.values() if len(games) == largest]
    wanted = constraints(**few, exclude_past=6, past_draws=past)
    plan = plan_overlap(MEGA_SENA, wanted, largest)
    assert (plan.selects, plan.families[1]) == (True, WHOLE)
    assert not plan_overlap(MEGA_SENA, wanted, largest - 1).selects


def test_a_core_is_taken_from_games_that_there_are() -> None:
    wanted = constraints(min_repetition=3, max_per_decade=1, max_odd=1)
    (family,) = plan_overlap(MEGA_SENA, wanted, 500).families
    assert len(family.core) == family.core_least == 3
    assert GameSpace(MEGA_SENA, wanted, family).count == 500  # 125 for a core with an odd number


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"max_repetition": 6},
        {"max_repetition": 5},
        {"min_repetition": 0},
        {"min_repetition": 2, "fixed_numbers": [7, 8]},
        {"min_repetition": 2, "allowed_numbers": range(1, 11)},
    ],
)
def test_what_holds_anyway_costs_nothing(wanted: dict[str, Any]) -> None:
    plan = plan_overlap(MEGA_SENA, constraints(**wanted), 100)
    assert (plan.families, plan.selects) == ((WHOLE,), False)


@pytest.mark.parametrize(
    ("wanted", "quantity", "told"),
    [
        ({"max_repetition": 4}, 910_251, ["910,251", "910,250", "max_repetition=4", "raise"]),
        ({"max_repetition": 3, "fixed_numbers": [1, 2]}, 276, ["most 275", "2 of them fixed"]),
        ({"max_repetition": 1, "fixed_numbers": [1, 2]}, 2, ["at most 1 games", "raise"]),
        ({"min_repetition": 2}, 424_271, ["424,270", "lower min_repetition"]),
        ({"min_repetition": 2, "max_repetition": 3}, 1_771, ["1,770", "raise", "lower"]),
        ({"max_repetition": 0, "allowed_numbers": range(1, 19)}, 4, ["at most 3", "the 18 of"]),
    ],
)
def test_more_than_the_bound_is_refused_with_it(
    wanted: dict[str, Any], quantity: int, told: list[str]
) -> None:
    asked = constraints(**wanted)
    plan_overlap(MEGA_SENA, asked, quantity - 1)
    with pytest.raises(TooManyForOverlap) as caught:
        plan_overlap(MEGA_SENA, asked, quantity)
    for part in told:
        assert part in str(caught.value)


def test_games_of_two_groups_differ_in_their_main_numbers_where_overlap_is_limited() -> None:
    lottery = lottery_of_two_groups(8, 3, 3, 1)
    assert overlap_bound(lottery, constraints(numbers_per_game=3)) == comb(8, 3) * 3
    assert overlap_bound(lottery, constraints(numbers_per_game=3, max_repetition=2)) == comb(8, 3)
    games = deliver(lottery, constraints(numbers_per_game=3, max_repetition=2), comb(8, 3))
    assert len(games) == comb(8, 3)


def test_one_game_has_no_other_to_overlap_with() -> None:
    plan = plan_overlap(MEGA_SENA, constraints(max_repetition=0, fixed_numbers=[1]), 1)
    assert (plan.families, plan.bound) == ((WHOLE,), 1)


def test_a_plan_needs_a_seed_but_its_bound_does_not() -> None:
    wanted = GameConstraints(max_repetition=4)
    assert overlap_bound(MEGA_SENA, wanted) == 910_250
    with pytest.raises(ValueError, match="seed=None"):
        plan_overlap(MEGA_SENA, wanted, 100)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"min_repetition": 3, "max_repetition": 2}, "min_repetition=3 is greater than max_rep"),
        ({"min_repetition": 7}, "min_repetition=7 is greater than numbers_per_game=6"),
    ],
)
def test_overlaps_that_contradict_are_refused(wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        constraints(**wanted)


@pytest.mark.parametrize("name", ["min_repetition", "max_repetition"])
@pytest.mark.parametrize("value", [0, 3])
def test_digits_do_not_overlap(name: str, value: int) -> None:
    lottery = get_lottery("super-sete")
    wanted = GameConstraints.model_validate({"numbers_per_game": 7, "seed": 1, name: value})
    with pytest.raises(ConstraintError, match=f"{name} has no meaning in Super Sete"):
        plan_overlap(lottery, wanted, 10)


def test_cores_are_of_games_that_pass_the_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "MAX_NEIGHBOURS", 0)
    lottery = lottery_of_two_groups(9, 4, 4, 2)
    for seed in range(20):
        wanted = GameConstraints(
            numbers_per_game=4, second_numbers_per_game=2, min_sum=18, excluded_numbers=[2],
            exclude_past=1, past_draws=[(1,), (4,), (6,), (9,)], min_repetition=4, seed=seed,
        )  # fmt: skip
        assert len(deliver(lottery, wanted, 6)) == 6
