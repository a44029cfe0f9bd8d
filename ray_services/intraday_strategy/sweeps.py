"""Many sets of parameters over one period: the best, heat maps, and how much of it is luck."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread, one_by_one
from ray_services.intraday_strategy.checking import one_of, whole
from ray_services.intraday_strategy.evaluating import evaluate, require
from ray_services.intraday_strategy.grids import Grid
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import METRICS, Metrics, as_metrics, metric_place
from ray_services.intraday_strategy.overfitting import Deflated, deflated
from ray_services.intraday_strategy.rules import Day, Rules, Span, span_of
from ray_services.intraday_strategy.strategies import Strategy

type Floats = NDArray[np.float64]

BATCH = 64
"""Sets that are sent to a process together: some milliseconds' work."""
MOST_TOP = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """One of the best sets."""

    rank: int
    strategy: Strategy
    metrics: Metrics


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """A search's figures, and what it found."""

    grid: Grid
    rules: Rules
    sha256: str
    metric: str
    first_day: np.datetime64
    last_day: np.datetime64
    figures: Floats
    """Shape (sets, METRICS), in the order of the grid."""
    best: tuple[Found, ...]
    """Highest metric first; sets without a value are not among them."""
    luck: Deflated | None
    """None where no set has a Sharpe ratio."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """A metric over two parameters."""

    x: str
    y: str
    x_values: tuple[Any, ...]
    y_values: tuple[Any, ...]
    metric: str
    of: str
    values: Floats
    """Shape (y_values, x_values), NaN where no set has a value."""

    def as_lists(self) -> list[list[float | None]]:
        """The values as JSON holds them."""
        return [[None if value != value else value for value in row]
                for row in self.values.tolist()]  # fmt: skip


def sweep(
    market: Market,
    grid: Grid,
    rules: Rules | None = None,
    *,
    start: Day = None,
    end: Day = None,
    metric: str = "sharpe",
    top: int = 10,
    spread: Spread | None = None,
) -> Sweep:
    """Run all sets of a grid from start to end. `spread` may send them elsewhere, in any way: the
    figures are the same to the bit. Raises BadInput as `run` does."""
    place = metric_place(metric)
    whole("top", top, 1, MOST_TOP)
    span, rules = span_of(market.bars, start, end), rules or Rules()
    found = search(market, grid.sets, rules, [span], spread)[:, 0]
    days = market.bars.days
    return Sweep(
        grid=grid,
        rules=rules,
        sha256=market.bars.sha256,
        metric=metric,
        first_day=days[span.first],
        last_day=days[span.last - 1],
        figures=found,
        best=tuple(
            Found(rank, grid.sets[index], as_metrics(found[index]))
            for rank, index in enumerate(best_places(found[:, place], top), start=1)
        ),
        luck=deflated(found, span.last - span.first, span.years(market.bars)),
    )


def search(
    market: Market,
    sets: Sequence[Strategy],
    rules: Rules,
    spans: Sequence[Span],
    spread: Spread | None = None,
) -> Floats:
    """`evaluate` of any number of sets, in batches that share windows, in the order of the sets."""
    for strategy in longest(sets):
        require(market, strategy)
    order = sorted(range(len(sets)), key=lambda place: (sets[place].name, sets[place].windows))
    batches = [
        [sets[place] for place in order[begin : begin + BATCH]]
        for begin in range(0, len(order), BATCH)
    ]
    parts = (spread or one_by_one)(evaluate, batches, market=market, rules=rules, spans=spans)
    found = np.empty((len(sets), len(spans), len(METRICS)))
    found[order] = np.concatenate(parts)
    found[~np.isfinite(found)] = np.nan  # such as a day's gain made a year's
    return found


def longest(sets: Sequence[Strategy]) -> list[Strategy]:
    """Of each strategy the set that needs most bars: if those can be run, all can."""
    found: dict[str, Strategy] = {}
    for strategy in sets:
        if strategy.name not in found or strategy.warm_up > found[strategy.name].warm_up:
            found[strategy.name] = strategy
    return list(found.values())


def best_places(values: Floats, top: int) -> list[int]:
    """Places of the highest values, the first of equal ones first; NaN is no value."""
    order = np.argsort(-values, kind="stable")[:top]
    return [int(place) for place in order if values[place] == values[place]]


def heat_map(
    found: Sweep,
    x: str,
    y: str,
    metric: str | None = None,
    of: Literal["max", "mean"] = "max",
) -> HeatMap:
    """A metric over two parameters of the grid: of the sets that share both values the highest, or
    the mean. Raises BadInput for parameters that the grid does not have."""
    axes = found.grid.axes
    for field, name in (("x", x), ("y", y)):
        one_of(field, name, tuple(axes))
    if x == y:
        raise BadInput(f"expected another parameter than x, got {y!r}.", field="y")
    one_of("of", of, ("max", "mean"))
    metric = metric or found.metric
    values = found.figures[:, metric_place(metric)]
    rows, columns = (
        np.array([axes[name].index(getattr(one, name)) for one in found.grid.sets])
        for name in (y, x)
    )
    shape, known = (len(axes[y]), len(axes[x])), ~np.isnan(values)
    where = (rows[known], columns[known])
    if of == "max":
        map_ = np.full(shape, np.nan)
        np.fmax.at(map_, where, values[known])
    else:
        sums, counts = np.zeros(shape), np.zeros(shape)
        np.add.at(sums, where, values[known])
        np.add.at(counts, where, 1.0)
        map_ = np.divide(sums, counts, out=np.full(shape, np.nan), where=counts > 0)
    return HeatMap(x, y, axes[x], axes[y], metric, of, map_)
