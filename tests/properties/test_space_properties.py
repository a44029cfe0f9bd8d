"""Small lotteries, any constraints: the space against the list of all games."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from generation import counting, fitting, past
from generation.classes import CLASSES, decade
from generation.compiled import draw_by_kernel, draw_by_numpy
from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.counting import TableTooLarge
from generation.lotteries import Lottery
from generation.permutation import Permutation
from generation.space import GameSpace
from tests.games import (
    COLUMNS,
    all_games,
    fullest,
    kernel_or_skip,
    longest_run,
    small_lottery,
)

GROUPS = {
    "decade": decade,
    "row": lambda number: (number - 1) // COLUMNS,
    "column": lambda number: (number - 1) % COLUMNS,
}


@pytest.fixture(autouse=True, scope="module", params=["one stage", "two stages"])
def tables(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Small tables, so that many wishes leave something to the second stage; or else tables that
    hold all. Those that need a large one are of no interest, and slow."""
    small = request.param == "two stages"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "MAX_TABLE_BYTES", 2**13 if small else 2**23)
        patch.setattr(fitting, "FITTED_BYTES", 2**13 if small else 2**30)
        patch.setattr(past, "MAX_NEIGHBOURS", 20 if small else 2**20)
        yield small


def space_of(lottery: Lottery, wanted: dict[str, Any]) -> GameSpace:
    """The space; other wishes are tried instead of those that need a large table."""
    constraints = GameConstraints.model_validate(wanted)
    try:
        return GameSpace(lottery, constraints)
    except TableTooLarge:
        reject()


type Wish = tuple[int, dict[str, Any]]


@st.composite
def any_wishes(draw: st.DrawFn) -> Wish:
    """A pool and constraints for it; most contradict each other or leave no game."""
    pool = draw(st.integers(1, 12))
    picks = draw(st.integers(1, min(pool, 7)))
    count, total = st.integers(0, picks), st.integers(0, pool * picks)
    optional = {
        "fixed_numbers": st.sets(st.integers(1, pool), max_size=min(picks, 3)),
        "excluded_numbers": st.sets(st.integers(1, pool), max_size=3),
        "allowed_numbers": st.sets(st.integers(1, pool), min_size=max(1, picks - 1)),
        **{f"{end}_{kind}": count for end in ("min", "max") for kind in CLASSES},
        "min_repeats": count,
        "max_repeats": count,
        **{f"max_per_{group}": st.integers(1, picks) for group in GROUPS},
        "min_sum": total,
        "max_sum": total,
        "max_run": st.integers(1, picks),
    }
    wanted = draw(st.fixed_dictionaries({}, optional=optional))
    wanted["reference_draw"] = draw(st.sets(st.integers(1, pool), min_size=1))
    return pool, {"numbers_per_game": picks, **wanted, **draw(past_draws(pool))}


@st.composite
def past_draws(draw: st.DrawFn, pool: int) -> dict[str, Any]:
    """Nothing, or draws of three numbers to stay clear of."""
    if pool < 3 or draw(st.booleans()):
        return {}
    one = st.permutations(range(1, pool + 1)).map(lambda numbers: tuple(sorted(numbers[:3])))
    return {
        "exclude_past": draw(st.integers(1, 3)),
        "past_draws": tuple(draw(st.lists(one, min_size=1, max_size=6))),
    }


@st.composite
def met_wishes(draw: st.DrawFn) -> Wish:
    """A pool and constraints for it that at least one game satisfies, because they are made so."""
    pool = draw(st.integers(5, 14))
    picks = draw(st.integers(1, min(pool, 7)))
    game = tuple(sorted(draw(st.permutations(range(1, pool + 1)))[:picks]))
    others = sorted(set(range(1, pool + 1)) - set(game))
    reference = draw(st.sets(st.integers(1, pool), min_size=1))
    spare = st.sets(st.sampled_from(others)) if others else st.just(set())
    optional = {
        "fixed_numbers": st.sets(st.sampled_from(game), max_size=3),
        "excluded_numbers": spare.map(lambda some: set(list(some)[:3])),
        "allowed_numbers": spare.map(lambda some: some | set(game)),
        "max_run": st.integers(longest_run(game), picks),
    }
    counted = {name: sum(map(belongs, game)) for name, belongs in CLASSES.items()}
    for name, value in {**counted, "sum": sum(game), "repeats": len(reference & set(game))}.items():
        slack = 20 if name == "sum" else 2
        optional[f"min_{name}"] = st.integers(max(0, value - slack), value)
        optional[f"max_{name}"] = st.integers(value, value + slack)
    for name, group in GROUPS.items():
        optional[f"max_per_{name}"] = st.integers(fullest(map(group, game)), picks)
    wanted = draw(st.fixed_dictionaries({}, optional=optional))
    gone = draw(past_draws(pool))
    if any(len(set(game) & set(one)) >= gone["exclude_past"] for one in gone.get("past_draws", ())):
        gone = {}
    return pool, {"numbers_per_game": picks, "reference_draw": reference, **wanted, **gone}


@settings(max_examples=200, deadline=None)
@given(any_wishes())
def test_what_is_refused_as_a_contradiction_has_no_games(wish: Wish) -> None:
    pool, wanted = wish
    lottery = small_lottery(pool, wanted["numbers_per_game"], draw=min(3, pool))
    expected = all_games(lottery, wanted)
    try:
        space = space_of(lottery, wanted)
    except (ValidationError, ConstraintError):
        assert expected == []
    else:
        assert space.count == len(expected) if space.exact else space.count >= len(expected)


@settings(max_examples=200, deadline=None)
@given(met_wishes())
def test_count_and_games_are_those_of_trying_each(wish: Wish) -> None:
    pool, wanted = wish
    lottery = small_lottery(pool, wanted["numbers_per_game"], draw=min(3, pool))
    expected = all_games(lottery, wanted)
    space = space_of(lottery, wanted)
    assert space.count == len(expected) if space.exact else space.count >= len(expected)
    games = space.finished(space.drawn(np.arange(space.count)))
    assert [tuple(game) for game in games.tolist()] == expected
    assert space.share() == pytest.approx(len(expected) / space.count)


@settings(max_examples=200, deadline=None)
@given(met_wishes(), st.integers(0, 2**63 - 1))
def test_the_kernel_makes_every_game_once_as_numpy_does(wish: Wish, seed: int) -> None:
    pool, wanted = wish
    lottery = small_lottery(pool, wanted["numbers_per_game"], draw=min(3, pool))
    space = space_of(lottery, wanted)
    permutation = Permutation(space.count, seed)
    games = draw_by_kernel(kernel_or_skip(), space, permutation, 0, space.count)
    assert np.array_equal(games, draw_by_numpy(space, permutation, 0, space.count))
    assert sorted(tuple(game) for game in games.tolist()) == all_games(lottery, wanted)
