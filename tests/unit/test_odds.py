"""The chance of the top prize, against lotteries' own figures and against counting."""

from fractions import Fraction
from itertools import combinations

import pytest

from generation.constraints import GameConstraints
from generation.lotteries import Lottery, get_lottery
from generation.odds import game_chance, top_prize

TINY = Lottery("tiny", "Tiny", 7, 3, 3, 5)


@pytest.mark.parametrize(
    ("lottery", "picks", "one_in"),
    [
        # As their operators print them, some rounded and some cut off.
        ("mega-sena", 6, 50_063_860),
        ("quina", 5, 24_040_016),
        ("lotofacil", 15, 3_268_760),
        ("lotomania", 50, 11_372_635),
        ("timemania", 10, 26_472_637),
        ("powerball", 5, 292_201_338),
        ("euromillions", 5, 139_838_160),
        ("eurojackpot", 5, 139_838_160),
        ("uk-lotto", 6, 45_057_474),
        ("super-sete", 7, 10_000_000),
    ],
)
def test_the_chance_of_a_game_is_the_operators(lottery: str, picks: int, one_in: int) -> None:
    allowed = range(1, 57) if lottery == "lotomania" else None
    wanted = GameConstraints(numbers_per_game=picks, allowed_numbers=allowed)
    assert abs(1 / game_chance(get_lottery(lottery), wanted) - one_in) < 1


def test_chances_of_games_of_as_many_numbers_as_are_drawn_add_up_exactly() -> None:
    chance = top_prize(get_lottery("mega-sena"), GameConstraints(), 1000)
    assert (chance.share, chance.exact) == (Fraction(1000, 50_063_860), True)


def test_larger_tickets_share_draws_so_that_their_sum_is_a_bound() -> None:
    wanted = GameConstraints(numbers_per_game=4)
    tickets = [(1, 2, 3, 4), (1, 2, 3, 5)]
    draws = list(combinations(range(1, 8), 3))
    won = sum(any(set(draw) <= set(ticket) for ticket in tickets) for draw in draws)
    chance = top_prize(TINY, wanted, len(tickets))
    assert not chance.exact
    assert Fraction(won, len(draws)) < chance.share == 2 * Fraction(4, len(draws))


def test_one_larger_ticket_is_exact_and_no_chance_is_above_one() -> None:
    wanted = GameConstraints(numbers_per_game=5)
    assert top_prize(TINY, wanted, 1).exact
    assert top_prize(TINY, wanted, 21).share == 1


def test_a_ticket_of_two_draws_has_two_chances() -> None:
    dupla_sena = get_lottery("dupla-sena")
    one = game_chance(dupla_sena, GameConstraints())
    assert top_prize(dupla_sena, GameConstraints(), 1).share == 1 - (1 - one) ** 2
    assert top_prize(dupla_sena, GameConstraints(), 1).exact


def test_a_second_group_divides_the_chance() -> None:
    powerball = get_lottery("mais-milionaria")
    more = GameConstraints(second_numbers_per_game=3)
    least = game_chance(powerball, GameConstraints())
    assert round(1 / least) == 238_360_500  # as its operator prints it
    assert game_chance(powerball, more) == 3 * least
    assert not top_prize(powerball, more, 2).exact
