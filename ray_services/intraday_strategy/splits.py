"""Choosing on one period and testing on the next, once or again and again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.intraday_strategy.checking import as_day, whole
from ray_services.intraday_strategy.grids import Grid
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import (
    Metrics,
    as_metrics,
    equity_and_drawdown,
    figures,
    metric_place,
)
from ray_services.intraday_strategy.overfitting import Deflated, deflated
from ray_services.intraday_strategy.rules import Day, Rules, Span, span_of
from ray_services.intraday_strategy.runs import Run, run_span
from ray_services.intraday_strategy.strategies import Strategy
from ray_services.intraday_strategy.sweeps import best_places, search
from ray_services.intraday_strategy.walking import Tally

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """A choice and its test. Days are the first and the last of each period."""

    fit_days: tuple[np.datetime64, np.datetime64]
    test_days: tuple[np.datetime64, np.datetime64]
    chosen: Strategy | None
    """None where no set had a value in the fit period: then nothing is held in the test."""
    fit: Metrics | None
    test: Run | None
    luck: Deflated | None
    """Of the choice."""


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """Folds one after the other, and their test periods as one run."""

    folds: tuple[Fold, ...]
    metric: str
    days: NDArray[np.datetime64]
    daily: Floats
    equity: Floats
    drawdown: Floats
    metrics: Metrics


def out_of_sample(
    market: Market,
    grid: Grid,
    rules: Rules | None = None,
    *,
    test_from: str | np.datetime64,
    start: Day = None,
    end: Day = None,
    metric: str = "sharpe",
    spread: Spread | None = None,
) -> Fold:
    """The set that is best from start to the day before `test_from`, and its run from then to end.

    Nothing after the fit period has a part in the choice: positions are closed at its last bar.
    Raises BadInput where one of the periods has no bars.
    """
    metric_place(metric)
    border = as_day("test_from", test_from)
    fit = span_of(market.bars, start, border - np.timedelta64(1, "D"))
    test = span_of(market.bars, border, end)
    return _folds(market, grid, rules or Rules(), [(fit, test)], metric, spread)[0]


def walk_forward(
    market: Market,
    grid: Grid,
    rules: Rules | None = None,
    *,
    fit_days: int,
    test_days: int,
    anchored: bool = False,
    start: Day = None,
    end: Day = None,
    metric: str = "sharpe",
    spread: Spread | None = None,
) -> WalkForward:
    """Choose on `fit_days` days with bars, test on the next `test_days`, go on by as many.

    `anchored`: every fit period begins at the start. The last test may be shorter. Positions are
    closed at the end of each period. Raises BadInput where there are too few days for one fold.
    """
    metric_place(metric)
    whole("fit_days", fit_days, 2)
    whole("test_days", test_days, 1)
    span = span_of(market.bars, start, end)
    pairs = _pairs(market, span, fit_days, test_days, anchored)
    folds = _folds(market, grid, rules or Rules(), pairs, metric, spread)
    tests = [test for _, test in pairs]
    daily = np.concatenate([
        np.zeros(test.last - test.first) if fold.test is None else fold.test.daily
        for fold, test in zip(folds, tests, strict=True)
    ])  # fmt: skip
    bars = market.bars
    count = sum(int(bars.starts[test.last] - bars.starts[test.first]) for test in tests)
    years = Span(tests[0].first, tests[-1].last).years(bars)
    equity, drawdown = equity_and_drawdown(daily)
    return WalkForward(
        folds=tuple(folds),
        metric=metric,
        days=np.concatenate([bars.days[test.first : test.last] for test in tests]),
        daily=daily,
        equity=equity,
        drawdown=drawdown,
        metrics=as_metrics(figures(daily, _tally(folds), count, years)),
    )


def _pairs(
    market: Market, span: Span, fit_days: int, test_days: int, anchored: bool
) -> list[tuple[Span, Span]]:
    """Fit and test periods; a rest with fewer than two bars is no test."""
    starts, pairs = market.bars.starts, []
    for begin in range(span.first + fit_days, span.last, test_days):
        fit = Span(span.first if anchored else begin - fit_days, begin)
        test = Span(begin, min(begin + test_days, span.last))
        if min(starts[one.last] - starts[one.first] for one in (fit, test)) >= 2:
            pairs.append((fit, test))
    if not pairs:
        raise BadInput(
            f"expected fewer than {span.last - span.first:,} days, of which the period has so "
            f"many, got {fit_days:,}.",
            field="fit_days",
            remedy="Leave days to test on.",
        )
    return pairs


def _folds(
    market: Market,
    grid: Grid,
    rules: Rules,
    pairs: Sequence[tuple[Span, Span]],
    metric: str,
    spread: Spread | None,
) -> list[Fold]:
    place, bars = metric_place(metric), market.bars
    found = search(market, grid.sets, rules, [fit for fit, _ in pairs], spread)
    folds = []
    for number, (fit, test) in enumerate(pairs):
        best = best_places(found[:, number, place], 1)
        chosen = grid.sets[best[0]] if best else None
        folds.append(
            Fold(
                fit_days=(bars.days[fit.first], bars.days[fit.last - 1]),
                test_days=(bars.days[test.first], bars.days[test.last - 1]),
                chosen=chosen,
                fit=as_metrics(found[best[0], number]) if best else None,
                test=run_span(market, chosen, rules, test) if chosen else None,
                luck=deflated(found[:, number], fit.last - fit.first, fit.years(bars)),
            )
        )
    return folds


def _tally(folds: Sequence[Fold]) -> Tally:
    """What the tests' walks add up to together."""
    runs = [fold.test for fold in folds if fold.test is not None]
    net = np.concatenate([run.trades.net for run in runs]) if runs else np.empty(0)
    return Tally(
        trades=net.size,
        wins=int(np.count_nonzero(net > 0)),
        gains=float(np.maximum(net, 0.0).sum()),
        losses=float(np.maximum(-net, 0.0).sum()),
        held=sum(int(np.count_nonzero(run.positions)) for run in runs),
        side=0,
        entry=0,
        entry_price=0.0,
    )
