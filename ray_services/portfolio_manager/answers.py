"""What the service answers: from checked bodies to plain values, here or spread over a cluster."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.portfolio_manager.allocation import allocate
from ray_services.portfolio_manager.asked import asked, named, panel_of, weights_of
from ray_services.portfolio_manager.bodies import AllocateIn, ComparisonQuery, MetricsIn, RiskIn
from ray_services.portfolio_manager.history_answers import clustered, walked
from ray_services.portfolio_manager.inputs import Floats
from ray_services.portfolio_manager.inputs import weights_of as checked_weights
from ray_services.portfolio_manager.measuring import compare, some_returns
from ray_services.portfolio_manager.metrics import measure_portfolio
from ray_services.portfolio_manager.tail_risk import (
    Simulation,
    TailRisk,
    historic,
    parametric,
    simulate,
)
from ray_services.portfolio_manager.wish_answers import many, optimum

__all__ = [
    "clustered",
    "comparison",
    "many",
    "metrics",
    "optimum",
    "risk",
    "shares",
    "walked",
]

PARTS = 16
"""Of a simulation that is spread."""
WORTH_SECONDS = 0.1
"""What takes less is done sooner here."""


def metrics(body: MetricsIn, spread: Spread | None = None) -> dict[str, Any]:
    """What weights that are restored every day were worth. Raises BadInput, as all below."""
    about = asked(body)
    weights = weights_of(body.tickers, body.weights)
    name, beside = about.benchmark(body)
    found = measure_portfolio(
        about.returns,
        body.tickers,
        list(weights.values()),
        benchmark=beside,
        risk_free=body.risk_free,
        level=body.level,
    )
    return found.as_dict() | {
        "var_95": found.var,
        "cvar_95": found.cvar,
        "weights": weights,
        "benchmark": name,
        "data": about.sha256,
    }


def risk(body: RiskIn, spread: Spread | None = None) -> dict[str, Any]:
    """What may be lost over some days, by each of the methods."""
    began = time.perf_counter()
    about = asked(body)
    weights = weights_of(body.tickers, body.weights)
    series = about.returns @ checked_weights(list(weights.values()), about.names)
    with named(days="horizon"):
        found = [_tail(body, method, series, spread) for method in body.methods]
    return {
        "results": [asdict(one) for one in found],
        "weights": weights,
        "observations": len(series),
        "paths": body.paths,
        "seed": body.seed,
        "data": about.sha256,
        "processing_time": time.perf_counter() - began,
    }


def shares(body: AllocateIn, spread: Spread | None = None) -> dict[str, Any]:
    """Whole shares for weights and money."""
    panel = panel_of(body)
    prices, day = body.prices, None
    if prices is None:
        closes = panel.prices(body.tickers, "close" if "close" in panel.fields else "adj_close")[-1]
        prices, day = dict(zip(body.tickers, closes.tolist(), strict=True)), panel.dates[-1].item()
    lacking = [ticker for ticker in body.tickers if ticker not in prices]
    if lacking:
        raise BadInput(
            f"{lacking[0]} has none.",
            field="prices",
            remedy="Give the price of every ticker, or none at all.",
        )
    weights = weights_of(body.tickers, body.weights)
    quotes = [prices[ticker] for ticker in body.tickers]
    found = allocate(body.tickers, list(weights.values()), quotes, body.amount)
    return found.as_dict() | {
        "weights": dict(zip(body.tickers, found.weights.tolist(), strict=True)),
        "prices": dict(zip(body.tickers, quotes, strict=True)),
        "day": day,
        "data": panel.sha256,
    }


def comparison(body: ComparisonQuery, spread: Spread | None = None) -> dict[str, Any]:
    """The plain loop over PyPortfolioOpt beside ours, on one core."""
    names, windows, sha256 = some_returns(body.portfolios, body.assets)
    return {**compare(names, windows), "data": sha256}


def _tail(body: RiskIn, method: str, series: Floats, spread: Spread | None) -> TailRisk:
    if method == "historic":
        return historic(series, body.level, body.horizon)
    if method == "parametric":
        mean, deviation = float(np.mean(series)), float(np.std(series, ddof=1))
        return parametric(mean, deviation, body.level, body.horizon)
    simulation = Simulation(
        "bootstrap" if method == "bootstrap" else "gaussian",
        body.paths,
        body.horizon,
        body.level,
        body.seed,
    )
    if spread is None or body.seconds() < WORTH_SECONDS:
        return simulate(series, simulation)
    return simulate(series, simulation, parts=PARTS, spread=spread)
