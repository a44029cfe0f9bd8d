"""What is counted over the numbers of a game: the dimensions of the counting table.

A bound on a count ("two to four odd numbers", "a sum of 120 to 240") is a weight for every number
and an interval for the total. A constraint of that kind that comes later is one more entry of
``_rules``.

Each counter multiplies the table's states: the sum by up to a few hundred, a class by its upper
bound plus one, a cap on decades, rows or columns by ``cap + 1`` for each of them that it bounds.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from generation.classes import CLASSES, column, decade, row
from generation.constraints import GameConstraints
from generation.families import WHOLE, Family
from generation.lotteries import Lottery


@dataclass(frozen=True, slots=True)
class Counter:
    """``low <= weights of the chosen candidates together <= high``; with a ``modulus`` the total
    also leaves ``residue`` modulo it.

    ``weights[i]`` belongs to candidate i and is not negative; ``low`` and ``high`` are totals that
    some choice could reach, so ``low > high`` says that no choice meets the bounds.
    """

    name: str
    weights: tuple[int, ...]
    low: int
    high: int
    modulus: int = 0
    residue: int = 0

    def accepts(self, totals: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether finished games may have these totals: bool, same shape."""
        within: NDArray[np.bool_] = (totals >= self.low) & (totals <= self.high)
        return within & (totals % self.modulus == self.residue) if self.modulus else within

    def windows(self, picks: int) -> list[tuple[int, int]]:
        """For 0..``picks`` candidates chosen: the least and greatest total worth a table row.

        A total outside cannot be reached, or can no longer end within the bounds. The first t of
        ``picks`` ascending choices leave ``picks - t`` candidates behind them and the others come
        from candidate t on, which is what keeps these windows narrow.
        """
        return _windows(self, picks)


@lru_cache(maxsize=256)
def _windows(counter: Counter, picks: int) -> list[tuple[int, int]]:
    spare = len(counter.weights) - picks
    found = []
    for taken in range(picks + 1):
        least, most = extremes(counter.weights[: spare + taken], taken)
        least_left, most_left = extremes(counter.weights[taken:], picks - taken)
        found.append((max(least, counter.low - most_left), min(most, counter.high - least_left)))
    return found


def extremes(weights: Sequence[int], picks: int) -> tuple[int, int]:
    """The least and the greatest total of ``picks`` of these weights."""
    ordered = np.sort(np.asarray(weights, dtype=np.int64))
    return int(ordered[:picks].sum()), int(ordered[len(ordered) - picks :].sum())


def counters_for(
    lottery: Lottery,
    constraints: GameConstraints,
    candidates: Sequence[int],
    picks: int,
    family: Family = WHOLE,
) -> list[Counter]:
    """The counters needed to choose ``picks`` of the free ``candidates`` (ascending), which those
    of a second group follow, within the family.

    What the fixed numbers contribute is taken off the bounds. A counter whose bounds every choice
    meets is left out, because each one multiplies the table.
    """
    second = lottery.second.pool if lottery.second else 0
    found = []
    for name, weight, low, high in _rules(lottery, constraints, family):
        already = sum(weight(number) for number in constraints.fixed_numbers)
        weights = tuple(int(weight(lottery.face(number))) for number in candidates)
        least, most = extremes(weights, picks)
        modulus = family.modulus if name == "sum" else 0
        if least < low - already or most > high - already or modulus:
            bounds = max(least, low - already), min(most, high - already)
            residue = (family.residue - already) % modulus if modulus else 0
            found.append(Counter(name, (*weights, *(0,) * second), *bounds, modulus, residue))
    if second:
        chosen = constraints.second_picks(lottery)
        weights = (*(0,) * len(candidates), *(1,) * second)
        found.append(Counter("second group", weights, chosen, chosen))
    for place in range(lottery.digits):
        weights = tuple(int((number - 1) // 10 == place) for number in candidates)
        found.append(Counter(f"digit {place + 1}", weights, 1, 1))
    return found


type _Rule = tuple[str, Callable[[int], int], int, int]


def _rules(lottery: Lottery, wanted: GameConstraints, family: Family) -> Iterator[_Rule]:
    """Name, weight of a number, least and greatest total of a whole game."""
    yield "sum", lambda number: number, *_bounds(wanted, "sum")
    yield "odd", lambda number: number % 2, *wanted.odd_range
    yield "core", set(family.core).__contains__, family.core_least, sys.maxsize
    for name, belongs in CLASSES.items():
        if name not in {"odd", "even"}:
            yield name, belongs, *_bounds(wanted, name)
    draw = set(wanted.reference_draw or ())
    yield "repeats", draw.__contains__, *_bounds(wanted, "repeats")
    columns = lottery.ticket_columns
    caps = {"decade": (decade, wanted.max_per_decade)}
    if columns == 10:  # then rows are decades
        most = [cap for cap in (wanted.max_per_decade, wanted.max_per_row) if cap is not None]
        caps["decade"] = (decade, min(most, default=None))
    elif columns is not None:
        caps["row"] = (partial(row, ticket_columns=columns), wanted.max_per_row)
    if columns is not None:
        caps["column"] = (partial(column, ticket_columns=columns), wanted.max_per_column)
    for name, (group, cap) in caps.items():
        if cap is not None:
            yield from _groups(lottery, name, group, cap)


def _groups(lottery: Lottery, name: str, group: Callable[[int], int], most: int) -> Iterator[_Rule]:
    """One rule for each decade, row or column."""
    for which in sorted({group(number) for number in range(1, lottery.pool + 1)}):
        members = {number for number in range(1, lottery.pool + 1) if group(number) == which}
        yield f"{name} {which + 1}", members.__contains__, 0, most


def _bounds(wanted: GameConstraints, name: str) -> tuple[int, int]:
    low, high = getattr(wanted, f"min_{name}"), getattr(wanted, f"max_{name}")
    return low or 0, sys.maxsize if high is None else high
