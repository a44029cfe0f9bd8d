"""What ways to choose weights would have been worth."""

import time
from typing import Any

import numpy as np

from ray_services import own_data
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread
from ray_services.portfolio_manager.asked import BENCHMARK, Floats, asked, named, panel_of, wish_of
from ray_services.portfolio_manager.backtest import Plan, walk_forward
from ray_services.portfolio_manager.strategy import Holding, StrategyRules, run_strategy
from ray_services.portfolio_manager.wish_bodies import ClusterIn, WalkIn


def walked(body: WalkIn, spread: Spread | None = None) -> dict[str, Any]:
    """A wish, chosen again and again from the days before, beside equal weights and a benchmark.
    Raises BadInput, as all below."""
    began = time.perf_counter()
    about = asked(body)
    plan = Plan(body.window, body.every, body.cost, body.risk_free, turnover=body.turnover)
    name, beside = about.benchmark(body)
    found = walk_forward(
        about.returns,
        about.names,
        wish_of(body),
        plan,
        dates=about.dates,
        benchmark=beside,
        spread=spread,
    )
    days = about.dates[found.first_row :]
    tracks = {"strategy": found.strategy.returns, "equal": found.equal.returns}
    if beside is not None:
        tracks["benchmark"] = beside[found.first_row :]
    changes = zip(
        found.rebalanced, found.strategy.weights, found.strategy.turnover.tolist(), strict=True
    )
    return {
        "metrics": found.strategy.metrics.as_dict(),
        "equal_metrics": found.equal.metrics.as_dict(),
        "benchmark": name,
        "rebalancings": [
            {
                "day": about.dates[row].item(),
                "turnover": turnover,
                "weights": _held(about.names, weights),
            }
            for row, weights, turnover in changes
        ],
        "notes": list(found.notes),
        "curve": _curve(days, tracks),
        "data": about.sha256,
        "processing_time": time.perf_counter() - began,
    }


def clustered(body: ClusterIn, spread: Spread | None = None) -> dict[str, Any]:
    """The K-means strategy beside its benchmark and the same stocks in equal parts."""
    began = time.perf_counter()
    panel = panel_of(body)
    factors = own_data.factors(body.factors)
    rules = StrategyRules(
        universe=body.universe,
        centroids=tuple(body.centroids),
        cap=body.cap,
        window_months=body.window_months,
        risk_free=body.risk_free,
        cost=body.cost,
    )
    name = body.benchmark or BENCHMARK
    with named(tickers="benchmark", date="start"):
        found = run_strategy(
            panel, factors.columns, rules, benchmark=name, leave_out=tuple(body.leave_out)
        )
    tracks = {"strategy": found.returns, "equal": found.equal, "benchmark": found.benchmark}
    return {
        "metrics": found.metrics.as_dict(),
        "equal_metrics": found.equal_metrics.as_dict(),
        "benchmark_metrics": found.benchmark_metrics.as_dict(),
        "benchmark": name,
        "holdings": [
            _month(holding, turnover)
            for holding, turnover in zip(found.holdings, found.turnover.tolist(), strict=True)
        ],
        "curve": _curve(found.dates, tracks),
        "data": panel.sha256,
        "factors": factors.sha256,
        "processing_time": time.perf_counter() - began,
    }


def _curve(days: Any, tracks: dict[str, Floats]) -> Any:
    """A row for each day: the returns of each track, and what 1 has become."""
    columns: dict[str, Any] = {"day": days}
    for name, returns in tracks.items():
        columns |= {name: returns, f"{name}_value": np.cumprod(1.0 + returns)}
    return rows_of(columns)


def _month(holding: Holding, turnover: float) -> dict[str, Any]:
    return {
        "month": str(holding.month),
        "goal": holding.goal,
        "turnover": turnover,
        "weights": _held(holding.tickers, holding.weights),
        "notes": list(holding.notes),
    }


def _held(names: tuple[str, ...], weights: Floats) -> dict[str, float]:
    return {name: one for name, one in zip(names, weights.tolist(), strict=True) if one}
