"""How each constraint cuts the number of games: by itself, and after those before it."""

from collections.abc import Iterator
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


class Step(NamedTuple):
    """A wish, how many games satisfy it alone, and how many it and all before it; ``None`` where
    those are too many to count."""

    wish: str
    alone: Count | None
    together: Count | None


def explain(lottery: Lottery, constraints: GameConstraints) -> Iterator[Step]:
    """All games first, then each wish of the constraints. Raises ConstraintError."""
    given = constraints.model_dump(exclude_none=True, exclude={"seed"})
    shape = {name: given[name] for name in _SHAPE if name in given}
    every = _count(lottery, shape)
    yield Step("all games", every, every)
    so_far = dict(shape)
    for names in _WISHES:
        wish = {name: given[name] for name in names if given.get(name) not in (None, ())}
        if not wish:
            continue
        so_far |= wish
        told = GameConstraints(**{**shape, **wish}).describe().partition(", ")[2]
        yield Step(told, _count(lottery, shape | wish), _count(lottery, so_far))


def _count(lottery: Lottery, wanted: dict[str, object]) -> Count | None:
    constraints = GameConstraints.model_validate(wanted)
    try:
        return Count(*count_games(lottery.key, constraints))
    except (CountTooLarge, TableTooLarge):
        return None
