"""What a game costs, and how many games a budget buys."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from generation.constraints import GameConstraints
from generation.lotteries import Lottery


class PriceUnknown(ValueError):
    """Nothing says what a single bet of the lottery costs."""


class BudgetTooSmall(ValueError):
    """The budget does not buy a single game."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """How many games a budget buys, for how much, and what is left of it."""

    quantity: int
    spent: Decimal
    rest: Decimal


def game_price(
    lottery: Lottery, constraints: GameConstraints, prices: Mapping[str, Decimal] | None = None
) -> Decimal:
    """The price of one game, in the lottery's currency: a ticket of more numbers than are drawn is
    paid for every single bet that it stands for.

    ``prices`` are those of a single bet by the lottery's key, where they differ from the lottery's.
    """
    unit = (prices or {}).get(lottery.key, lottery.unit_price)
    if unit is None:
        raise PriceUnknown(
            f"the price of {lottery.name} is not known; set it in GENERATION_TICKET_PRICES"
        )
    return unit * lottery.combinations(
        constraints.numbers_per_game, constraints.second_picks(lottery)
    )


def buy(budget: Decimal, price: Decimal, currency: str) -> Purchase:
    """As many games of this price as the budget buys."""
    quantity = int(budget // price)
    if quantity < 1:
        raise BudgetTooSmall(
            f"a budget of {budget} {currency} buys no game, one costs {price} {currency};"
            " raise it or play fewer numbers"
        )
    return Purchase(quantity, quantity * price, budget - quantity * price)
