"""Each lottery's games: as many as there are, drawn as its tickets show them."""

from itertools import product
from math import comb

import numpy as np
import pytest

from generation.chunks import run_chunk
from generation.compiled import draw_by_kernel, draw_by_numpy
from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.lotteries import LOTTERIES, Lottery, SecondGroup, get_lottery
from generation.permutation import Permutation
from generation.space import CountTooLarge, GameSpace
from tests.games import all_games, kernel_or_skip


def plain(lottery: Lottery) -> GameConstraints:
    return GameConstraints(numbers_per_game=lottery.min_picks, seed=3)


@pytest.mark.parametrize("key", sorted(LOTTERIES.keys() - {"lotomania", "super-sete"}))
def test_all_games_are_counted(key: str) -> None:
    lottery = get_lottery(key)
    count = comb(lottery.pool, lottery.min_picks)
    if lottery.second:
        count *= comb(lottery.second.pool, lottery.second.min_picks)
    assert GameSpace(lottery, plain(lottery)).count == count


@pytest.mark.parametrize("key", sorted(LOTTERIES.keys() - {"lotomania"}))
def test_games_are_distinct_and_within_their_pools(key: str) -> None:
    lottery = get_lottery(key)
    games = run_chunk((0, 2000), lottery=lottery, constraints=plain(lottery))
    assert len(np.unique(games, axis=0)) == 2000
    main = games[:, : lottery.min_picks]
    if lottery.digits:
        assert (main.min(), main.max()) == (0, 9)
        return
    assert (main.min(), main.max()) == (1, lottery.pool)
    assert (np.diff(main.astype(int), axis=1) > 0).all()
    if lottery.second:
        second = games[:, lottery.min_picks :]
        assert (second.min(), second.max()) == (1, lottery.second.pool)
        assert (np.diff(second.astype(int), axis=1) > 0).all()


def test_lotomania_is_made_from_fewer_numbers_only() -> None:
    lottery = get_lottery("lotomania")
    with pytest.raises(CountTooLarge, match="allow fewer numbers or fix more"):
        GameSpace(lottery, plain(lottery))
    fewer = GameConstraints(numbers_per_game=50, allowed_numbers=range(1, 61))
    assert GameSpace(lottery, fewer).count == comb(60, 50)


def test_rows_of_ten_are_decades_and_cost_no_second_table() -> None:
    lottery = get_lottery("mega-sena")
    both = GameSpace(lottery, GameConstraints(max_per_row=3, max_per_decade=2))
    decades = GameSpace(lottery, GameConstraints(max_per_decade=2))
    assert (both.count, both.table_bytes) == (decades.count, decades.table_bytes)


def test_super_sete_has_a_digit_in_each_column() -> None:
    lottery = get_lottery("super-sete")
    assert GameSpace(lottery, plain(lottery)).count == 10**7
    wanted = GameConstraints(numbers_per_game=7, max_sum=3, min_odd=2)
    space = GameSpace(lottery, wanted)
    expected = [
        game
        for game in product(range(4), repeat=7)
        if sum(game) <= 3 and sum(digit % 2 for digit in game) >= 2
    ]
    found = [tuple(game) for game in space.unrank(np.arange(space.count)).tolist()]
    assert sorted(found) == expected


def test_what_has_no_meaning_for_digits_is_refused() -> None:
    with pytest.raises(ConstraintError, match="max_run has no meaning in Super Sete"):
        GameSpace(get_lottery("super-sete"), GameConstraints(numbers_per_game=7, max_run=2))


def test_a_second_group_is_exact_beside_constraints_of_the_main_numbers() -> None:
    lottery = Lottery(
        key="small", name="Small", pool=9, draw=3, min_picks=3, max_picks=3,
        second=SecondGroup("stars", 4, 2, 2, 3),
    )  # fmt: skip
    wanted = {"numbers_per_game": 3, "max_run": 2, "min_sum": 10, "fixed_numbers": [4]}
    constraints = GameConstraints.model_validate({**wanted, "second_numbers_per_game": 3})
    space = GameSpace(lottery, constraints)
    stars = [(1, 2, 3), (1, 2, 4), (1, 3, 4), (2, 3, 4)]
    expected = [(*game, *chosen) for game in all_games(lottery, wanted) for chosen in stars]
    assert [tuple(game) for game in space.unrank(np.arange(space.count)).tolist()] == expected
    assert constraints.columns(lottery) == ("n1", "n2", "n3", "s1", "s2", "s3")
    permutation = Permutation(space.count, 5)
    games = draw_by_kernel(kernel_or_skip(), space, permutation, 0, space.count)
    assert np.array_equal(games, draw_by_numpy(space, permutation, 0, space.count))


@pytest.mark.parametrize(
    ("key", "wanted", "message"),
    [
        ("mega-sena", {"second_numbers_per_game": 1}, "Mega-Sena has no second group"),
        ("powerball", {"second_numbers_per_game": 2}, "choose 1 to 1 Powerball"),
        ("powerball", {"max_per_row": 2}, "max_per_row=2: the tickets of Powerball have no layout"),
    ],
)
def test_what_a_lottery_does_not_have_is_refused(
    key: str, wanted: dict[str, int], message: str
) -> None:
    lottery = get_lottery(key)
    constraints = GameConstraints.model_validate({"numbers_per_game": lottery.min_picks, **wanted})
    with pytest.raises(ConstraintError, match=message):
        GameSpace(lottery, constraints)
