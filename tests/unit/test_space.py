from typing import Any

import numpy as np
import pytest

from generation import counting
from generation.constraints import GameConstraints
from generation.contradictions import ConstraintError
from generation.counting import TableTooLarge
from generation.lotteries import Lottery, get_lottery
from generation.space import CountTooLarge, GameSpace, NotEnoughGames
from tests.games import all_games, satisfies, small_lottery

MEGA_SENA = get_lottery("mega-sena")
DEMO = {"min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240}
FIFTEEN = {"numbers_per_game": 15}
HARD = {"min_odd": 6, "max_odd": 9, "min_sum": 400, "max_sum": 520, "max_run": 3}


def mega_sena(**wanted: Any) -> GameSpace:
    return GameSpace(MEGA_SENA, GameConstraints.model_validate(wanted))


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 50_063_860),
        ({"min_odd": 2, "max_odd": 4}, 40_325_950),
        ({"min_even": 2, "max_even": 4}, 40_325_950),
        (DEMO, 34_628_783),
        ({**DEMO, "max_run": 2}, 33_649_403),
        (FIFTEEN, 53_194_089_192_720),
        (FIFTEEN | HARD, 25_072_113_826_964),
        ({**DEMO, "max_run": 2, "max_primes": 3}, 32_627_773),
        ({"max_per_decade": 2}, 34_547_500),
        ({"max_per_row": 2}, 34_547_500),
        ({"max_per_column": 1}, 9_797_760),
        ({"reference_draw": range(1, 7), "min_repeats": 5}, 6 * 54 + 1),
        ({"fixed_numbers": range(1, 7)}, 1),
        ({"fixed_numbers": [7]}, 5_006_386),
        ({"min_sum": 345}, 1),
    ],
)
def test_the_count_is_exact(wanted: dict[str, Any], count: int) -> None:
    assert mega_sena(**wanted).count == count


def test_games_come_in_lexicographic_order() -> None:
    space = mega_sena()
    games = space.unrank([0, 1, 54, 55, space.count - 1]).tolist()
    assert games[0] == [1, 2, 3, 4, 5, 6]
    assert games[1] == [1, 2, 3, 4, 5, 7]
    assert games[2] == [1, 2, 3, 4, 5, 60]
    assert games[3] == [1, 2, 3, 4, 6, 7]
    assert games[4] == [55, 56, 57, 58, 59, 60]


@pytest.mark.parametrize("wanted", [{**DEMO, "max_run": 2}, FIFTEEN | HARD])
def test_every_game_satisfies_every_constraint(wanted: dict[str, Any]) -> None:
    space = mega_sena(**wanted)
    indices = np.random.default_rng(1).integers(0, space.count, 500, dtype=np.uint64)
    for game in space.unrank(indices).tolist():
        assert satisfies(tuple(game), wanted)
        assert game == sorted(set(game))


def test_a_fixed_number_is_in_every_game() -> None:
    space = mega_sena(fixed_numbers=[13, 30, 31], max_run=2)
    games = space.unrank(np.arange(space.count))
    assert (games[:, :, np.newaxis] == [13, 30, 31]).any(axis=1).all()


def test_games_of_fixed_numbers_are_all_found_in_order() -> None:
    wanted = {"numbers_per_game": 5, "fixed_numbers": (4, 5, 9), "max_run": 3, "max_sum": 35}
    lottery = small_lottery(12, 5)
    space = GameSpace(lottery, GameConstraints.model_validate(wanted))
    expected = all_games(lottery, wanted)
    assert [tuple(game) for game in space.unrank(np.arange(space.count)).tolist()] == expected


def test_an_index_outside_the_space_is_refused() -> None:
    space = mega_sena(min_sum=344)
    with pytest.raises(IndexError, match=r"game number 2 does not exist.*0 to 1"):
        space.unrank([0, 2])


def test_no_indices_give_no_games() -> None:
    assert mega_sena().unrank([]).shape == (0, 6)


def test_more_games_than_there_are_is_refused_with_the_number() -> None:
    space = mega_sena(min_sum=340)
    space.require(space.count)
    with pytest.raises(
        NotEnoughGames, match=rf"1,000 games wanted.*only {space.count} .*min_sum=340"
    ):
        space.require(1000)


def test_constraints_that_no_game_satisfies_are_named() -> None:
    space = mega_sena(min_sum=344, max_odd=0)
    assert space.count == 0
    with pytest.raises(NotEnoughGames, match=r"no game of Mega-Sena.*max_odd=0, min_sum=344"):
        space.require(1)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_below_one_is_refused(quantity: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1, got {quantity}"):
        mega_sena().require(quantity)


def test_constraints_are_checked_against_the_lottery() -> None:
    with pytest.raises(ConstraintError):
        mega_sena(numbers_per_game=5)


def test_more_games_than_64_bits_count_is_refused() -> None:
    lottery = Lottery(key="big", name="Big", pool=100, draw=20, min_picks=50, max_picks=50)
    with pytest.raises(CountTooLarge, match=r"50 of 100 numbers gives 1\.0e\+29"):
        GameSpace(lottery, GameConstraints(numbers_per_game=50))


def test_a_table_beyond_the_memory_allowed_is_refused_before_it_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowed = mega_sena(**DEMO).table_bytes
    monkeypatch.setattr(counting, "MAX_TABLE_BYTES", allowed - 1)
    with pytest.raises(TableTooLarge, match=r"sum and odd.*MiB.*min|narrow the bounds"):
        mega_sena(**DEMO)


def test_only_bounds_that_exclude_something_cost_memory() -> None:
    plain = mega_sena().table_bytes
    assert mega_sena(max_odd=6, min_sum=21, max_sum=345, max_run=6).table_bytes == plain
    assert mega_sena(max_run=2).table_bytes == plain
    assert mega_sena(max_odd=4).table_bytes > plain


def test_tables_stay_small() -> None:
    assert mega_sena(**DEMO).table_bytes < 2 * 2**20
    assert mega_sena(**FIFTEEN, **HARD).table_bytes < 16 * 2**20


def test_a_table_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        mega_sena().plan.cells[0] = 0


def test_a_space_without_games_has_an_empty_sample() -> None:
    space = mega_sena(min_odd=6, max_sum=30)
    assert space.count == 0
    assert (space.sample().shape, space.sample().dtype) == ((0, 6), np.uint8)
    assert space.share() == 0.0


def test_a_sample_is_all_there_is_where_that_is_less_and_always_the_same() -> None:
    space = mega_sena(min_odd=6, max_sum=40)
    assert 0 < space.count < 100
    assert len({tuple(game) for game in space.sample().tolist()}) == space.count
    assert np.array_equal(space.sample(), space.sample())


def test_what_is_wanted_too_much_is_told_by_what_the_count_is() -> None:
    exact = mega_sena(min_odd=6, max_sum=40)
    with pytest.raises(NotEnoughGames, match=rf", but only {exact.count} games of Mega-Sena"):
        exact.require(1000)
    exact.filters = (object(),)  # type: ignore[assignment]  # whatever it is: it makes a bound of it
    with pytest.raises(NotEnoughGames, match=rf", but at most {exact.count} games of Mega-Sena"):
        exact.require(1000)
    with pytest.raises(NotEnoughGames, match=r"satisfies .+; loosen one of these$"):
        mega_sena(min_odd=6, max_sum=30).require(1)
