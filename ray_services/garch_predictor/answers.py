"""What the service answers: from checked bodies to plain values, here or spread over a cluster."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ray_services.common.spread import Spread
from ray_services.garch_predictor.bodies import (
    PerformanceQuery,
    SummariesIn,
    VarianceIn,
    VolatilityIn,
)
from ray_services.garch_predictor.inputs import log_returns
from ray_services.garch_predictor.measuring import compare, compare_spread, some_returns
from ray_services.garch_predictor.model_answers import (
    backtest_risk,
    compare_orders,
    fit_model,
    score_forecasts,
)
from ray_services.garch_predictor.moments import rolling_variance, summaries
from ray_services.garch_predictor.rolling_answers import fit_rolling, premium_rows, spec_of
from ray_services.garch_predictor.sources import one_source, sources_of
from ray_services.garch_predictor.volatility import Outlook, volatilities

__all__ = [
    "backtest_risk",
    "compare_orders",
    "fit_model",
    "fit_rolling",
    "market_data",
    "performance_test",
    "premium_rows",
    "score_forecasts",
    "variance",
    "volatility",
]


def volatility(body: VolatilityIn, spread: Spread | None = None) -> dict[str, Any]:
    """Each asset's volatility today. Raises BadInput, as all below."""
    began = time.perf_counter()
    outlook = Outlook(
        spec=spec_of(body),
        window=body.window_size,
        past=body.past,
        threshold=body.threshold,
    )
    sources = sources_of(body)
    found = volatilities(sources.prices, outlook, spread=spread)
    return {
        "results": {name: asdict(one) for name, one in found.items()},
        **sources.named,
        "processing_time": time.perf_counter() - began,
    }


def market_data(body: SummariesIn, spread: Spread | None = None) -> dict[str, Any]:
    """Moments of each asset's log returns, chunk by chunk."""
    sources = sources_of(body)
    found = {
        name: [asdict(one) for one in summaries(prices, body.rows_each, name)]
        for name, prices in sources.prices.items()
    }
    return {"results": found, **sources.named}


def variance(body: VarianceIn, spread: Spread | None = None) -> dict[str, Any]:
    """The variance of the last so many log returns, day by day."""
    sources = one_source(body.asset, body.data)
    [asset] = sources.assets
    returns = log_returns(asset.prices, asset.name)
    found = rolling_variance(returns, body.window, asset.name)
    return {
        "days": asset.dates()[1:].tolist(),
        "variance": [None if np.isnan(one) else float(one) for one in found],
        **sources.named,
    }


def performance_test(body: PerformanceQuery, spread: Spread | None = None) -> dict[str, Any]:
    """The plain loop over arch beside ours, over the last windows of an index."""
    returns, sha256 = some_returns(body.windows)
    parallel, why = None, "The process that answered is not connected to Ray; a worker may be."
    if spread is not None:
        parallel = compare_spread(spread)
        why = "No other process took part: no Ray is connected, or it had no room."
    return {
        **compare(returns),
        "parallel": parallel,
        "parallel_reason": why if parallel is None else None,
        "data": sha256,
    }
