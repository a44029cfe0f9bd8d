"""The K-means portfolio: each month hold the stocks that cluster around a high RSI.

At the end of a month the most traded stocks are clustered by their features, starting from
centroids that are 0 but for their RSI; those of the last cluster are held the next month, with the
weights of the highest Sharpe ratio over the year before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.prices import Panel
from ray_services.portfolio_manager.backtest import hold
from ray_services.portfolio_manager.clusters import k_means
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.estimates import EstimateRules
from ray_services.portfolio_manager.features import FeatureRules, Features, features_of
from ray_services.portfolio_manager.inputs import number_in
from ray_services.portfolio_manager.limits import Limits
from ray_services.portfolio_manager.metrics import Metrics, measure
from ray_services.portfolio_manager.optimise import Wish, optimise

type Floats = NDArray[np.float64]

CASH = "cash"
MONTH = np.timedelta64(1, "M")


@dataclass(frozen=True, slots=True)
class StrategyRules:
    """`universe` most traded stocks; centroids at these RSIs, of which the last is held; at most
    `cap` of a stock; `window_months` for the weights; `cost` of what is traded."""

    universe: int = 150
    centroids: tuple[float, ...] = (30.0, 45.0, 55.0, 70.0)
    cap: float = 0.10
    window_months: int = 12
    risk_free: float = 0.0
    frequency: float = 252.0
    cost: float = 0.0
    features: FeatureRules = field(default_factory=FeatureRules)
    estimates: EstimateRules = field(default_factory=EstimateRules)

    def __post_init__(self) -> None:
        if self.universe < 1:
            raise BadInput(f"expected at least 1, got {self.universe}.", field="universe")
        if len(self.centroids) < 2:
            raise BadInput("expected at least 2.", field="centroids")
        if self.window_months < 1:
            raise BadInput(f"expected at least 1, got {self.window_months}.", field="window_months")
        number_in(self.cap, "cap", 0, 1, open_ends=False)
        number_in(self.cost, "cost", 0, 1, open_ends=False)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held in a month, chosen from what was known at the end of the month before.

    `goal` is max_sharpe, min_volatility where that was infeasible, or cash; `notes` say why.
    """

    month: np.datetime64
    tickers: tuple[str, ...]
    weights: Floats
    goal: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StrategyResult:
    """Returns a day after costs (days,), those of the benchmark and of the same stocks in equal
    parts, and what was held."""

    dates: NDArray[np.datetime64]
    returns: Floats
    benchmark: Floats
    equal: Floats
    metrics: Metrics
    benchmark_metrics: Metrics
    equal_metrics: Metrics
    turnover: Floats
    holdings: tuple[Holding, ...]


def run_strategy(
    panel: Panel,
    factors: Mapping[str, NDArray[Any]],
    rules: StrategyRules | None = None,
    *,
    benchmark: str = "SPY",
    leave_out: tuple[str, ...] = ("SPY", "QQQ"),
) -> StrategyResult:
    """The strategy over a panel; tickers to `leave_out` (indices) are never held.

    A stock without a price on a day counts as unchanged that day. Raises BadInput where there is
    too little history for a single month.
    """
    rules = rules or StrategyRules()
    features = features_of(panel, factors, rules.features)
    selections = select(features, rules, leave_out)
    returns = _filled_returns(panel)
    months = panel.dates.astype("datetime64[M]")
    index = returns[:, panel.columns([benchmark])[0]]
    holdings, days, parts, even, turnover = [], [], [], [], []
    before, before_even = np.zeros(len(panel.tickers)), np.zeros(len(panel.tickers))
    for month, chosen in selections:
        rows = np.flatnonzero(months == month + MONTH)
        if not len(rows):
            continue
        holding = weigh(panel, month + MONTH, chosen, int(rows[0]), rules)
        holdings.append(holding)
        columns = panel.columns(holding.tickers)
        weights, same = np.zeros(len(panel.tickers)), np.zeros(len(panel.tickers))
        weights[columns] = holding.weights
        same[columns] = 1 / max(len(columns), 1)
        turnover.append(float(np.abs(weights - before).sum()))
        part, before = _held(returns[rows], weights, before, rules.cost)
        equally, before_even = _held(returns[rows], same, before_even, rules.cost)
        days.append(rows)
        parts.append(part)
        even.append(equally)
    if not holdings:
        raise BadInput(
            "no month has stocks with all features; the features need some two years.",
            field="date",
            remedy="Give a longer history, with factors for the same months.",
        )
    row = np.concatenate(days)
    series, equal, other = np.concatenate(parts), np.concatenate(even), index[row]
    told = {"risk_free": rules.risk_free, "frequency": rules.frequency}
    return StrategyResult(
        panel.dates[row], series, other, equal,
        measure(series, benchmark=other, **told), measure(other, **told),
        measure(equal, benchmark=other, **told), np.array(turnover), tuple(holdings),
    )  # fmt: skip


def select(
    features: Features, rules: StrategyRules, leave_out: tuple[str, ...] = ()
) -> list[tuple[np.datetime64, tuple[str, ...]]]:
    """The stocks of the last cluster at the end of each month that can be clustered."""
    allowed = np.array([ticker not in leave_out for ticker in features.tickers])
    start = np.zeros((len(rules.centroids), len(features.names)))
    start[:, features.names.index("rsi")] = rules.centroids
    found = []
    for at, month in enumerate(features.months):
        values = features.values[at]
        volume = np.where(allowed, features.dollar_volume[at], np.nan)
        traded = np.argsort(-volume, kind="stable")[: rules.universe]  # NaN comes last
        traded = traded[np.isfinite(volume[traded])]
        complete = np.sort(traded[np.isfinite(values[traded]).all(axis=1)])
        if len(complete) < len(rules.centroids):
            continue
        labels, _ = k_means(values[complete], start)
        chosen = complete[labels == len(rules.centroids) - 1]
        found.append((month, tuple(features.tickers[place] for place in chosen)))
    return found


def weigh(
    panel: Panel, month: np.datetime64, chosen: tuple[str, ...], row: int, rules: StrategyRules
) -> Holding:
    """Weights for a month that begins at a row, by the prices of the months before it.

    Bounds are half of an equal part and the cap. Where so few stocks cannot fill the portfolio,
    the cap is two equal parts; where max Sharpe is infeasible the least volatility is taken. Both
    are noted; neither is silent.
    """
    first = (month - rules.window_months * MONTH).astype("datetime64[D]")
    start = min(int(np.searchsorted(panel.dates, first)), row - 1)
    prices = panel.fields["adj_close"][start:row, panel.columns(chosen)]
    complete = np.isfinite(prices).all(axis=0) & (np.ptp(prices, axis=0) > 0)
    names = tuple(name for name, there in zip(chosen, complete, strict=True) if there)
    notes = [f"{name}: no price on some days of the window, or a constant one; left out."
             for name in chosen if name not in names]  # fmt: skip
    if not names or row - start < 3:
        notes.append("No stock in the cluster: money is held.")
        return Holding(month, (), np.empty(0), CASH, tuple(notes))
    cap = rules.cap
    if len(names) * cap < 1:
        cap = min(1.0, 2 / len(names))
        notes.append(
            f"{len(names)} stocks of at most {rules.cap:.0%} are no whole portfolio; at most "
            f"{cap:.1%} of each instead."
        )
    limits = Limits(lower=1 / (2 * len(names)), upper=cap)
    held = np.ascontiguousarray(prices[:, complete])
    returns = held[1:] / held[:-1] - 1.0
    wish = Wish("max_sharpe", None, rules.risk_free, limits=limits, estimates=rules.estimates)
    try:
        return Holding(
            month, names, optimise(returns, names, wish).weights, wish.goal, tuple(notes)
        )
    except Infeasible as error:
        notes.append(f"Least volatility instead of the highest Sharpe ratio: {error}")
    calm = Wish("min_volatility", limits=limits, estimates=rules.estimates)
    return Holding(month, names, optimise(returns, names, calm).weights, calm.goal, tuple(notes))


def _held(returns: Floats, weights: Floats, before: Floats, cost: float) -> tuple[Floats, Floats]:
    part, after = hold(returns, weights)
    part[0] = (1 - cost * np.abs(weights - before).sum()) * (1 + part[0]) - 1
    return part, after


def _filled_returns(panel: Panel) -> Floats:
    """Returns a day of adjusted prices, (days, tickers); a price that lacks is the one before."""
    prices = panel.fields["adj_close"]
    days = np.arange(len(prices))[:, np.newaxis]
    last = np.maximum.accumulate(np.where(np.isnan(prices), 0, days), axis=0)
    filled = np.take_along_axis(prices, last, axis=0)
    returns = np.zeros(prices.shape)
    returns[1:] = np.nan_to_num(filled[1:] / filled[:-1] - 1.0)
    return returns
