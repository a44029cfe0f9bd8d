"""How each constraint cuts the number of games: by itself, and after those before it."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from generation.classes import CLASSES
from generation.constraints import GameConstraints
from generation.counting import TableTooLarge
from generation.lotteries import Lottery
from generation.orders import count_games
from generation.space import CountTooLarge

_SHAPE = ("numbers_per_game", "second_numbers_per_game")
_WISHES: tuple[tuple[str, ...], ...] = (
    ("fixed_numbers",),
    ("allowed_numbers",),
    ("excluded_numbers",),
    *((f"min_{name}", f"max_{name}") for name in (*CLASSES, "sum")),
    ("max_run",),
    ("max_per_decade",),
    ("max_per_row",),
    ("max_per_column",),
    ("reference_draw", "min_repeats", "max_repeats"),
    ("exclude_past", "past_draws"),
    ("min_repetition", "max_repetition"),
)


class Count(NamedTuple):
    """So many games; not ``exact``: at most."""

    games: int
    exact: bool


type Counting = Callable[[Lottery, GameConstraints], tuple[int, bool]]


class Step(NamedTuple):
    """A wish, how many games satisfy it alone, and how many it and all before it; ``None`` where
    those are too many to count. ``given`` are the constraints that the wish is made of."""

    wish: str
    alone: Count | None
    together: Count | None
    given: Mapping[str, object]


def explain(
    lottery: Lottery, constraints: GameConstraints, counting: Counting | None = None
) -> Iterator[Step]:
    """All games first, then each wish of the constraints. Raises ConstraintError.

    ``counting`` is how they are counted, where counts are kept for instance.
    """
    counts = counting or _count_games
    given = constraints.model_dump(exclude_none=True, exclude={"seed"})
    shape = {name: given[name] for name in _SHAPE if name in given}
    every = _count(counts, lottery, shape)
    yield Step("all games", every, every, shape)
    so_far = dict(shape)
    for names in _WISHES:
        wish = {name: given[name] for name in names if given.get(name) not in (None, ())}
        if not wish:
            continue
        so_far |= wish
        told = GameConstraints(**{**shape, **wish}).describe().partition(", ")[2]
        alone, together = (_count(counts, lottery, one) for one in (shape | wish, so_far))
        yield Step(told, alone, together, wish)


def _count_games(lottery: Lottery, constraints: GameConstraints) -> tuple[int, bool]:
    return count_games(lottery.key, constraints)


def _count(counts: Counting, lottery: Lottery, wanted: dict[str, object]) -> Count | None:
    constraints = GameConstraints.model_validate(wanted)
    try:
        return Count(*counts(lottery, constraints))
    except (CountTooLarge, TableTooLarge):
        return None
