"""Small lotteries, any constraints: the space against the list of all games."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from generation.compiled import draw_by_kernel, draw_by_numpy
from generation.constraints import ConstraintError, GameConstraints
from generation.permutation import Permutation
from generation.space import GameSpace
from tests.games import all_games, kernel_or_skip, longest_run, small_lottery

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
        **{f"{end}_{kind}": count for end in ("min", "max") for kind in ("odd", "even")},
        "min_sum": total,
        "max_sum": total,
        "max_run": st.integers(1, picks),
    }
    wanted = draw(st.fixed_dictionaries({}, optional=optional))
    return pool, {"numbers_per_game": picks, **wanted}


@st.composite
def met_wishes(draw: st.DrawFn) -> Wish:
    """A pool and constraints for it that at least one game satisfies, because they are made so."""
    pool = draw(st.integers(5, 14))
    picks = draw(st.integers(1, min(pool, 7)))
    game = tuple(sorted(draw(st.permutations(range(1, pool + 1)))[:picks]))
    others = sorted(set(range(1, pool + 1)) - set(game))
    odd = sum(number % 2 for number in game)
    spare = st.sets(st.sampled_from(others)) if others else st.just(set())
    optional = {
        "fixed_numbers": st.sets(st.sampled_from(game), max_size=3),
        "excluded_numbers": spare.map(lambda some: set(list(some)[:3])),
        "allowed_numbers": spare.map(lambda some: some | set(game)),
        "max_run": st.integers(longest_run(game), picks),
    }
    for name, value, slack in (("odd", odd, 2), ("even", picks - odd, 2), ("sum", sum(game), 20)):
        optional[f"min_{name}"] = st.integers(max(0, value - slack), value)
        optional[f"max_{name}"] = st.integers(value, value + slack)
    wanted = draw(st.fixed_dictionaries({}, optional=optional))
    return pool, {"numbers_per_game": picks, **wanted}


@settings(max_examples=200, deadline=None)
@given(any_wishes())
def test_what_is_refused_as_a_contradiction_has_no_games(wish: Wish) -> None:
    pool, wanted = wish
    lottery = small_lottery(pool, wanted["numbers_per_game"])
    expected = all_games(lottery, wanted)
    try:
        space = GameSpace(lottery, GameConstraints.model_validate(wanted))
    except (ValidationError, ConstraintError):
        assert expected == []
    else:
        assert space.count == len(expected)


@settings(max_examples=200, deadline=None)
@given(met_wishes())
def test_count_and_games_are_those_of_trying_each(wish: Wish) -> None:
    pool, wanted = wish
    lottery = small_lottery(pool, wanted["numbers_per_game"])
    expected = all_games(lottery, wanted)
    space = GameSpace(lottery, GameConstraints.model_validate(wanted))
    assert space.count == len(expected) > 0
    games = space.unrank(np.arange(space.count))
    assert [tuple(game) for game in games.tolist()] == expected


@settings(max_examples=200, deadline=None)
@given(met_wishes(), st.integers(0, 2**63 - 1))
def test_the_kernel_makes_every_game_once_as_numpy_does(wish: Wish, seed: int) -> None:
    pool, wanted = wish
    lottery = small_lottery(pool, wanted["numbers_per_game"])
    space = GameSpace(lottery, GameConstraints.model_validate(wanted))
    permutation = Permutation(space.count, seed)
    games = draw_by_kernel(kernel_or_skip(), space, permutation, 0, space.count)
    assert np.array_equal(games, draw_by_numpy(space, permutation, 0, space.count))
    assert sorted(tuple(game) for game in games.tolist()) == all_games(lottery, wanted)
