"""Staying clear of past draws, exactly or by a filter, and bounds that need a second stage."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from generation import filters, past
from generation.chunks import run_chunk
from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.filters import PastFilter
from generation.lotteries import get_lottery
from generation.space import GameSpace
from tests.games import kernel_or_skip, satisfies

MEGA_SENA = get_lottery("mega-sena")
DRAWS = ((1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 7), (10, 20, 30, 40, 50, 60))


def space_of(**wanted: Any) -> GameSpace:
    return GameSpace(MEGA_SENA, GameConstraints(**wanted))


@pytest.mark.parametrize("least", ["all", 6, 5])
def test_games_near_a_past_draw_are_taken_out_of_the_count(least: Any) -> None:
    gone = _near_draws() if least == 5 else set(DRAWS)
    space = space_of(exclude_past=least, past_draws=DRAWS)
    assert space.exact
    assert space.count == 50_063_860 - len(gone)


def _near_draws() -> set[tuple[int, ...]]:
    """Every game that differs from a draw in one number at most."""
    return {
        tuple(sorted({*draw[:place], *draw[place + 1 :], other}))
        for draw in DRAWS
        for place in range(6)
        for other in range(1, 61)
        if other not in draw[:place] + draw[place + 1 :]
    }


def test_true_means_draws_whole_and_false_nothing() -> None:
    assert GameConstraints(exclude_past=True) == GameConstraints(exclude_past="all")
    assert GameConstraints(exclude_past=True) != GameConstraints(exclude_past=1)
    assert GameConstraints(exclude_past=False) == GameConstraints()


def test_tickets_of_more_numbers_are_excluded_when_they_hold_a_draw_whole() -> None:
    space = space_of(numbers_per_game=7, exclude_past="all", past_draws=[DRAWS[2]])
    assert space.count == space_of(numbers_per_game=7).count - 54


def test_a_second_group_plays_no_part_in_past_draws() -> None:
    lottery = get_lottery("powerball")
    draws = [(1, 2, 3, 4, 5)]
    wanted = GameConstraints(numbers_per_game=5, exclude_past="all", past_draws=draws)
    every = GameSpace(lottery, GameConstraints(numbers_per_game=5))
    assert GameSpace(lottery, wanted).count == every.count - 26


def test_kernel_and_numpy_skip_the_same_games() -> None:
    kernel_or_skip()
    wanted = GameConstraints(
        fixed_numbers=[2], min_odd=2, max_run=2, exclude_past=4, past_draws=DRAWS, seed=5
    )
    ours, theirs = (
        run_chunk((500, 9000), lottery=MEGA_SENA, constraints=wanted, compiled=compiled)
        for compiled in (True, False)
    )
    assert np.array_equal(ours, theirs)
    shared = [max(len(set(game) & set(draw)) for draw in DRAWS) for game in ours.tolist()]
    assert max(shared) == 3


def test_too_many_neighbours_are_filtered_and_the_same_games_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = {"allowed_numbers": range(1, 21), "exclude_past": 4, "past_draws": DRAWS}
    exact = space_of(**wanted)
    monkeypatch.setattr(past, "MAX_NEIGHBOURS", 100)
    filtered = space_of(**wanted)
    assert (exact.exact, filtered.exact) == (True, False)
    every = filtered.finished(filtered.drawn(np.arange(filtered.count)))
    assert np.array_equal(every, exact.unrank(np.arange(exact.count)))
    assert exact.count < filtered.count


@pytest.mark.parametrize("least", range(1, 8))
def test_marked_subsets_and_the_matrix_product_tell_the_same(
    least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = tuple(tuple(sorted({1 + (7 * i + j * j) % 60 for j in range(7)})) for i in range(20))
    draws = tuple(draw for draw in draws if len(draw) == 7)
    games = space_of().sample()[:2000]
    told = [PastFilter(least, draws, 60, 6).passing(games)]
    monkeypatch.setattr(filters, "MAX_SUBSETS", 0)
    told.append(PastFilter(least, draws, 60, 6).passing(games))
    assert np.array_equal(*told)
    shared = [max(len(set(game) & set(draw)) for draw in draws) for game in games.tolist()]
    assert told[0].tolist() == [most < least for most in shared]


@pytest.mark.slow
def test_many_past_draws_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = tuple((1, 2, 3, 4, 5, 6 + i % 55) for i in range(20_000))
    games = space_of().sample()
    monkeypatch.setattr(filters, "MAX_SUBSETS", 0)
    for one in (PastFilter(5, draws, 60, 6), PastFilter(5, draws[:1], 60, 6)):
        tracemalloc.start()
        one.passing(games)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 32 * 2**20


def test_what_does_not_fit_the_table_is_left_to_filters() -> None:
    space = space_of(max_per_column=3, min_sum=100, max_sum=250, max_primes=3)
    assert not space.exact
    assert all(one.name != "sum" for one in space.filters)  # a sum cuts much for its size
    games = space.finished(space.sample())
    wanted = {"min_sum": 100, "max_sum": 250, "max_primes": 3}
    assert all(satisfies(tuple(game), wanted) for game in games[:500].tolist())
    columns = (games.astype(int) - 1) % 10
    assert max(np.bincount(row).max() for row in columns) == 3
    assert len(games) == pytest.approx(space.share() * 2**14)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"exclude_past": 5}, "needs past_draws"),
        ({"past_draws": DRAWS}, "needs exclude_past"),
        ({"exclude_past": 7, "past_draws": DRAWS}, "excludes nothing"),
        ({"exclude_past": 5, "past_draws": [(1, 2)]}, "past_draws contains 1, 2"),
        (
            {"exclude_past": 2, "past_draws": DRAWS, "fixed_numbers": [1, 2]},
            "excludes every game",
        ),
    ],
)
def test_past_draws_that_make_no_sense_are_refused(wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(ConstraintError, match=message):
        space_of(**wanted)
