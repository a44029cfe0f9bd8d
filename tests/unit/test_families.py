"""Families of games, and the totals of a space, against trying every game."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.distributions import distribution
from generation.families import Family
from generation.space import GameSpace
from tests.games import all_games, small_lottery


def constraints(**wanted: Any) -> GameConstraints:
    return GameConstraints.model_validate({"seed": 5, **wanted})


@st.composite
def families(draw: st.DrawFn) -> tuple[int, dict[str, Any], Family]:
    pool = draw(st.integers(4, 11))
    picks = draw(st.integers(1, min(pool, 5)))
    optional = {
        "min_sum": st.integers(1, 20),
        "max_sum": st.integers(20, 60),
        "max_odd": st.integers(1, picks),
        "max_run": st.integers(1, picks),
        "fixed_numbers": st.sets(st.integers(1, pool), max_size=min(2, picks)),
    }
    wanted = draw(st.fixed_dictionaries({}, optional=optional))
    core = draw(st.sets(st.integers(1, pool))) - wanted.get("fixed_numbers", set())
    modulus = draw(st.integers(0, 2 * pool))
    return (
        pool,
        {"numbers_per_game": picks, **wanted},
        Family(
            tuple(sorted(core)),
            draw(st.integers(0, len(core))),
            modulus,
            draw(st.integers(0, max(1, modulus) - 1)),
        ),
    )


@settings(max_examples=200, deadline=None)
@given(families())
def test_a_family_has_the_games_that_it_says(
    drawn: tuple[int, dict[str, Any], Family],
) -> None:
    pool, wanted, family = drawn
    lottery = small_lottery(pool, wanted["numbers_per_game"])
    expected = [
        game
        for game in all_games(lottery, wanted)
        if len(set(game) & set(family.core)) >= family.core_least
        and (family.modulus == 0 or sum(game) % family.modulus == family.residue)
    ]
    try:
        space = GameSpace(lottery, constraints(**wanted), family)
    except (ConstraintError, ValidationError):
        assume(False)
    assert [tuple(game) for game in space.unrank(np.arange(space.count)).tolist()] == expected
    for weight in (lambda number: number, lambda number: number % 2, lambda number: number == 3):
        totals = Counter(sum(map(weight, game)) for game in expected)
        assert distribution(lottery, constraints(**wanted), weight, family) == totals


@pytest.mark.parametrize(
    ("family", "told"),
    [
        ({"core": (1, 2), "core_least": 3}, "0 to 2"),
        ({"modulus": 60, "residue": 60}, "0 to modulus - 1 = 59"),
        ({"residue": 1}, "0 to modulus - 1 = 0"),
    ],
)
def test_a_family_without_meaning_is_refused(family: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Family(**family)
