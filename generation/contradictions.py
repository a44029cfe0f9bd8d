"""Wishes about a game that contradict each other: refused before any work, both sides named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from generation.classes import CLASSES, column, decade, row

if TYPE_CHECKING:
    from generation.constraints import GameConstraints
    from generation.lotteries import Lottery

_COUNTED = (*CLASSES, "repeats", "repetition")  # of a game's numbers
_RANGES = (*_COUNTED, "sum")
_NOT_OF_DIGITS = (
    "fixed_numbers", "allowed_numbers", "excluded_numbers", "max_run", "max_per_decade",
    "max_per_row", "max_per_column", "reference_draw", "exclude_past", "min_repetition",
    "max_repetition",
)  # fmt: skip


class ConstraintError(ValueError):
    """The constraints cannot be met by this lottery."""


def refuse(wanted: GameConstraints) -> None:
    """Raise ValueError where no game of any lottery could satisfy the constraints."""
    _refuse_crossed_ranges(wanted)
    _refuse_numbers(wanted)
    _refuse_classes(wanted)
    _refuse_repeats(wanted)
    _refuse_fixed(wanted)


def _refuse_crossed_ranges(wanted: GameConstraints) -> None:
    for name in _RANGES:
        low, high = getattr(wanted, f"min_{name}"), getattr(wanted, f"max_{name}")
        if low is not None and high is not None and low > high:
            raise ValueError(
                f"min_{name}={low} is greater than max_{name}={high}; swap or widen them"
            )


def _refuse_numbers(wanted: GameConstraints) -> None:
    fixed, allowed, excluded = map(
        set, (wanted.fixed_numbers, wanted.allowed_numbers or (), wanted.excluded_numbers)
    )
    size = wanted.numbers_per_game
    if wanted.allowed_numbers == ():
        raise ValueError("allowed_numbers is empty; leave it out to allow every number")
    if both := fixed & excluded:
        raise ValueError(
            f"fixed_numbers and excluded_numbers both contain {words(both)};"
            " a number can be in one of them only"
        )
    if allowed and (outside := fixed - allowed):
        raise ValueError(
            f"fixed_numbers contains {words(outside)}, which allowed_numbers does not;"
            " allow it or do not fix it"
        )
    if len(fixed) > size:
        raise ValueError(
            f"fixed_numbers has {len(fixed)} numbers ({words(fixed)}) but"
            f" numbers_per_game={size}; fix fewer"
        )
    if allowed and (left := len(allowed - excluded)) < size:
        raise ValueError(
            f"allowed_numbers without excluded_numbers leaves {left} numbers but"
            f" numbers_per_game={size}; allow more"
        )


def _refuse_classes(wanted: GameConstraints) -> None:
    size = wanted.numbers_per_game
    for name in _COUNTED:
        if (value := getattr(wanted, f"min_{name}")) is not None and value > size:
            raise ValueError(
                f"min_{name}={value} is greater than numbers_per_game={size}; lower it"
            )
    if (wanted.min_odd or 0) + (wanted.min_even or 0) > size:
        raise ValueError(
            f"min_odd={wanted.min_odd} and min_even={wanted.min_even} need more than"
            f" numbers_per_game={size}; lower one"
        )
    if wanted.max_odd is None or wanted.max_even is None:
        return
    if wanted.max_odd + wanted.max_even < size:
        raise ValueError(
            f"max_odd={wanted.max_odd} and max_even={wanted.max_even} allow fewer than"
            f" numbers_per_game={size}; raise one"
        )


def _refuse_repeats(wanted: GameConstraints) -> None:
    bounds = [
        f"{name}={value}"
        for name in ("min_repeats", "max_repeats")
        if (value := getattr(wanted, name)) is not None
    ]
    draw = wanted.reference_draw
    if draw is None:
        if bounds:
            raise ValueError(
                f"{bounds[0]} needs reference_draw, the numbers of the draw whose repeats it"
                " bounds; give it or leave the bound out"
            )
        return
    if (wanted.min_repeats or 0) > len(draw):
        raise ValueError(
            f"min_repeats={wanted.min_repeats} is more than the {len(draw)} numbers of"
            " reference_draw; lower it"
        )


def _refuse_fixed(wanted: GameConstraints) -> None:
    """What the fixed numbers have by themselves must be within every upper bound."""
    fixed = wanted.fixed_numbers
    found = {
        f"max_{name}": (sum(map(belongs, fixed)), f"{{}} {name.replace('_', ' ')}")
        for name, belongs in CLASSES.items()
    }
    found["max_odd"] = (found["max_odd"][0], "{} odd numbers")
    found["max_even"] = (found["max_even"][0], "{} even numbers")
    found["max_sum"] = (sum(fixed), "a sum of {}")
    found["max_run"] = (longest_run(fixed), "a run of {}")
    found["max_repeats"] = (
        len(set(fixed) & set(wanted.reference_draw or ())),
        "{} numbers of reference_draw",
    )
    found["max_per_decade"] = (fullest(fixed, decade), "{} numbers of a decade")
    for name, (value, told) in found.items():
        if (bound := getattr(wanted, name)) is not None and value > bound:
            raise ValueError(
                f"fixed_numbers ({words(fixed)}) already has {told.format(value)} but"
                f" {name}={bound}; fix other numbers or raise it"
            )


def refuse_second(wanted: GameConstraints, lottery: Lottery) -> None:
    """Raise ConstraintError where what is asked of a second group, or of digits, does not fit."""
    second, asked = lottery.second, wanted.second_numbers_per_game
    if asked is not None and second is None:
        raise ConstraintError(
            f"second_numbers_per_game={asked}: {lottery.name} has no second group; leave it out"
        )
    if asked is not None and second and not second.min_picks <= asked <= second.max_picks:
        raise ConstraintError(
            f"second_numbers_per_game={asked} is not a ticket of {lottery.name}: choose"
            f" {second.min_picks} to {second.max_picks} {second.name}"
        )
    if not lottery.digits:
        return
    for name in _NOT_OF_DIGITS:
        if getattr(wanted, name) not in (None, ()):
            raise ConstraintError(
                f"{name} has no meaning in {lottery.name}, whose games are digits; leave it out"
            )


def refuse_layout(wanted: GameConstraints, ticket_columns: int | None, lottery: str) -> None:
    """Raise ConstraintError where the ticket's rows or columns contradict the constraints."""
    for kind, group in (("row", row), ("column", column)):
        bound = getattr(wanted, f"max_per_{kind}")
        if bound is None:
            continue
        if ticket_columns is None:
            raise ConstraintError(
                f"max_per_{kind}={bound}: the tickets of {lottery} have no layout that is known"
                " here; leave it out"
            )
        fixed = wanted.fixed_numbers
        value = fullest(fixed, partial(group, ticket_columns=ticket_columns))
        if value > bound:
            raise ConstraintError(
                f"fixed_numbers ({words(fixed)}) already has {value} numbers of a {kind} but"
                f" max_per_{kind}={bound}; fix other numbers or raise it"
            )


def refuse_past(wanted: GameConstraints, lottery: Lottery) -> None:
    """Raise ConstraintError where past draws are to be excluded and cannot be."""
    least, draws = wanted.exclude_past, wanted.past_draws
    if least is None:
        if draws:
            raise ConstraintError(
                "past_draws needs exclude_past, how many shared numbers are too many; give it or"
                " leave past_draws out"
            )
        return
    if draws is None:
        raise ConstraintError(
            f"exclude_past={least} needs past_draws, the draws to stay clear of; give them"
        )
    if least != "all" and least > lottery.draw:
        raise ConstraintError(
            f"exclude_past={least} excludes nothing: {lottery.name} draws {lottery.draw} numbers;"
            " lower it or leave it out"
        )
    for draw in draws:
        if len(draw) != lottery.draw or draw[-1] > lottery.pool:
            raise ConstraintError(
                f"past_draws contains {words(draw)}, but {lottery.name} draws {lottery.draw}"
                f" numbers of 1 to {lottery.pool}; correct it"
            )


def refuse_unreachable_sum(wanted: GameConstraints, usable: tuple[int, ...]) -> None:
    """Raise ConstraintError where no choice of the ``usable`` numbers has such a sum."""
    fixed = set(wanted.fixed_numbers)
    free = [number for number in usable if number not in fixed]
    left = wanted.numbers_per_game - len(fixed)
    least = sum(fixed) + sum(free[:left])
    most = sum(fixed) + sum(free[len(free) - left :])
    if wanted.min_sum is not None and wanted.min_sum > most:
        raise ConstraintError(
            f"min_sum={wanted.min_sum} cannot be reached: the greatest sum of"
            f" numbers_per_game={wanted.numbers_per_game} is {most}; lower it"
        )
    if wanted.max_sum is not None and wanted.max_sum < least:
        raise ConstraintError(
            f"max_sum={wanted.max_sum} cannot be reached: the least sum of"
            f" numbers_per_game={wanted.numbers_per_game} is {least}; raise it"
        )


def fullest(numbers: Sequence[int], group: Callable[[int], int]) -> int:
    """How many of the numbers the fullest of their groups has."""
    return max(Counter(map(group, numbers)).values(), default=0)


def longest_run(numbers: Iterable[int]) -> int:
    """Length of the longest run of consecutive numbers; ``numbers`` ascend without repeats."""
    longest = length = 0
    previous = None
    for number in numbers:
        length = length + 1 if previous is not None and number == previous + 1 else 1
        longest = max(longest, length)
        previous = number
    return longest


def words(numbers: Iterable[int]) -> str:
    """Numbers in words: ``3, 9``, ascending."""
    return ", ".join(str(number) for number in sorted(numbers))
