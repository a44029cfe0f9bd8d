"""What is counted over the numbers of a game: the dimensions of the counting table.

A bound on a count ("two to four odd numbers", "a sum of 120 to 240") is a weight for every number
and an interval for the total. A constraint of that kind that comes later (primes, numbers of a
decade, numbers repeated from a draw) is one more entry of ``_rules``.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from generation.constraints import GameConstraints


@dataclass(frozen=True, slots=True)
class Counter:
    """``low <= weights of the chosen candidates together <= high``.

    ``weights[i]`` belongs to candidate i and is not negative; ``low`` and ``high`` are totals that
    some choice could reach, so ``low > high`` says that no choice meets the bounds.
    """

    name: str
    weights: tuple[int, ...]
    low: int
    high: int

    def windows(self, picks: int) -> list[tuple[int, int]]:
        """For 0..``picks`` candidates chosen: the least and greatest total worth a table row.

        A total outside cannot be reached, or can no longer end within the bounds. The first t of
        ``picks`` ascending choices leave ``picks - t`` candidates behind them and the others come
        from candidate t on, which is what keeps these windows narrow.
        """
        spare = len(self.weights) - picks
        found = []
        for taken in range(picks + 1):
            least, most = extremes(self.weights[: spare + taken], taken)
            least_left, most_left = extremes(self.weights[taken:], picks - taken)
            found.append((max(least, self.low - most_left), min(most, self.high - least_left)))
        return found


def extremes(weights: Sequence[int], picks: int) -> tuple[int, int]:
    """The least and the greatest total of ``picks`` of these weights."""
    ordered = np.sort(np.asarray(weights, dtype=np.int64))
    return int(ordered[:picks].sum()), int(ordered[len(ordered) - picks :].sum())


def counters_for(
    constraints: GameConstraints, candidates: Sequence[int], picks: int
) -> list[Counter]:
    """The counters needed to choose ``picks`` of the free ``candidates`` (ascending).

    What the fixed numbers contribute is taken off the bounds. A counter whose bounds every choice
    meets is left out, because each one multiplies the table.
    """
    found = []
    for name, weight, low, high in _rules(constraints):
        already = sum(weight(number) for number in constraints.fixed_numbers)
        weights = tuple(weight(number) for number in candidates)
        least, most = extremes(weights, picks)
        if least < low - already or most > high - already:
            found.append(
                Counter(name, weights, max(least, low - already), min(most, high - already))
            )
    return found


def _rules(wanted: GameConstraints) -> Iterator[tuple[str, Callable[[int], int], int, int]]:
    """Name, weight of a number, least and greatest total of a whole game."""
    yield (
        "sum",
        lambda number: number,
        wanted.min_sum or 0,
        sys.maxsize if wanted.max_sum is None else wanted.max_sum,
    )
    yield "odd", lambda number: number % 2, *wanted.odd_range
