"""One run of a strategy: positions, trades, daily returns and what they come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.spread import Spread, one_by_one
from ray_services.intraday_strategy.bars import Bars
from ray_services.intraday_strategy.evaluating import require
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import (
    Metrics,
    as_metrics,
    equity_and_drawdown,
    figures,
    metric_place,
)
from ray_services.intraday_strategy.rules import Day, Rules, Span, span_of
from ray_services.intraday_strategy.strategies import Strategy
from ray_services.intraday_strategy.walking import REASONS, Ledger, Tally, make_ledger, walk

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Arrays of one length, in the order of time."""

    entry_times: NDArray[np.datetime64]
    exit_times: NDArray[np.datetime64]
    sides: NDArray[np.int8]
    """+1 long, -1 short."""
    entry_prices: Floats
    exit_prices: Floats
    gross: Floats
    """Side times the simple return from entry to exit."""
    net: Floats
    """The same less what entry and exit cost."""
    bars: NDArray[np.int64]
    reasons: NDArray[np.int8]
    """Why each ended: places in `REASONS`."""

    def __len__(self) -> int:
        return len(self.sides)

    def columns(self, most: int | None = None) -> dict[str, list[Any]]:
        """The first trades by column, as JSON holds them."""
        return {
            "entry_time": np.datetime_as_string(self.entry_times[:most]).tolist(),
            "exit_time": np.datetime_as_string(self.exit_times[:most]).tolist(),
            "side": ["long" if side > 0 else "short" for side in self.sides[:most].tolist()],
            "entry_price": self.entry_prices[:most].tolist(),
            "exit_price": self.exit_prices[:most].tolist(),
            "gross": self.gross[:most].tolist(),
            "net": self.net[:most].tolist(),
            "bars": self.bars[:most].tolist(),
            "reason": [REASONS[reason] for reason in self.reasons[:most].tolist()],
        }

    def as_rows(self, most: int | None = None) -> list[dict[str, Any]]:
        """The first trades, one after the other."""
        columns = self.columns(most)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a strategy did in a period."""

    strategy: Strategy
    rules: Rules
    sha256: str
    """Of the file of bars."""
    times: NDArray[np.datetime64]
    positions: NDArray[np.int8]
    """At each of `times`: what is held to the next bar."""
    days: NDArray[np.datetime64]
    daily: Floats
    """The sum of each day's returns after costs."""
    equity: Floats
    drawdown: Floats
    trades: Trades
    metrics: Metrics


def run(
    market: Market,
    strategy: Strategy,
    rules: Rules | None = None,
    *,
    start: Day = None,
    end: Day = None,
) -> Run:
    """Run a strategy from start to end, both days included; indicators know the bars before.

    Raises BadInput for a strategy that the market does not fit and for dates without bars.
    """
    require(market, strategy)
    return run_span(market, strategy, rules or Rules(), span_of(market.bars, start, end))


def run_many(
    strategies: Sequence[Strategy],
    *,
    market: Market,
    rules: Rules | None = None,
    start: Day = None,
    end: Day = None,
    spread: Spread | None = None,
    told: Callable[..., Any] | None = None,
) -> list[Any]:
    """What `told` makes of each strategy, in their order: `run_one` unless given, or less, such as
    `metrics_of`. `spread` may send them elsewhere. Raises BadInput as `run`."""
    for strategy in strategies:
        require(market, strategy)
    span = span_of(market.bars, start, end)
    return (spread or one_by_one)(
        told or run_one, list(strategies), market=market, rules=rules or Rules(), span=span
    )


def run_one(strategy: Strategy, *, market: Market, rules: Rules, span: Span) -> Run:
    """`run_span` with the strategy first, as those who spread runs call it."""
    return run_span(market, strategy, rules, span)


def run_span(market: Market, strategy: Strategy, rules: Rules, span: Span) -> Run:
    """A run over some days, of which it has been checked that they can be run."""
    bars, place = market.bars, span.bars_of(market.bars)
    flags = np.zeros(len(bars), np.uint8)
    strategy.mark(market, flags)
    count = place.stop - place.start
    daily, positions = np.empty(span.last - span.first), np.zeros(count, np.int8)
    ledger = make_ledger(count)
    tally = Tally(*walk(market.prices, flags, market.active, rules.orders(), span.first, span.last,
                        daily, positions, ledger))  # fmt: skip
    equity, drawdown = equity_and_drawdown(daily)
    return Run(
        strategy=strategy,
        rules=rules,
        sha256=bars.sha256,
        times=bars.times[place],
        positions=positions,
        days=bars.days[span.first : span.last],
        daily=daily,
        equity=equity,
        drawdown=drawdown,
        trades=_trades(ledger, tally.trades, bars, rules),
        metrics=as_metrics(figures(daily, tally, count, span.years(bars))),
    )


def metrics_of(strategy: Strategy, *, market: Market, rules: Rules, span: Span) -> Metrics:
    """Of a run: little to send back from another process."""
    return run_span(market, strategy, rules, span).metrics


def daily_of(strategy: Strategy, *, market: Market, rules: Rules, span: Span) -> Floats:
    """A run's daily returns, shape (days,)."""
    return run_span(market, strategy, rules, span).daily


def best_of(found: Sequence[Metrics], metric: str = "sharpe") -> int | None:
    """The place that a metric is highest at; None where none has a value. Ties go to the first."""
    metric_place(metric)
    rated = [
        (value, place)
        for place, one in enumerate(found)
        if (value := getattr(one, metric)) is not None
    ]
    return max(rated, key=lambda pair: pair[0])[1] if rated else None


def _trades(ledger: Ledger, count: int, bars: Bars, rules: Rules) -> Trades:
    entry, out, sides = ledger.entry[:count], ledger.exit[:count], ledger.side[:count].copy()
    entry_prices, exit_prices = ledger.entry_price[:count].copy(), ledger.exit_price[:count].copy()
    gross = sides * (exit_prices / entry_prices - 1.0)
    return Trades(
        entry_times=bars.times[entry],
        exit_times=bars.times[out],
        sides=sides,
        entry_prices=entry_prices,
        exit_prices=exit_prices,
        gross=gross,
        net=gross - 2.0 * rules.rate,
        bars=out - entry,
        reasons=ledger.reason[:count].copy(),
    )
