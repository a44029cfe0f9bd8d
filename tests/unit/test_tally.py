"""What is counted of a job's games: as counting them one by one, however they are sliced."""

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation import tally as counting
from generation.chunks import run_chunk
from generation.constraints import GameConstraints
from generation.lotteries import Lottery, get_lottery
from generation.tally import Tally

WANTED: dict[str, dict[str, Any]] = {
    "mega-sena": {"numbers_per_game": 8, "min_odd": 3},
    "lotofacil": {"numbers_per_game": 15},
    "quina": {"numbers_per_game": 5},  # beyond 64 numbers
    "lotomania": {"numbers_per_game": 50, "allowed_numbers": range(41, 101)},
    "euromillions": {"numbers_per_game": 5},
    "super-sete": {"numbers_per_game": 7, "max_sum": 40},
}


def games_of(key: str, quantity: int) -> tuple[Lottery, GameConstraints, Any]:
    lottery = get_lottery(key)
    constraints = GameConstraints.model_validate({**WANTED[key], "seed": 8})
    return lottery, constraints, run_chunk((0, quantity), lottery=lottery, constraints=constraints)


def one_by_one(lottery: Lottery, picks: int, games: Any) -> dict[str, Any]:
    shown = [game[:picks] for game in games.tolist()]
    held = [
        {10 * place + face + 1 if lottery.digits else face for place, face in enumerate(game)}
        for game in shown
    ]
    return {
        "games": len(shown),
        "first": sorted(held[0]),
        "numbers": counted(number for game in held for number in game),
        "second": counted(number for game in games.tolist() for number in game[picks:]),
        "odd": counted(sum(face % 2 for face in game) for game in shown),
        "sum": counted(sum(game) for game in shown),
        "overlap": counted(len(held[0] & game) for game in held[1:]),
        "neighbours": counted(len(one & other) for one, other in pairwise(held)),
    }


def counted(values: Any) -> dict[str, int]:
    return {str(value): count for value, count in sorted(Counter(values).items())}


@pytest.mark.parametrize("key", WANTED)
def test_the_counts_are_those_of_counting_one_by_one(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "BLOCK", 64)
    lottery, constraints, games = games_of(key, 300)
    tally = Tally(lottery, constraints)
    tally.add(games)
    assert tally.as_dict() == one_by_one(lottery, constraints.numbers_per_game, games)


def test_numbers_up_to_the_largest_that_fit_are_counted() -> None:
    lottery = Lottery(key="big", name="Big", pool=255, draw=20, min_picks=20, max_picks=20)
    constraints = GameConstraints(numbers_per_game=20)
    shuffled = np.random.default_rng(2).permuted(np.tile(np.arange(1, 256), (200, 1)), axis=1)
    games = np.sort(shuffled[:, :20], axis=1).astype(np.uint8)
    tally = Tally(lottery, constraints)
    tally.add(games)
    assert tally.as_dict() == one_by_one(lottery, 20, games)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 100), max_size=6))
def test_how_games_are_sliced_does_not_matter(cuts: list[int]) -> None:
    lottery, constraints, games = games_of("euromillions", 100)
    whole, sliced = Tally(lottery, constraints), Tally(lottery, constraints)
    whole.add(games)
    for start, stop in pairwise([0, *sorted(cuts), 100]):
        sliced.add(games[start:stop])
    assert sliced.as_dict() == whole.as_dict()


def test_the_counts_are_json() -> None:
    lottery, constraints, games = games_of("mega-sena", 50)
    tally = Tally(lottery, constraints)
    tally.add(games)
    assert json.loads(json.dumps(tally.as_dict())) == tally.as_dict()


def test_the_games_stay_as_they_are() -> None:
    lottery, constraints, games = games_of("super-sete", 50)
    before = games.copy()
    games.setflags(write=False)
    Tally(lottery, constraints).add(games)
    assert np.array_equal(games, before)


def test_no_games_are_no_counts() -> None:
    lottery, constraints, games = games_of("mega-sena", 1)
    tally = Tally(lottery, constraints)
    tally.add(games[:0])
    assert tally.as_dict() == {
        "games": 0, "first": [], "numbers": {}, "second": {}, "odd": {}, "sum": {},
        "overlap": {}, "neighbours": {},
    }  # fmt: skip


def test_a_single_game_shares_nothing_with_another() -> None:
    lottery, constraints, games = games_of("mega-sena", 1)
    tally = Tally(lottery, constraints)
    tally.add(games)
    found = tally.as_dict()
    assert (found["games"], found["overlap"], found["neighbours"]) == (1, {}, {})
