"""What the service answers: from checked bodies to plain values."""

import time
from collections.abc import Callable
from typing import Any

from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.portfolio_manager.bodies import MetricsIn, OptimiseIn, PeriodIn
from ray_services.portfolio_manager.estimates import EstimateRules, Moments, estimate
from ray_services.portfolio_manager.frontier import Floats, Frontier, trace
from ray_services.portfolio_manager.hierarchy import hierarchical_risk_parity
from ray_services.portfolio_manager.limits import Limits, bounds_of
from ray_services.portfolio_manager.metrics import measure_portfolio

BENCHMARK = "SPY"
SCENARIOS = (0.3, 0.5, 0.7)


def metrics(body: MetricsIn, spread: Spread | None = None) -> dict[str, Any]:
    """What weights that are restored every day were worth. Raises BadInput."""
    returns, beside, sha256 = _returns(body)
    weights = _weights(body)
    found = measure_portfolio(
        returns,
        body.tickers,
        list(weights.values()),
        benchmark=beside,
        risk_free=body.risk_free,
        level=body.level,
    )
    shown = {"var_95": found.var, "cvar_95": found.cvar, "weights": weights, "data": sha256}
    return found.as_dict() | shown


def optimum(body: OptimiseIn, spread: Spread | None = None) -> dict[str, Any]:
    """The portfolio asked for, others beside it, and the frontier. Raises BadInput, or Infeasible
    with the reason."""
    began = time.perf_counter()
    returns, _, sha256 = _returns(body)
    moments = estimate(returns, body.tickers, EstimateRules(covariance=body.covariance))
    frontier = trace(moments, *bounds_of(Limits(body.lower, body.upper), moments.names))
    weights, method = _chosen(body, moments, frontier)
    points = list(frontier.spread(body.points).weights) if body.points else []

    def told(weights: Floats) -> dict[str, Any]:
        return _told(weights, moments, body.risk_free)

    return told(weights) | {
        "method": method,
        "alternatives": {str(one): told(frontier.tolerating(one)) for one in SCENARIOS},
        "frontier": [told(one) for one in points],
        "data": sha256,
        "processing_time": time.perf_counter() - began,
    }


def _chosen(body: OptimiseIn, moments: Moments, frontier: Frontier) -> tuple[Floats, str]:
    """Weights, and how they were found."""
    if body.target_return is not None:
        return frontier.target_return(body.target_return), "critical line"
    if body.goal == "hrp":
        return hierarchical_risk_parity(moments.covariance), "hierarchical risk parity"
    ways: dict[str, Callable[[], Floats]] = {
        "max_sharpe": lambda: frontier.max_sharpe(body.risk_free),
        "min_volatility": frontier.min_volatility,
        "risk_tolerance": lambda: frontier.tolerating(body.risk_tolerance),
    }
    return ways[body.goal](), "critical line"


def _told(weights: Floats, moments: Moments, risk_free: float) -> dict[str, Any]:
    mean = float(moments.mean @ weights)
    volatility = float((weights @ moments.covariance @ weights) ** 0.5)
    return {
        "weights": dict(zip(moments.names, weights.tolist(), strict=True)),
        "expected_return": mean,
        "volatility": volatility,
        "sharpe": (mean - risk_free) / volatility if volatility else None,
    }


def _returns(body: PeriodIn) -> tuple[Floats, Floats, str]:
    """Simple returns a day of the tickers and of the benchmark; what identifies the prices."""
    panel = own_data.prices(body.data)
    chosen = panel.between(body.start, body.end)
    return chosen.returns(body.tickers), chosen.returns([BENCHMARK])[:, 0], panel.sha256


def _weights(body: MetricsIn) -> dict[str, float]:
    """In the order of the tickers. Raises BadInput for one of another asset."""
    if body.weights is None:
        return {ticker: 1 / len(body.tickers) for ticker in body.tickers}
    for ticker in body.weights:
        if ticker not in body.tickers:
            raise BadInput(
                f"{ticker!r} has a weight but is not among the tickers.",
                field="weights",
                remedy="Name it in tickers too, or leave it out.",
            )
    return {ticker: body.weights.get(ticker, 0.0) for ticker in body.tickers}
