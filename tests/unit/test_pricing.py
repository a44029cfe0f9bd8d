from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from generation.constraints import GameConstraints
from generation.explaining import explain
from generation.lotteries import Lottery, get_lottery
from generation.prices import current_prices
from generation.pricing import BudgetTooSmall, PriceUnknown, buy, game_price

MEGA_SENA = get_lottery("mega-sena")


def price(key: str, **wanted: Any) -> Decimal:
    lottery = get_lottery(key)
    wanted = {"numbers_per_game": lottery.min_picks, **wanted}
    return game_price(lottery, GameConstraints.model_validate(wanted))


@pytest.mark.parametrize(
    ("key", "wanted", "expected"),
    [
        ("mega-sena", {}, "6.00"),
        ("mega-sena", {"numbers_per_game": 7}, "42.00"),
        ("mega-sena", {"numbers_per_game": 20}, "232560.00"),
        ("lotofacil", {"numbers_per_game": 16}, "56.00"),
        ("lotomania", {}, "3.00"),
        ("mais-milionaria", {"second_numbers_per_game": 3}, "18.00"),
        ("powerball", {}, "2.00"),
    ],
)
def test_a_ticket_costs_all_the_bets_it_stands_for(
    key: str, wanted: dict[str, int], expected: str
) -> None:
    assert price(key, **wanted) == Decimal(expected)


def test_a_price_can_be_overridden() -> None:
    prices = {"mega-sena": Decimal("6.50")}
    assert game_price(MEGA_SENA, GameConstraints(), prices) == Decimal("6.50")


def test_a_lottery_without_a_price_is_told() -> None:
    lottery = Lottery(key="x", name="X", pool=9, draw=3, min_picks=3, max_picks=3)
    with pytest.raises(PriceUnknown, match="price of X is not known; set it in"):
        game_price(lottery, GameConstraints(numbers_per_game=3))


def test_a_budget_buys_whole_games_and_the_rest_is_told() -> None:
    bought = buy(Decimal("100"), Decimal("42"), "BRL")
    assert (bought.quantity, bought.spent, bought.rest) == (2, Decimal(84), Decimal(16))


def test_a_budget_below_one_game_is_refused() -> None:
    with pytest.raises(BudgetTooSmall, match=r"5 BRL buys no game, one costs 6\.00 BRL"):
        buy(Decimal(5), Decimal("6.00"), "BRL")


def test_the_setting_gives_prices(settings: Any) -> None:
    settings.GENERATION_TICKET_PRICES = {"quina": "3.50"}
    assert current_prices() == {"quina": Decimal("3.50")}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"quinas": "3"}, "names 'quinas'; known lotteries: dia-de-sorte"),
        ({"quina": "three"}, "must be an amount above 0 such as 6.00, got 'three'"),
        ({"quina": "-1"}, "got '-1'"),
        ({"quina": "NaN"}, "got 'NaN'"),
    ],
)
def test_a_price_that_is_none_is_refused(settings: Any, given: Any, message: str) -> None:
    settings.GENERATION_TICKET_PRICES = given
    with pytest.raises(ImproperlyConfigured, match=message):
        current_prices()


def test_each_constraint_is_explained_alone_and_after_those_before_it() -> None:
    wanted = GameConstraints(min_odd=2, max_odd=4, min_sum=120, max_sum=240, max_run=2, seed=1)
    steps = [
        (step.wish, step.alone and step.alone.games, step.together and step.together.games)
        for step in explain(MEGA_SENA, wanted)
    ]
    assert steps == [
        ("all games", 50_063_860, 50_063_860),
        ("min_odd=2, max_odd=4", 40_325_950, 40_325_950),
        ("min_sum=120, max_sum=240", steps[2][1], 34_628_783),
        ("max_run=2", steps[3][1], 33_649_403),
    ]
    assert 34_628_783 < (steps[2][1] or 0) < 50_063_860


def test_what_is_too_many_to_count_is_explained_as_that() -> None:
    wanted = GameConstraints(numbers_per_game=50, allowed_numbers=range(1, 57))
    steps = list(explain(get_lottery("lotomania"), wanted))
    assert (steps[0].alone, steps[-1].together) == (None, (32_468_436, True))


def test_repeats_are_explained_with_their_draw() -> None:
    wanted = GameConstraints(reference_draw=(1, 2, 3, 4, 5, 6), max_repeats=0)
    last = list(explain(MEGA_SENA, wanted))[-1]
    assert last.wish == "reference_draw=[1, 2, 3, 4, 5, 6], max_repeats=0"
    assert last.alone == last.together == (25_827_165, True)


def test_overlap_is_explained_by_its_bound() -> None:
    last = list(explain(MEGA_SENA, GameConstraints(max_repetition=4)))[-1]
    wanted = {"max_repetition": 4}
    assert last == ("max_repetition=4", (910_250, False), (910_250, False), wanted)
