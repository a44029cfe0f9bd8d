"""What the service answers where many sets of parameters are tried."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread
from ray_services.intraday_strategy.asked import (
    dates_named,
    dates_of,
    demand_axes,
    grid_of,
    markets_of,
    rules_of,
)
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import METRICS
from ray_services.intraday_strategy.search_bodies import (
    GridIn,
    HeatMapIn,
    OutOfSampleIn,
    SweepIn,
    WalkForwardIn,
)
from ray_services.intraday_strategy.splits import Fold, border_at, out_of_sample, walk_forward
from ray_services.intraday_strategy.strategies import make_strategy
from ray_services.intraday_strategy.sweeps import Sweep, heat_map, sweep

TRAIN_SHARE = 0.7


def swept(body: SweepIn, spread: Spread | None = None) -> dict[str, Any]:
    """All sets of a grid, the best of them, and how much of that is luck. Raises BadInput, as all
    below."""
    began = time.perf_counter()
    demand_axes(body)
    grid, rules = grid_of(body), rules_of(body)
    with dates_named():
        found = sweep(
            _market(body), grid, rules,
            **dates_of(body), metric=body.metric, top=body.top, spread=spread,
        )  # fmt: skip
    return {
        "strategy": body.strategy,
        "sets": len(grid.sets),
        "left_out": grid.left_out,
        "first_day": found.first_day.item(),
        "last_day": found.last_day.item(),
        "metric": found.metric,
        "best": [
            {
                "rank": one.rank,
                "parameters": one.strategy.parameters,
                "metrics": asdict(one.metrics),
            }
            for one in found.best
        ],
        "luck": found.luck and asdict(found.luck),
        "heat_map": None if body.heat_map is None else _map(found, body.heat_map),
        "rows": _rows(found) if body.rows else None,
        "data": found.sha256,
        "processing_time": time.perf_counter() - began,
    }


def split_once(body: OutOfSampleIn, spread: Spread | None = None) -> dict[str, Any]:
    """The best set of the first part, and its run over the rest."""
    began = time.perf_counter()
    grid, rules, market = grid_of(body), rules_of(body), _market(body)
    with dates_named():
        share = body.train_share or TRAIN_SHARE
        border = body.test_from or border_at(market, share, **dates_of(body))
        fold = out_of_sample(
            market, grid, rules,
            test_from=str(border), **dates_of(body), metric=body.metric, spread=spread,
        )  # fmt: skip
    test = fold.test
    curve = {} if test is None else _curve(test.days, test.daily, test.equity, test.drawdown)
    return {
        "strategy": body.strategy,
        "sets": len(grid.sets),
        "metric": body.metric,
        "fold": _told(fold),
        "curve": rows_of(curve),
        "data": market.bars.sha256,
        "processing_time": time.perf_counter() - began,
    }


def walked_forward(body: WalkForwardIn, spread: Spread | None = None) -> dict[str, Any]:
    """Choose, test, go on: what the choices came to, one after the other."""
    began = time.perf_counter()
    grid, rules, market = grid_of(body), rules_of(body), _market(body)
    with dates_named():
        found = walk_forward(
            market, grid, rules,
            train_days=body.train_days, test_days=body.test_days, step_days=body.step_days,
            anchored=body.anchored, **dates_of(body), metric=body.metric, spread=spread,
        )  # fmt: skip
    return {
        "strategy": body.strategy,
        "sets": len(grid.sets),
        "metric": found.metric,
        "metrics": asdict(found.metrics),
        "folds": [_told(fold) for fold in found.folds],
        "curve": rows_of(_curve(found.days, found.daily, found.equity, found.drawdown)),
        "data": market.bars.sha256,
        "processing_time": time.perf_counter() - began,
    }


def _market(body: GridIn) -> Market:
    [market] = markets_of(body, [make_strategy(body.strategy)])
    return market


def _map(found: Sweep, wanted: HeatMapIn) -> dict[str, Any]:
    drawn = heat_map(found, wanted.x, wanted.y, wanted.metric, wanted.of)
    return {
        "x": drawn.x,
        "y": drawn.y,
        "x_values": list(drawn.x_values),
        "y_values": list(drawn.y_values),
        "metric": drawn.metric,
        "of": drawn.of,
        "values": drawn.as_lists(),
    }


def _rows(found: Sweep) -> Any:
    """A row for each set: the parameters of the grid, and all metrics."""
    sets = [one.parameters for one in found.grid.sets]
    parameters = {name: [one[name] for one in sets] for name in found.grid.axes}
    return rows_of(parameters | dict(zip(METRICS, found.figures.T, strict=True)))


def _curve(days: Any, daily: Any, equity: Any, drawdown: Any) -> dict[str, np.ndarray]:
    return {"day": days, "daily_return": daily, "equity": equity, "drawdown": drawdown}


def _told(fold: Fold) -> dict[str, Any]:
    return {
        "train_days": [day.item() for day in fold.train_days],
        "test_days": [day.item() for day in fold.test_days],
        "parameters": fold.chosen and fold.chosen.parameters,
        "train": fold.train and asdict(fold.train),
        "test": fold.test and asdict(fold.test.metrics),
        "luck": fold.luck and asdict(fold.luck),
    }
