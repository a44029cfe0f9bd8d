"""Choosing on one period and testing on the next, once or again and again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.intraday_strategy.checking import as_day, number, whole
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

MOST_TRIALS = 1_000_000
"""Sets times folds of one request: each has a row of figures."""


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """A choice and its test. Days are the first and the last of each period."""

    train_days: tuple[np.datetime64, np.datetime64]
    test_days: tuple[np.datetime64, np.datetime64]
    chosen: Strategy | None
    """None where no set had a value in the training period: then nothing is held in the test."""
    train: Metrics | None
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

    Nothing after the training period has a part in the choice: positions are closed at its last
    bar.
    Raises BadInput where one of the periods has fewer than two bars.
    """
    metric_place(metric)
    border = as_day("test_from", test_from)
    train, test = _parted(market, span_of(market.bars, start, end), border)
    return _folds(market, grid, rules or Rules(), [(train, test)], metric, spread)[0]


def border_at(market: Market, share: float, *, start: Day = None, end: Day = None) -> np.datetime64:
    """The first day of the test where a share of the days from start to end is trained on; each
    part has a day at least. Raises BadInput for a period of a single day."""
    number("train_share", share, 0, 1, above=True)
    span = span_of(market.bars, start, end)
    count = span.last - span.first
    if count < 2:
        raise BadInput(
            "expected a period of at least 2 days, to train and to test on, got 1.",
            field="train_share",
            remedy="Choose a longer period.",
        )
    border: np.datetime64 = market.bars.days[
        span.first + min(max(1, round(share * count)), count - 1)
    ]
    return border


def walk_forward(
    market: Market,
    grid: Grid,
    rules: Rules | None = None,
    *,
    train_days: int,
    test_days: int,
    step_days: int | None = None,
    anchored: bool = False,
    start: Day = None,
    end: Day = None,
    metric: str = "sharpe",
    spread: Spread | None = None,
) -> WalkForward:
    """Choose on `train_days` days with bars, test on the next `test_days`, go on by `step_days`,
    which are as many unless given, and never fewer: no day is tested twice.

    `anchored`: every training period begins at the start. The last test may be shorter. Positions
    are closed at the end of each period. Raises BadInput where there are too few days for one fold,
    and for more than MOST_TRIALS sets times folds.
    """
    metric_place(metric)
    whole("train_days", train_days, 2)
    whole("test_days", test_days, 1)
    step = test_days if step_days is None else step_days
    whole("step_days", step, test_days)
    span = span_of(market.bars, start, end)
    pairs = _pairs(market, span, (train_days, test_days, step), anchored)
    _demand_few(len(grid.sets), len(pairs))
    folds = _folds(market, grid, rules or Rules(), pairs, metric, spread)
    tests = [test for _, test in pairs]
    daily = np.concatenate([
        np.zeros(test.last - test.first) if fold.test is None else fold.test.daily
        for fold, test in zip(folds, tests, strict=True)
    ])  # fmt: skip
    bars = market.bars
    count = sum(int(bars.starts[test.last] - bars.starts[test.first]) for test in tests)
    covered = Span(tests[0].first, tests[-1].last)
    # Days that no test covers count for neither returns nor time.
    years = covered.years(bars) * daily.size / (covered.last - covered.first)
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


def _parted(market: Market, span: Span, border: np.datetime64) -> tuple[Span, Span]:
    """The days before the border, and those from it on."""
    bars = market.bars
    place = min(max(int(np.searchsorted(bars.days, border)), span.first), span.last)
    train, test = Span(span.first, place), Span(place, span.last)
    if min(bars.starts[one.last] - bars.starts[one.first] for one in (train, test)) < 2:
        raise BadInput(
            f"expected a day with bars before it and after it; the period has those of "
            f"{bars.days[span.first]} to {bars.days[span.last - 1]}, got {border}.",
            field="test_from",
            remedy="Choose a day within the period.",
        )
    return train, test


def _pairs(
    market: Market, span: Span, days: tuple[int, int, int], anchored: bool
) -> list[tuple[Span, Span]]:
    """Training and test periods of so many days, each pair a step after the last; a rest with
    fewer than two bars is no test."""
    starts, pairs = market.bars.starts, []
    train_days, test_days, step = days
    for begin in range(span.first + train_days, span.last, step):
        train = Span(span.first if anchored else begin - train_days, begin)
        test = Span(begin, min(begin + test_days, span.last))
        if min(starts[one.last] - starts[one.first] for one in (train, test)) >= 2:
            pairs.append((train, test))
    if not pairs:
        raise BadInput(
            f"expected fewer than {span.last - span.first:,} days, of which the period has so "
            f"many, got {train_days:,}.",
            field="train_days",
            remedy="Leave days to test on.",
        )
    return pairs


def _demand_few(sets: int, folds: int) -> None:
    if sets * folds > MOST_TRIALS:
        raise BadInput(
            f"expected up to {MOST_TRIALS:,} sets times folds, got {sets:,} times {folds:,}.",
            field="step_days",
            remedy="Go on by more days, or try fewer sets.",
        )


def _folds(
    market: Market,
    grid: Grid,
    rules: Rules,
    pairs: Sequence[tuple[Span, Span]],
    metric: str,
    spread: Spread | None,
) -> list[Fold]:
    place, bars = metric_place(metric), market.bars
    found = search(market, grid.sets, rules, [train for train, _ in pairs], spread)
    folds = []
    for turn, (train, test) in enumerate(pairs):
        best = best_places(found[:, turn, place], 1)
        chosen = grid.sets[best[0]] if best else None
        folds.append(
            Fold(
                train_days=(bars.days[train.first], bars.days[train.last - 1]),
                test_days=(bars.days[test.first], bars.days[test.last - 1]),
                chosen=chosen,
                train=as_metrics(found[best[0], turn]) if best else None,
                test=run_span(market, chosen, rules, test) if chosen else None,
                luck=deflated(found[:, turn], train.last - train.first, train.years(bars)),
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
