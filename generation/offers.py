"""What an order would get before it is placed: how many games there are, and the price.

The counting of one set of constraints is kept, so that a form may ask again and again.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from threading import Lock

from generation.constraints import GameConstraints
from generation.lotteries import Lottery
from generation.orders import count_games
from generation.prices import current_prices
from generation.pricing import PriceUnknown, buy, game_price

_one_table = Lock()


@dataclass(frozen=True, slots=True)
class Offer:
    """`valid_games` is exact, or an upper bound. Amounts are of the lottery's currency; `price` is
    that of one game, and None where nothing says what a bet costs."""

    valid_games: int
    exact: bool
    currency: str
    price: Decimal | None
    quantity: int | None = None
    total: Decimal | None = None
    rest: Decimal | None = None  # of the budget


def offer(
    lottery: Lottery,
    constraints: GameConstraints,
    *,
    quantity: int | None = None,
    budget: Decimal | None = None,
) -> Offer:
    """What these games cost, so many of them or as many as the budget buys.

    Raises ValueError for constraints that contradict each other or the lottery or cannot be
    counted, PriceUnknown and BudgetTooSmall for a budget that buys nothing.
    """
    price = price_of(lottery, constraints) if budget is None else _known_price(lottery, constraints)
    valid_games, exact = counted(lottery, constraints.model_copy(update={"seed": None}))
    if budget is not None and price is not None:
        bought = buy(budget, price, lottery.currency)
        return Offer(
            valid_games, exact, lottery.currency, price, bought.quantity, bought.spent, bought.rest
        )
    total = quantity * price if quantity is not None and price is not None else None
    return Offer(valid_games, exact, lottery.currency, price, quantity, total)


def price_of(lottery: Lottery, constraints: GameConstraints) -> Decimal | None:
    """The price in force of one game; None where it is not known."""
    try:
        return _known_price(lottery, constraints)
    except PriceUnknown:
        return None


def quantity_for(lottery: Lottery, constraints: GameConstraints, budget: Decimal) -> int:
    """How many games the budget buys. Raises PriceUnknown and BudgetTooSmall."""
    return buy(budget, _known_price(lottery, constraints), lottery.currency).quantity


def _known_price(lottery: Lottery, constraints: GameConstraints) -> Decimal:
    constraints.check_for(lottery)
    return game_price(lottery, constraints, current_prices())


@lru_cache(maxsize=256)
def counted(lottery: Lottery, constraints: GameConstraints) -> tuple[int, bool]:
    """How many games a job can have at most, and whether there are exactly so many; kept.

    Raises ValueError.
    """
    with _one_table:  # which may be large; what is known already waits for none
        return count_games(lottery.key, constraints)
