"""A job's games: as ordered, whatever the chunks; and what is told where there are too few."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from generation import counting, fitting, making
from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.making import Games, Making, demand
from generation.overlap import TooManyForOverlap
from generation.space import GameSpace, NotEnoughGames

MEGA_SENA = get_lottery("mega-sena")
COLUMNS = {"max_per_column": 3, "min_sum": 100, "max_sum": 250, "max_primes": 3}  # with a filter


def make(quantity: int, chunk_size: int | None = None, **wanted: Any) -> tuple[Making, Games]:
    ordered = Making(MEGA_SENA, GameConstraints(**wanted, seed=9), quantity, chunk_size=chunk_size)
    return ordered, np.concatenate([np.empty((0, 6), dtype=np.uint8), *ordered])


@pytest.mark.parametrize(
    ("wanted", "quantity"),
    [
        ({}, 5_000),
        (COLUMNS, 5_000),
        ({"max_repetition": 3}, 2_000),
        ({"max_repetition": 4}, 5_000),
        ({"max_repetition": 3, **COLUMNS}, 1_000),
        ({"min_repetition": 2, "max_repetition": 4}, 1_000),
    ],
)
def test_games_do_not_depend_on_chunks_and_a_short_job_begins_a_long_one(
    wanted: dict[str, Any], quantity: int
) -> None:
    whole, games = make(quantity, **wanted)
    assert whole.complete
    assert (whole.delivered, whole.reason) == (quantity, "")
    assert len(np.unique(games, axis=0)) == quantity
    for size in (7 * quantity, 701):
        assert np.array_equal(make(quantity, size, **wanted)[1], games)
    assert np.array_equal(make(100, **wanted)[1], games[:100])


def test_any_two_games_share_as_many_numbers_as_wanted() -> None:
    _, games = make(800, min_repetition=2, max_repetition=4)
    sets = [set(game) for game in games.tolist()]
    assert {len(one & other) for one, other in combinations(sets, 2)} <= {2, 3, 4}


def test_what_a_search_cannot_find_is_told_and_the_rest_delivered() -> None:
    ordered, games = make(45, allowed_numbers=range(1, 21), max_repetition=2)
    assert not ordered.complete
    assert 10 < ordered.delivered == len(games) < 45
    assert "greedy search kept" in ordered.reason
    assert "45 ordered" in ordered.reason
    assert "38,760 candidates" in ordered.reason


def test_a_quantity_beyond_a_small_filtered_space_is_refused_with_the_exact_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = GameConstraints(allowed_numbers=range(1, 18), max_per_column=1, max_sum=60)
    exact = GameSpace(MEGA_SENA, wanted).count
    monkeypatch.setattr(counting, "MAX_TABLE_BYTES", 2**12)
    monkeypatch.setattr(fitting, "FITTED_BYTES", 2**12)
    assert exact < GameSpace(MEGA_SENA, wanted).count
    assert demand(MEGA_SENA, wanted, exact).filters
    with pytest.raises(NotEnoughGames, match=f"only {exact:,} games"):
        demand(MEGA_SENA, wanted, exact + 1)


def test_a_filter_that_lets_nearly_nothing_pass_is_refused_with_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(making, "MAX_CANDIDATES", 10_000)
    wanted = GameConstraints(**COLUMNS)
    assert demand(MEGA_SENA, wanted, 1_000).filters
    with pytest.raises(NotEnoughGames, match=r"of 16,384 candidates satisfy .* order fewer"):
        demand(MEGA_SENA, wanted, 50_000)


def test_more_games_than_can_overlap_so_little_are_refused_with_the_bound() -> None:
    with pytest.raises(TooManyForOverlap, match="910,250"):
        demand(MEGA_SENA, GameConstraints(max_repetition=4), 910_251)


def test_candidates_end_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MAX_CANDIDATES", 10_000)
    ordered, games = make(9_999, **COLUMNS)
    assert not ordered.complete
    assert 9_000 < len(games) < 9_999
    assert "the first 10,000 candidates" in ordered.reason


def test_what_is_not_wanted_any_more_is_not_made() -> None:
    made: list[tuple[int, int]] = []
    closed: list[bool] = []

    def imap(func: Any, items: Any, **kwargs: Any) -> Iterator[Games]:
        try:
            for item in items:
                made.append(item)
                yield func(item, **kwargs)
        finally:
            closed.append(True)

    wanted = GameConstraints(**COLUMNS, seed=1)
    parts = list(Making(MEGA_SENA, wanted, 500, chunk_size=400, imap=imap))
    assert sum(map(len, parts)) == 500
    assert made == [(0, 400), (400, 800)]
    assert closed == [True]


def test_the_end_of_candidates_within_the_first_of_two_families_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(making, "MAX_CANDIDATES", 1_000)
    ordered, games = make(850_000, max_repetition=4)  # more than a class has
    assert len(games) == ordered.delivered == 1_000
    assert "greedy search kept 1,000" in ordered.reason
    assert "the first 1,000 candidates" in ordered.reason


def test_a_large_chunk_is_cut_to_what_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "default_chunk_size", lambda width: 100)
    made: list[int] = []

    def imap(func: Any, items: Any, **kwargs: Any) -> Iterator[Games]:
        for start, stop in items:
            made.append(stop - start)
            yield func((start, stop), **kwargs)

    for wanted, most in (({}, 400), (COLUMNS, 100)):
        constraints = GameConstraints(**wanted, seed=1)
        ordered = Making(MEGA_SENA, constraints, 500, chunk_size=100_000_000, imap=imap)
        assert sum(map(len, ordered)) == 500
        assert max(made) == most
        made.clear()
