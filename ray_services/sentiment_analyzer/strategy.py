"""Holding what people engage with: the tickers of each period's highest engagement, held over the
next period, beside a benchmark.

Tickers chosen on the records of a period are bought at its last close, so that nothing is known
too early. The return of a day is the weighted mean over the tickers held that have one; the
cumulative return is `exp(cumsum(log1p(return))) - 1`. With `returns="log"` the daily return is the
mean of log returns, as the strategy is usually published; with "simple" it is what a portfolio
rebalanced daily earns.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.prices import RETURNS, Panel
from ray_services.sentiment_analyzer.periods import Days, next_starts
from ray_services.sentiment_analyzer.ranking import PeriodMeans, Ranking, period_means, ranks_of
from ray_services.sentiment_analyzer.records import Records, known_symbols

type Numbers = NDArray[np.float64]

WEIGHTINGS = ("equal", "metric", "rank")
TRADING_DAYS = 252  # in a year


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is held, how it is weighted, and what it is compared with.

    `weighting` is "equal", "metric" (in proportion to the mean of the metric) or "rank" (the first
    of n has n parts, the last one). `start` and `end`, both inclusive, bound the days of the
    result; None: as far as records and prices reach. No `benchmark`: None. Raises BadInput for what
    makes no sense.
    """

    ranking: Ranking = field(default_factory=Ranking)
    weighting: str = "equal"
    returns: str = "log"
    benchmark: str | None = "QQQ"
    start: np.datetime64 | None = None
    end: np.datetime64 | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("weighting", WEIGHTINGS), ("returns", RETURNS)):
            if getattr(self, name) not in allowed:
                raise BadInput(
                    f"expected one of {', '.join(allowed)}, got {getattr(self, name)!r}.",
                    field=name,
                    remedy="Choose one of these.",
                )
        for name in ("start", "end"):
            day = getattr(self, name)
            if day is not None and (not isinstance(day, np.datetime64) or np.isnat(day)):
                raise BadInput(
                    f"expected a day, got {day!r}.",
                    field=name,
                    remedy="Give one such as 2022-03-31, or none.",
                )
        if self.start is not None and self.end is not None and self.start > self.end:
            raise BadInput(
                f"expected a day before the end {self.end}, got {self.start}.",
                field="start",
                remedy="Exchange the two.",
            )


@dataclass(frozen=True, slots=True)
class Picks:
    """What is held from one day to another, best first, with its weights, which add up to 1.

    `missing` are tickers that were chosen but have no prices.
    """

    period: np.datetime64
    held_from: np.datetime64
    held_to: np.datetime64
    tickers: tuple[str, ...]
    means: tuple[float, ...]
    weights: tuple[float, ...]
    missing: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "period": str(self.period),
            "held_from": str(self.held_from),
            "held_to": str(self.held_to),
            "holdings": [
                {"ticker": ticker, "mean": mean, "weight": weight}
                for ticker, mean, weight in zip(self.tickers, self.means, self.weights, strict=True)
            ],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """Daily and cumulative returns of the strategy and its benchmark (None without one), and what
    was held. The benchmark's return is NaN, and counts as 0, on a day without its price."""

    days: Days
    returns: Numbers
    cumulative: Numbers
    benchmark_returns: Numbers | None
    benchmark_cumulative: Numbers | None
    picks: tuple[Picks, ...]

    def columns(self) -> dict[str, Any]:
        """Day by day; NaN where there is no benchmark, or no price of it."""
        none = np.full(len(self.days), np.nan)
        beside, compounded = self.benchmark_returns, self.benchmark_cumulative
        return {
            "day": self.days,
            "daily_return": self.returns,
            "cumulative": self.cumulative,
            "benchmark_return": none if beside is None else beside,
            "benchmark_cumulative": none if compounded is None else compounded,
        }

    def summary(self) -> dict[str, Any]:
        """The whole in a few figures, as JSON holds them."""
        return {
            "start": str(self.days[0]),
            "end": str(self.days[-1]),
            "days": len(self.days),
            "periods": len(self.picks),
            "missing_prices": sorted({one for picks in self.picks for one in picks.missing}),
            "strategy": _summary(self.returns, self.cumulative),
            "benchmark": None
            if self.benchmark_returns is None or self.benchmark_cumulative is None
            else _summary(np.nan_to_num(self.benchmark_returns), self.benchmark_cumulative),
        }


def picks_of(records: Records, panel: Panel, strategy: Strategy) -> list[Picks]:
    """What is held in each period after one with records that count."""
    found = period_means(records, strategy.ranking)
    return [_picks(found, place, panel, strategy) for place in range(len(found.starts))]


def _picks(found: PeriodMeans, place: int, panel: Panel, strategy: Strategy) -> Picks:
    ranks = ranks_of(found.means[place])
    codes = np.flatnonzero(ranks < strategy.ranking.top + 1)
    codes = codes[np.argsort(ranks[codes], kind="stable")]
    means = {found.symbols[code]: float(found.means[place, code]) for code in codes}
    priced = {ticker: mean for ticker, mean in means.items() if panel.has(ticker)}
    begins = next_starts(found.starts[place : place + 1], strategy.ranking.period)
    ends = next_starts(begins, strategy.ranking.period) - np.timedelta64(1, "D")
    return Picks(
        period=found.starts[place],
        held_from=begins[0],
        held_to=ends[0],
        tickers=tuple(priced),
        means=tuple(priced.values()),
        weights=tuple(_weights(list(priced.values()), strategy.weighting)),
        missing=tuple(ticker for ticker in means if ticker not in priced),
    )


def backtest(records: Records, panel: Panel, strategy: Strategy) -> Performance:
    """What the strategy would have returned, day by day.

    Raises BadInput where no record counts, the benchmark has no prices, or no day of the panel with
    a price of something held lies within the dates.
    """
    if strategy.benchmark is not None:
        known_symbols([strategy.benchmark], panel.tickers, "benchmark")
    picks = picks_of(records, panel, strategy)
    parts = [part for one in picks if (part := _held(panel, one, strategy))[0].size]
    if not parts:
        raise BadInput(
            f"nothing was held on any day between the dates {strategy.start} and {strategy.end}: "
            f"prices are of {panel.dates[0]} to {panel.dates[-1]}, records of "
            f"{records.dates.min()} to {records.dates.max()}.",
            field="start",
            remedy="Give prices of the periods after those of the records, or other dates.",
        )
    places, returns = (np.concatenate(column) for column in zip(*parts, strict=True))
    days = panel.dates[places]
    benchmark = compounded = None
    if strategy.benchmark is not None:
        name = strategy.benchmark.strip().upper()
        benchmark = panel.daily_returns([name], strategy.returns)[places, 0]
        compounded = _compounded(np.nan_to_num(benchmark), days)
    held = tuple(_within(picks, days[0], days[-1]))
    return Performance(days, returns, _compounded(returns, days), benchmark, compounded, held)


def _within(picks: list[Picks], first: np.datetime64, last: np.datetime64) -> Iterator[Picks]:
    return (one for one in picks if one.held_to >= first and one.held_from <= last)


def _held(panel: Panel, picks: Picks, strategy: Strategy) -> tuple[NDArray[np.int64], Numbers]:
    """The places of the days on which the picks have a return, and that return."""
    inside = (panel.dates >= picks.held_from) & (panel.dates <= picks.held_to)
    if strategy.start is not None:
        inside &= panel.dates >= strategy.start
    if strategy.end is not None:
        inside &= panel.dates <= strategy.end
    places = np.flatnonzero(inside)
    returns = panel.daily_returns(picks.tickers, strategy.returns)[places]
    has = ~np.isnan(returns)
    weights = np.where(has, np.array(picks.weights), 0.0)
    shares = weights.sum(axis=1)
    held = shares > 0
    total = (weights * np.where(has, returns, 0.0)).sum(axis=1)
    return places[held], total[held] / shares[held]


def _weights(means: list[float], weighting: str) -> list[float]:
    """Of tickers, best first."""
    parts = [1.0] * len(means)
    if weighting == "rank":
        parts = [float(len(means) - place) for place in range(len(means))]
    elif weighting == "metric":
        parts = means
        if means and (min(means) < 0 or sum(means) <= 0):
            raise BadInput(
                f"expected means above 0 to weigh by, got {min(means):g}.",
                field="weighting",
                remedy="Weigh equally or by rank.",
            )
    return [part / sum(parts) for part in parts]


def _compounded(returns: Numbers, days: Days) -> Numbers:
    if (returns <= -1).any():
        row = int((returns <= -1).argmax())
        raise BadInput(
            f"the return of {days[row]} is {returns[row]:g}, which cannot be compounded.",
            field="returns",
            remedy="Use simple returns, or check the prices of that day.",
        )
    with np.errstate(over="ignore"):
        found: Numbers = np.expm1(np.cumsum(np.log1p(returns)))
    if not np.isfinite(found).all():
        row = int((~np.isfinite(found)).argmax())
        raise BadInput(
            f"the returns until {days[row]} compound to more than a number can hold.",
            field="returns",
            remedy="Check the prices until that day.",
        )
    return found


def _summary(returns: Numbers, cumulative: Numbers) -> dict[str, float | None]:
    """Total return, deviation and Sharpe ratio a year (without a risk-free rate), and the deepest
    fall from a peak."""
    wealth = np.concatenate([[1.0], 1 + cumulative])
    with np.errstate(over="ignore"):
        deviation = float(returns.std(ddof=1)) if len(returns) > 1 else float("nan")
    known = np.isfinite(deviation)
    return {
        "total_return": float(cumulative[-1]),
        "annual_volatility": deviation * TRADING_DAYS**0.5 if known else None,
        "sharpe": float(returns.mean()) / deviation * TRADING_DAYS**0.5
        if known and deviation
        else None,
        "max_drawdown": float((wealth / np.maximum.accumulate(wealth) - 1).min()),
        "share_of_days_up": float((returns > 0).mean()),
    }
