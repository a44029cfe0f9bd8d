"""How games fare in a draw, against counting one by one."""

import numpy as np
import pytest

from generation.hits import NotADraw, check_draw, count_hits
from generation.lotteries import get_lottery

MEGA_SENA, SUPER_SETE, POWERBALL = map(get_lottery, ("mega-sena", "super-sete", "powerball"))


def test_hits_are_those_of_counting_one_by_one() -> None:
    random = np.random.default_rng(5)
    games = np.array([random.choice(60, 6, replace=False) + 1 for _ in range(3000)], np.uint8)
    drawn = (4, 8, 15, 16, 23, 42)
    found = count_hits([games[:1000], games[1000:]], MEGA_SENA, 6, drawn)
    for hit in range(7):
        slowly = sum(len(set(map(int, game)) & set(drawn)) == hit for game in games)
        assert found.get(hit, 0) == slowly
    assert sum(found.values()) == 3000


def test_numbers_of_the_second_group_are_not_hits() -> None:
    games = np.array([[1, 2, 3, 4, 5, 6]], np.uint8)  # 6 is its Powerball
    assert count_hits([games], POWERBALL, 5, (1, 2, 3, 6, 60)) == {3: 1}


def test_digits_hit_at_their_own_place_only() -> None:
    games = np.array([[1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1]], np.uint8)
    assert count_hits([games], SUPER_SETE, 7, (1, 2, 3, 4, 5, 6, 7)) == {1: 1, 7: 1}


@pytest.mark.parametrize(
    "numbers", [(1, 2, 3), (1, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 61), ()]
)
def test_what_the_lottery_does_not_draw_is_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(NotADraw, match="expected 6 different numbers of 1 to 60"):
        check_draw(MEGA_SENA, numbers)


def test_digits_are_refused_by_their_number_and_size() -> None:
    check_draw(SUPER_SETE, (0, 0, 0, 0, 0, 0, 9))
    with pytest.raises(NotADraw, match="7 digits"):
        check_draw(SUPER_SETE, (0, 0, 0))
    with pytest.raises(NotADraw, match="7 digits"):
        check_draw(SUPER_SETE, (0, 0, 0, 0, 0, 0, 10))


def test_the_second_group_of_a_draw_is_checked_too() -> None:
    check_draw(POWERBALL, (1, 2, 3, 4, 5), (26,))
    with pytest.raises(NotADraw, match="expected 1 different numbers of 1 to 26"):
        check_draw(POWERBALL, (1, 2, 3, 4, 5), (27,))
