"""A job's games beside the theory: exact expectations, honest deviations, calibrated tests."""

import json
from dataclasses import dataclass
from functools import cache
from math import comb
from typing import Any

import numpy as np
import pytest

from generation import distributions
from generation import statistics as module
from generation.chunks import run_chunk
from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.orders import Order
from generation.statistics import NotCounted, chance_above, statistics, statistics_of
from generation.tally import Tally

DEMO = {"min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240}
SEVEN = {"numbers_per_game": 7, "max_sum": 8}


@dataclass
class Job:
    order: Order
    tally: Any


def made(key: str, wanted: dict[str, Any], quantity: int, seed: int = 1) -> dict[str, Any]:
    lottery = get_lottery(key)
    constraints = GameConstraints.model_validate({**wanted, "seed": seed})
    tally = Tally(lottery, constraints)
    tally.add(run_chunk((0, quantity), lottery=lottery, constraints=constraints))
    return statistics(lottery, constraints, tally.as_dict())


@cache
def demo() -> dict[str, Any]:
    return made("mega-sena", DEMO, 2000)


def by_value(section: dict[str, Any], what: str) -> dict[Any, Any]:
    return {item["value"]: item[what] for item in section["values"]}


def test_what_is_expected_is_the_theorys_share_of_the_quantity() -> None:
    found = made("mega-sena", {}, 1000)
    assert found["valid_games"] == comb(60, 6)
    assert set(by_value(found["numbers"], "expected").values()) == {100.0}
    expected = by_value(found["odd"], "expected")
    assert expected[3] == pytest.approx(1000 * comb(30, 3) ** 2 / comb(60, 6), abs=1e-4)
    shared = by_value(found["overlap"], "expected")
    assert shared[6] == 0  # no other game is the first
    assert shared[1] == pytest.approx(999 * 6 * comb(54, 5) / (comb(60, 6) - 1), abs=1e-4)


@pytest.mark.parametrize("name", ["odd", "sum", "overlap"])
def test_observed_and_expected_add_up_to_the_games(name: str) -> None:
    games = 2000 - (name == "overlap")
    assert sum(by_value(demo()[name], "observed").values()) == games
    assert sum(by_value(demo()[name], "expected").values()) == pytest.approx(games, abs=0.02)


def test_the_bounds_of_the_constraints_are_the_theorys() -> None:
    assert list(by_value(demo()["odd"], "expected")) == [2, 3, 4]
    sums = list(by_value(demo()["sum"], "expected"))
    assert (sums[0], sums[-1]) == (120, 240)
    assert demo()["valid_games"] == 34_628_783


def test_statistics_are_json() -> None:
    assert json.loads(json.dumps(demo())) == demo()
    assert demo()["theory"] == "exact"


def test_all_games_there_are_leave_no_room_for_chance() -> None:
    found = made("super-sete", SEVEN, 6435)
    for name in ("numbers", "odd", "sum", "overlap"):
        assert by_value(found[name], "observed") == pytest.approx(by_value(found[name], "expected"))
        assert found[name]["chi_square"] is None
    assert found["score"] is None


@pytest.mark.slow
@pytest.mark.parametrize(("key", "wanted", "quantity"), [
    ("mega-sena", DEMO, 1000), ("super-sete", SEVEN, 5000), ("euromillions",
    {"numbers_per_game": 5}, 1000),
])  # fmt: skip
def test_one_job_in_twenty_is_called_unusual(
    key: str, wanted: dict[str, Any], quantity: int
) -> None:
    found = [made(key, wanted, quantity, seed) for seed in range(150)]
    assert sum(not one["score"]["usual"] for one in found) <= 18
    for name in ("odd", "sum", "overlap"):
        below = sum(one[name]["chi_square"]["p"] < 0.05 for one in found)
        assert 1 <= below <= 18


def test_games_that_are_not_drawn_blindly_are_noticed() -> None:
    lottery = get_lottery("mega-sena")
    tally = Tally(lottery, GameConstraints())
    games = np.sort(np.random.default_rng(1).permuted(np.tile(np.arange(1, 59), (3000, 1)), axis=1)
                    [:, :6], axis=1)  # never 59, 60  # fmt: skip
    tally.add(games.astype(np.uint8))
    score = statistics(lottery, GameConstraints(), tally.as_dict())["score"]
    assert score["of"] in {"numbers 59", "numbers 60"}
    assert score["largest_deviation"] > 15 > score["usually_below"]
    assert score["usual"] is False


def test_few_games_have_no_deviations() -> None:
    found = made("mega-sena", {}, 20)
    assert found["score"] is None
    assert found["sum"]["chi_square"]["degrees"] <= 3


def test_digits_are_told_by_column() -> None:
    found = made("super-sete", {"numbers_per_game": 7}, 2000)
    assert by_value(found["numbers"], "expected")["3:7"] == 200
    assert len(found["numbers"]["values"]) == 70


def test_a_second_group_has_its_own_numbers() -> None:
    found = made("euromillions", {"numbers_per_game": 5}, 1200)
    assert by_value(found["second"], "expected") == dict.fromkeys(range(1, 13), 200.0)
    assert "second" not in demo()


def test_wishes_that_concern_several_games_are_told_and_nothing_is_tested() -> None:
    lottery = get_lottery("mega-sena")
    constraints = GameConstraints(exclude_past=6, past_draws=((1, 2, 3, 4, 5, 6),), seed=1)
    tally = Tally(lottery, constraints)
    tally.add(run_chunk((0, 500), lottery=lottery, constraints=GameConstraints(seed=1)))
    found = statistics(lottery, constraints, tally.as_dict())
    assert found["theory"] == "without exclude_past"
    assert found["score"] is None
    assert found["odd"]["chi_square"] is None
    assert found["odd"]["values"][3]["expected"] > 0


def test_a_theory_too_large_leaves_what_was_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributions, "MAX_BYTES", 1)
    module._theory.cache_clear()
    found = made("mega-sena", {}, 100)
    module._theory.cache_clear()
    assert found["valid_games"] is None
    assert set(by_value(found["numbers"], "expected").values()) == {None}
    assert sum(by_value(found["odd"], "observed").values()) == 100
    assert found["score"] is None


def test_a_job_is_read_as_it_was_ordered_and_counted() -> None:
    lottery, constraints = get_lottery("mega-sena"), GameConstraints(seed=1)
    tally = Tally(lottery, constraints)
    tally.add(run_chunk((0, 100), lottery=lottery, constraints=constraints))
    job = Job(Order("mega-sena", constraints, 100), tally.as_dict())
    assert statistics_of(job) == made("mega-sena", {}, 100)


def test_a_job_without_counts_is_told() -> None:
    with pytest.raises(NotCounted, match="wait until it has finished"):
        statistics_of(Job(Order("mega-sena", GameConstraints(), 100), None))


@pytest.mark.parametrize(
    ("statistic", "degrees", "chance"),
    [
        (3.841, 1, 0.05), (5.991, 2, 0.05), (11.07, 5, 0.05), (18.307, 10, 0.05),
        (124.342, 100, 0.05), (0.0, 3, 1.0), (10.828, 1, 0.001), (9.488, 4, 0.05),
    ],
)  # fmt: skip
def test_the_chance_of_a_chi_square_is_that_of_printed_tables(
    statistic: float, degrees: int, chance: float
) -> None:
    assert chance_above(statistic, degrees) == pytest.approx(chance, rel=2e-3)


def test_a_hopeless_chi_square_has_no_chance() -> None:
    assert chance_above(1e6, 7) == 0.0
    assert chance_above(1e6, 400) == 0.0
