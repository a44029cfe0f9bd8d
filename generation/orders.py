"""What is to be made: lottery, constraints with a seed, how many, in which format.

The same order gives the same bytes on every machine, for every chunk size and executor. The model
of jobs imports this in every process: what counts, with numpy, is imported by who counts.
"""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.constraints import SEED_LIMIT, GameConstraints
from generation.formats import check_format
from generation.lotteries import Lottery, get_lottery

if TYPE_CHECKING:
    from generation.space import GameSpace

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
    """An order that can be delivered, and how many games a job of its constraints can have at most;
    ``exact`` says whether there are exactly so many."""

    order: Order
    valid_games: int
    exact: bool


def count_games(lottery: str, constraints: GameConstraints) -> tuple[int, bool]:
    """How many games a job can have at most, and whether there are exactly so many.

    Raises ValueError.
    """
    from generation.chunks import space_of

    known = get_lottery(lottery)
    return _count(known, constraints, space_of(known, constraints))


def check_order(order: Order) -> CheckedOrder:
    """The order with a seed, if it can be delivered; nothing is made yet.

    Raises ValueError, in one line with the figures, for an unknown lottery or format, for
    constraints that contradict each other or the lottery, and for more games than there can be.
    """
    check_format(order.file_format)
    if order.chunk_size is not None and not 1 <= order.chunk_size <= MAX_CHUNK_SIZE:
        raise ValueError(f"chunk_size must be 1 to {MAX_CHUNK_SIZE:,}, got {order.chunk_size}")
    from generation.making import demand

    lottery = get_lottery(order.lottery)
    space = demand(lottery, order.constraints, order.quantity)
    return CheckedOrder(_with_seed(order), *_count(lottery, order.constraints, space))


def _count(lottery: Lottery, constraints: GameConstraints, space: "GameSpace") -> tuple[int, bool]:
    from generation.overlap import overlap_bound

    if constraints.min_repetition is None and constraints.max_repetition is None:
        return space.count, space.exact
    return min(space.count, overlap_bound(lottery, constraints)), False


def _with_seed(order: Order) -> Order:
    if order.constraints.seed is not None:
        return order
    seeded = order.constraints.model_copy(update={"seed": secrets.randbelow(SEED_LIMIT)})
    return Order(order.lottery, seeded, order.quantity, order.file_format, order.chunk_size)
