"""What is to be made: lottery, constraints with a seed, how many, in which format.

The same order gives the same bytes on every machine, for every chunk size and executor.
"""

import secrets
from dataclasses import dataclass

from generation.chunks import space_of
from generation.constraints import SEED_LIMIT, GameConstraints
from generation.formats import check_format
from generation.lotteries import get_lottery
from generation.making import demand

MAX_CHUNK_SIZE = 100_000_000
"""Games a chunk: one is held in memory whole."""


@dataclass(frozen=True, slots=True)
class Order:
    """A job's games, fully determined. `chunk_size` (None: a good one) changes only its speed."""

    lottery: str
    constraints: GameConstraints
    quantity: int
    file_format: str = "csv"
    chunk_size: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedOrder:
    """An order that can be delivered, and how many games satisfy its constraints in all."""

    order: Order
    valid_games: int
    exact: bool


def count_games(lottery: str, constraints: GameConstraints) -> tuple[int, bool]:
    """How many games of the lottery satisfy the constraints, and whether that is exact or a bound.

    Raises ValueError.
    """
    space = space_of(get_lottery(lottery), constraints)
    return space.count, space.exact


def check_order(order: Order) -> CheckedOrder:
    """The order with a seed, if it can be delivered; nothing is made yet.

    Raises ValueError, in one line with the figures, for an unknown lottery or format, for
    constraints that contradict each other or the lottery, and for more games than there can be.
    """
    check_format(order.file_format)
    if order.chunk_size is not None and not 1 <= order.chunk_size <= MAX_CHUNK_SIZE:
        raise ValueError(f"chunk_size must be 1 to {MAX_CHUNK_SIZE:,}, got {order.chunk_size}")
    space = demand(get_lottery(order.lottery), order.constraints, order.quantity)
    return CheckedOrder(_with_seed(order), space.count, space.exact)


def _with_seed(order: Order) -> Order:
    if order.constraints.seed is not None:
        return order
    seeded = order.constraints.model_copy(update={"seed": secrets.randbelow(SEED_LIMIT)})
    return Order(order.lottery, seeded, order.quantity, order.file_format, order.chunk_size)
