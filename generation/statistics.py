"""A job's games beside what is to be expected of as many drawn blindly from all valid games.

Drawn are ``n`` of ``N`` valid games without putting one back, of which ``K`` have a value: the
count of those follows the hypergeometric distribution, with mean ``n K / N`` and variance
``n (K/N) (1 - K/N) (N - n) / (N - 1)``. The chi-square statistic, divided by ``(N - n) / (N - 1)``
for the same reason, follows its usual distribution (Feller, An Introduction to Probability Theory,
volume 1, II.6 and IX.5; Pearson 1900).
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from math import erfc, exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import Any, NamedTuple, Protocol

from generation.constraints import GameConstraints
from generation.distributions import (
    LEFT_OUT,
    TheoryTooLarge,
    distribution,
    face_sum,
    frequencies,
    left_out,
    odd,
    shared_with,
)
from generation.lotteries import Lottery, get_lottery
from generation.orders import Order

ENOUGH = 25
"""Games expected with a value, and without it, from which a deviation means something: below, the
normal distribution does not describe it."""

ENOUGH_IN_CELL = 5
"""Games expected in each cell of a chi-square test; neighbouring values are joined up to it."""

USUAL = 0.95
"""The share of blindly drawn jobs whose largest deviation is called usual."""


class NotCounted(ValueError):
    """The job has no counts: it has not finished, or it is older than they are."""


class Counted(Protocol):
    """What ``statistics_of`` reads of a ``GenerationJob``."""

    @property
    def order(self) -> Order: ...

    tally: Any


class Theory(NamedTuple):
    """How many games there are, and how many of them have each value."""

    games: int
    counts: Mapping[int, int]


def statistics_of(job: Counted) -> dict[str, Any]:
    """The statistics of a finished job, as JSON. Raises ``NotCounted``."""
    if not job.tally:
        raise NotCounted("this job has no counts of its games; wait until it has finished")
    return statistics(get_lottery(job.order.lottery), job.order.constraints, job.tally)


def statistics(
    lottery: Lottery, constraints: GameConstraints, tally: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``Tally.as_dict`` counted, beside the exact theory, as JSON.

    ``theory`` says of which games it is: "exact" of the valid ones, "without …" where wishes that
    concern several games are not in it. Each of ``numbers``, ``second`` (where there is such a
    group), ``odd``, ``sum`` and ``overlap`` has ``values``: ``value``, ``observed``, ``expected``
    and ``deviation`` in standard deviations (``None`` where too few games are expected);
    ``chi_square`` tests the whole where each game counts once. Expectations are ``None`` where the
    theory is too large to count, and for ``neighbours``, of which there is none. Neither tests nor
    ``score`` are given where the theory is not that of the very games that were drawn from.
    """
    lacking = left_out(constraints)
    plain = constraints.model_copy(update=dict.fromkeys((*LEFT_OUT, "past_draws", "seed")))
    games, first = tally["games"], tuple(tally["first"])
    sections = {
        name: _section(
            {int(value): count for value, count in tally[name].items()},
            _theory(lottery, plain, name, first if name == "overlap" else ()),
            max(0, games - 1) if name in {"overlap", "neighbours"} else games,
        )
        for name in ("numbers", "second", "odd", "sum", "overlap", "neighbours")
        if name != "second" or lottery.second
    }
    for name, section in sections.items():
        if lacking or name in {"numbers", "second"}:  # of these a game has several
            section["chi_square"] = None
    if lottery.digits:
        for item in sections["numbers"]["values"]:
            item["value"] = f"{(item['value'] - 1) // 10 + 1}:{lottery.face(item['value'])}"
    theory = _theory(lottery, plain, "odd", ())
    return {
        "lottery": lottery.key,
        "games": games,
        "valid_games": theory.games if theory else None,
        "theory": f"without {', '.join(lacking)}" if lacking else "exact",
        **sections,
        "score": None if lacking else _score(sections),
    }


@lru_cache(maxsize=64)
def _theory(
    lottery: Lottery, constraints: GameConstraints, name: str, first: tuple[int, ...]
) -> Theory | None:
    """``None`` where there is none, or where it is too large to count."""
    weights = {"odd": odd(lottery), "sum": face_sum(lottery), "overlap": shared_with(first)}
    try:
        if name == "numbers":
            held = frequencies(lottery, constraints)
            return Theory(sum(held.values()) // constraints.numbers_per_game, held)
        if name == "second" and lottery.second:
            games = sum(distribution(lottery, constraints, weights["odd"]).values())
            share = games * constraints.second_picks(lottery) // lottery.second.pool
            return Theory(games, dict.fromkeys(range(1, lottery.second.pool + 1), share))
        if name not in weights:
            return None
        counts = dict(distribution(lottery, constraints, weights[name]))
    except TheoryTooLarge:
        return None
    if first:  # that game itself is none of the others
        counts[len(first)] -= 1
    return Theory(sum(counts.values()), counts)


def _section(observed: Mapping[int, int], theory: Theory | None, drawn: int) -> dict[str, Any]:
    values = sorted({*observed, *(theory.counts if theory else ())})
    items = []
    for value in values:
        item: dict[str, Any] = {"value": value, "observed": observed.get(value, 0)}
        expected = deviation = None
        if theory and theory.games:
            share = theory.counts.get(value, 0) / theory.games
            expected = drawn * share
            spread = sqrt(expected * (1 - share) * _finite(drawn, theory.games))
            if min(expected, drawn - expected) >= ENOUGH and spread:
                deviation = round((item["observed"] - expected) / spread, 3)
            expected = round(expected, 4)
        items.append({**item, "expected": expected, "deviation": deviation})
    return {"values": items, "chi_square": _chi_square(items, theory, drawn)}


def _finite(drawn: int, games: int) -> float:
    """How much less varies what is drawn without putting back; 0 where all games are drawn."""
    return max(0, games - drawn) / (games - 1) if games > 1 else 0.0


def _chi_square(
    items: list[dict[str, Any]], theory: Theory | None, drawn: int
) -> dict[str, Any] | None:
    if theory is None or not _finite(drawn, theory.games):
        return None
    cells = [(0.0, 0.0)]
    for item in items:
        seen, expected = cells[-1]
        if expected >= ENOUGH_IN_CELL:
            cells.append((item["observed"], item["expected"]))
        else:
            cells[-1] = seen + item["observed"], expected + item["expected"]
    if len(cells) > 1 and cells[-1][1] < ENOUGH_IN_CELL:
        seen, expected = cells.pop()
        cells[-1] = cells[-1][0] + seen, cells[-1][1] + expected
    if len(cells) < 2:
        return None
    statistic = sum((seen - expected) ** 2 / expected for seen, expected in cells)
    statistic /= _finite(drawn, theory.games)
    degrees = len(cells) - 1
    return {
        "statistic": round(statistic, 3),
        "degrees": degrees,
        "p": float(f"{chance_above(statistic, degrees):.4g}"),
    }


def chance_above(statistic: float, degrees: int) -> float:
    """The chance that a chi-square of so many degrees of freedom is greater.

    The closed form for whole degrees (Abramowitz and Stegun, 26.4.4 and 26.4.5).
    """
    half = statistic / 2
    if half <= 0:
        return 1.0
    start = 0.5 if degrees % 2 else 0.0
    powers = (start + step for step in range(degrees // 2))
    tail = sum(exp(power * log(half) - half - lgamma(power + 1)) for power in powers)
    return min(1.0, tail + (erfc(sqrt(half)) if degrees % 2 else 0.0))


def _score(sections: Mapping[str, Any]) -> dict[str, Any] | None:
    """The largest deviation, and how large it usually is among so many values compared.

    By Bonferroni's inequality, so that values need not be independent of each other.
    """
    compared = [
        (abs(item["deviation"]), f"{name} {item['value']}")
        for name, item in chain.from_iterable(
            ((name, item) for item in section["values"]) for name, section in sections.items()
        )
        if item["deviation"] is not None
    ]
    if not compared:
        return None
    largest, where = max(compared, key=lambda one: one[0])
    usual = NormalDist().inv_cdf(1 - (1 - USUAL) / 2 / len(compared))
    return {
        "largest_deviation": largest,
        "of": where,
        "compared": len(compared),
        "usually_below": round(usual, 3),
        "usual": largest <= usual,
    }
