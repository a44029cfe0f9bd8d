"""What an order comes to: how many games there are to choose from, and what they cost."""

from dataclasses import dataclass
from decimal import Decimal

from generation.constraints import GameConstraints
from generation.lotteries import Lottery
from generation.orders import count_games
from generation.prices import current_prices
from generation.pricing import PriceUnknown, game_price


@dataclass(frozen=True, slots=True)
class Quote:
    """Figures of an order. What is not known, or was not asked for, is None."""

    valid_games: int
    exact: bool  # off: valid_games is an upper bound
    price: Decimal | None  # of one game
    currency: str
    as_of: str  # since when the price is so, "" where a setting says it
    quantity: int | None = None
    rest: Decimal | None = None  # of the budget

    @property
    def total(self) -> Decimal | None:
        if self.price is None or self.quantity is None:
            return None
        return self.price * self.quantity


def quote(lottery: Lottery, constraints: GameConstraints) -> Quote:
    """The figures that do not depend on a quantity. Raises ValueError as `count_games` does."""
    prices = current_prices()
    try:
        price = game_price(lottery, constraints, prices)
    except PriceUnknown:
        price = None
    return Quote(
        valid_games=count_games(lottery.key, constraints),
        exact=True,
        price=price,
        currency=lottery.currency,
        as_of="" if lottery.key in prices else lottery.price_as_of,
    )
