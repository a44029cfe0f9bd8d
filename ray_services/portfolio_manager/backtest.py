"""Walk-forward backtests: weights from the past only, held, and traded at a cost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread, one_by_one
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.inputs import names_of, number_in, returns_of, series_of
from ray_services.portfolio_manager.limits import Turnover
from ray_services.portfolio_manager.metrics import Metrics, measure
from ray_services.portfolio_manager.optimise import Wish, optimise

type Floats = NDArray[np.float64]
type Places = NDArray[np.int64]
type Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to walk: `window` days of the past each time, weights anew every `every` days or, with
    `every` = "month", on the first day of each month; `cost` is what trading takes, as a part of
    what is bought and sold; `frequency` the days of a year; `turnover` bounds what is bought and
    sold each time but the first, as a part of the portfolio (2 exchanges all of it)."""

    window: int = 252
    every: int | str = 21
    cost: float = 0.001
    risk_free: float = 0.0
    frequency: float = 252.0
    turnover: float | None = None

    def __post_init__(self) -> None:
        if self.window < 2:
            raise BadInput(f"expected at least 2 days, got {self.window}.", field="window")
        if self.every != "month" and not (isinstance(self.every, int) and self.every >= 1):
            raise BadInput(
                f'expected a number of days or "month", got {self.every!r}.', field="every"
            )
        number_in(self.cost, "cost", 0, 1, open_ends=False)
        if self.turnover is not None:
            number_in(self.turnover, "turnover", 0, np.inf, open_ends=False)


@dataclass(frozen=True, slots=True)
class Track:
    """What came of one way to choose weights: `returns` (days,) after costs, their `metrics`,
    `weights` (rebalancings, n) and `turnover` (rebalancings,), parts bought and sold."""

    returns: Floats
    metrics: Metrics
    weights: Floats
    turnover: Floats


@dataclass(frozen=True, slots=True)
class Backtest:
    """A strategy beside equal weights, both traded on the same days at the same cost.

    `first_row` is that of the returns on which it begins, `rebalanced` (k,) the rows of the
    rebalancings; `notes` say on which days the wish could not be met, and what was held instead.
    """

    first_row: int
    rebalanced: Places
    strategy: Track
    equal: Track
    notes: tuple[str, ...] = field(default_factory=tuple)


def walk_forward(
    returns: Floats,
    names: tuple[str, ...],
    wish: Wish,
    plan: Plan,
    *,
    dates: Days | None = None,
    benchmark: Floats | None = None,
    spread: Spread | None = None,
) -> Backtest:
    """The backtest of a wish over simple returns a day (rows, n), dates and benchmark (rows,).

    Weights of a day come from the `window` days before it. Where the wish is infeasible the old
    weights stay (at the very first, none: money is held), and a note says so. `spread` runs the
    rebalancings, which are independent of each other unless the plan bounds their turnover.
    """
    given = returns_of(returns, names_of(names, len(names)))
    rows = rebalancing_rows(len(given), plan, dates)
    chosen = _chosen(given, names, wish, plan, rows, spread)
    notes: list[str] = []

    def choose(row: int, held: Floats) -> Floats:
        found = chosen(row, held)
        if not isinstance(found, str):
            return found
        day = f"row {row + 1}" if dates is None else str(dates[row])
        notes.append(f"{day}: the weights stay as they are. {found}")
        return held

    even = np.full(len(names), 1 / len(names))
    beside = None if benchmark is None else series_of(benchmark, "benchmark", len(given))
    strategy = track(given, rows, choose, plan, beside)
    equal = track(given, rows, lambda row, held: even, plan, beside)
    return Backtest(int(rows[0]), rows, strategy, equal, tuple(notes))


def weights_at(
    row: int, *, returns: Floats, names: tuple[str, ...], wish: Wish, window: int
) -> Floats | str:
    """Weights (n,) by the `window` rows before a row, or why there are none."""
    try:
        return optimise(returns[row - window : row], names, wish).weights
    except Infeasible as error:
        return str(error)


def _chosen(
    returns: Floats,
    names: tuple[str, ...],
    wish: Wish,
    plan: Plan,
    rows: Places,
    spread: Spread | None,
) -> Callable[[int, Floats], Floats | str]:
    """What says, from a row and the weights held then, the new ones, or why there are none."""
    most, window = plan.turnover, plan.window
    if most is None:
        places, run = rows.tolist(), spread or one_by_one
        found = run(weights_at, places, returns=returns, names=names, wish=wish, window=window)
        known = dict(zip(places, found, strict=True))
        return lambda row, held: known[row]

    def limited(row: int, held: Floats) -> Floats | str:
        asked = wish if row == rows[0] else _trading(wish, names, held, most)
        return weights_at(row, returns=returns, names=names, wish=asked, window=window)

    _trading(wish, names, np.zeros(len(names)), most)  # refuses what takes no such limit
    return limited


def _trading(wish: Wish, names: tuple[str, ...], held: Floats, most: float) -> Wish:
    """The wish, with a limit on what is traded."""
    turnover = Turnover(dict(zip(names, held.tolist(), strict=True)), most)
    return replace(wish, limits=replace(wish.limits, turnover=turnover))


def rebalancing_rows(count: int, plan: Plan, dates: Days | None = None) -> Places:
    """The rows, of `count`, on which weights are chosen anew; raises BadInput for too few rows."""
    if count < plan.window + 2:
        raise BadInput(
            f"{count} days are too few for a window of {plan.window}; at least "
            f"{plan.window + 2} are needed.",
            field="window",
            remedy="Give a longer period or a shorter window.",
        )
    if isinstance(plan.every, int):
        return np.arange(plan.window, count, plan.every)
    if dates is None or len(dates) != count:
        raise BadInput("months need a date for each row.", field="dates")
    months = dates.astype("datetime64[M]")
    begins = np.flatnonzero(months[1:] != months[:-1]) + 1
    rows = begins[begins >= plan.window]
    if not len(rows):
        raise BadInput(
            f"no month begins after the first {plan.window} days.",
            field="window",
            remedy="Give a longer period or a shorter window.",
        )
    return rows


def track(
    returns: Floats,
    rows: Places,
    choose: Callable[[int, Floats], Floats],
    plan: Plan,
    benchmark: Floats | None = None,
) -> Track:
    """Hold what `choose(row, weights held then)` says from each of the rows to the next.

    Between rebalancings weights drift with prices; costs are taken on the day of the trade.
    """
    daily = np.empty(len(returns) - rows[0])
    held = np.zeros(returns.shape[1])
    weights, turnover = np.empty((len(rows), len(held))), np.empty(len(rows))
    for at, row in enumerate(rows):
        stop = rows[at + 1] if at + 1 < len(rows) else len(returns)
        weights[at] = choose(int(row), held)
        turnover[at] = np.abs(weights[at] - held).sum()
        part, held = hold(returns[row:stop], weights[at])
        part[0] = (1.0 - plan.cost * turnover[at]) * (1.0 + part[0]) - 1.0
        daily[row - rows[0] : stop - rows[0]] = part
    metrics = measure(
        daily,
        benchmark=None if benchmark is None else benchmark[rows[0] :],
        risk_free=plan.risk_free,
        frequency=plan.frequency,
    )
    return Track(daily, metrics, weights, turnover)


def hold(returns: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Returns (days,) of weights (n,) bought once, and the weights (n,) they have drifted to.

    What the weights leave of 1 is money, without interest.
    """
    values = weights * np.cumprod(1.0 + returns, axis=0)
    wealth = np.concatenate([[1.0], values.sum(axis=1) + (1.0 - weights.sum())])
    return wealth[1:] / wealth[:-1] - 1.0, values[-1] / wealth[-1]
