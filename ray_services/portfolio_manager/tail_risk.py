"""Value at risk and expected shortfall: of history, in closed form, and by simulation.

Losses are positive numbers, as parts of the portfolio. Value at risk at a level is the smallest
loss that is not exceeded with that probability; expected shortfall the mean of the worst
1 - level of outcomes (Rockafellar and Uryasev, "Conditional Value-at-Risk for General Loss
Distributions", 2002), which takes its share of the outcome that straddles the level.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import exp, floor, pi, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread, one_by_one
from ray_services.portfolio_manager.inputs import number_in, series_of
from ray_services.portfolio_manager.paths import bootstrap_tail, gaussian_tail
from ray_services.portfolio_manager.random_numbers import key_of

type Floats = NDArray[np.float64]
type Span = tuple[int, int]

PILOT = 8192
"""Paths that tell where about the tail begins."""
MOST_PATHS, MOST_DAYS = 100_000_000, 2520


@dataclass(frozen=True, slots=True)
class TailRisk:
    """Losses over the horizon, as parts of the portfolio."""

    var: float
    cvar: float
    level: float
    days: int
    method: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """`paths` outcomes of `days` days each.

    "bootstrap" draws past returns with replacement and compounds them; "gaussian" draws the sum
    of normal returns: the portfolio's return is linear in those of the assets, so that one number
    for each path has exactly the distribution that drawing every asset would give.
    """

    method: Literal["bootstrap", "gaussian"] = "bootstrap"
    paths: int = 1_000_000
    days: int = 10
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in {"bootstrap", "gaussian"}:
            raise BadInput(f"expected bootstrap or gaussian, got {self.method!r}.", field="method")
        _check(self.level, self.days)
        if not 1 <= self.paths <= MOST_PATHS:
            raise BadInput(f"expected 1 to {MOST_PATHS:,}, got {self.paths:,}.", field="paths")


@dataclass(frozen=True, slots=True)
class Draw:
    """What every part of a simulation needs: logarithms of gross returns, or none."""

    logs: Floats
    days: int
    key: int
    threshold: float


def historic(returns: ArrayLike, level: float = 0.95, days: int = 1) -> TailRisk:
    """Of past returns a day, as they were, over one day or compounded over each `days` days that
    follow each other; the periods overlap."""
    series = series_of(returns, "returns")
    _check(level, days)
    if len(series) < days + 1:
        raise BadInput(
            f"{len(series)} past returns are too few for {days} days; at least {days + 1} are "
            "needed.",
            field="days",
            remedy="Take fewer days, or a longer period.",
        )
    if days > 1:
        series = np.prod(1.0 + np.lib.stride_tricks.sliding_window_view(series, days), axis=1) - 1.0
    var, cvar = _of_sorted(np.sort(-series)[::-1], level, len(series))
    return TailRisk(var, cvar, level, days, "historic")


def parametric(mean: float, deviation: float, level: float = 0.95, days: int = 1) -> TailRisk:
    """Of normal returns with this mean and standard deviation a day, summed over days.

    J. P. Morgan, "RiskMetrics Technical Document", 1996; McNeil, Frey and Embrechts,
    "Quantitative Risk Management", 2005, example 2.18.
    """
    _check(level, days)
    number_in(deviation, "deviation", 0, np.inf)
    at = NormalDist().inv_cdf(level)
    spread, shift = deviation * sqrt(days), -mean * days
    tail = exp(-at * at / 2) / sqrt(2 * pi) / (1 - level)
    return TailRisk(shift + spread * at, shift + spread * tail, level, days, "parametric")


def simulate(
    returns: ArrayLike, simulation: Simulation, *, parts: int = 1, spread: Spread | None = None
) -> TailRisk:
    """Of the portfolio's past returns a day, shape (rows,), by simulation.

    The same to the bit for every number of `parts` and whatever `spread` (such as `parallel_map`)
    runs them: a path depends on its number only, and the tail is sorted before it is summed.
    """
    series = series_of(returns, "returns")
    run = spread or one_by_one
    draw = prepare(series, simulation)
    spans = spans_of(simulation.paths, parts)
    tails = run(tail_of, spans, draw=draw)
    if sum(map(len, tails)) <= _beyond(simulation.level, simulation.paths):
        tails = run(tail_of, spans, draw=_without_threshold(draw))
    outcomes = np.sort(np.concatenate(tails), kind="stable")  # merges what is sorted already
    if simulation.method == "bootstrap":
        losses = -np.expm1(outcomes)
    else:
        shift, deviation = series.mean() * draw.days, series.std(ddof=1) * sqrt(draw.days)
        losses = -(shift + deviation * outcomes)
    var, cvar = _of_sorted(losses, simulation.level, simulation.paths)
    return TailRisk(var, cvar, simulation.level, simulation.days, simulation.method)


def prepare(series: Floats, simulation: Simulation) -> Draw:
    """What the parts need; a pilot of the first paths tells below what outcomes are kept."""
    logs = np.empty(0)
    if simulation.method == "bootstrap":
        if (series <= -1.0).any():
            row = int(np.argmax(series <= -1.0)) + 1
            raise BadInput("a return of -1 or less cannot be compounded.", field="returns", row=row)
        logs = np.log1p(series)
    everything = Draw(logs, simulation.days, int(key_of(simulation.seed)), np.inf)
    share = 1.25 * (1 - simulation.level) + 0.004
    if simulation.paths <= PILOT or share >= 1:
        return everything
    pilot = tail_of((0, PILOT), draw=everything)
    return Draw(logs, everything.days, everything.key, float(pilot[int(share * PILOT)]))


def tail_of(span: Span, *, draw: Draw) -> Floats:
    """The low outcomes among paths `span[0]` to `span[1] - 1`, the lowest first."""
    key, start, stop = np.uint64(draw.key), np.uint64(span[0]), np.uint64(span[1])
    if len(draw.logs):
        logs = np.array(draw.logs)  # what comes through Ray is read-only: other compiled code
        days = np.uint64(draw.days)
        found: Floats = bootstrap_tail(logs, days, key, start, stop, draw.threshold)
    else:
        found = gaussian_tail(key, start, stop, draw.threshold)
    found.sort()
    return found


def spans_of(paths: int, parts: int) -> list[Span]:
    """Spans of about equal length that cover all paths."""
    if parts < 1:
        raise BadInput(f"expected at least 1, got {parts}.", field="parts")
    edges = [paths * part // parts for part in range(parts + 1)]
    return [(start, stop) for start, stop in pairwise(edges) if start < stop]


def _without_threshold(draw: Draw) -> Draw:
    return Draw(draw.logs, draw.days, draw.key, np.inf)


def _beyond(level: float, count: int) -> int:
    """How many of `count` outcomes are worse than the value at risk."""
    return min(floor(round((1 - level) * count, 9)), count - 1)


def _of_sorted(losses: Floats, level: float, count: int) -> tuple[float, float]:
    """Value at risk and expected shortfall of the worst of `count` losses, worst first."""
    weight = (1 - level) * count
    beyond = _beyond(level, count)
    var = float(losses[beyond])
    total = float(np.sum(losses[:beyond])) + (weight - beyond) * var
    return var, total / weight


def _check(level: float, days: int) -> None:
    number_in(level, "level", 0.5, 1)
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"expected 1 to {MOST_DAYS}, got {days}.", field="days")
