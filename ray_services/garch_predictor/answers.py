"""What the service answers: from checked bodies to plain values, here or spread over a cluster."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ray_services import own_data
from ray_services.common.spread import Spread
from ray_services.garch_predictor.bodies import AssetsIn, SummariesIn, VarianceIn, VolatilityIn
from ray_services.garch_predictor.inputs import log_returns
from ray_services.garch_predictor.moments import rolling_variance, summaries
from ray_services.garch_predictor.spec import GarchSpec
from ray_services.garch_predictor.volatility import Outlook, volatilities
from ray_services.sentiment_analyzer.records import known_symbols


def volatility(body: VolatilityIn, spread: Spread | None = None) -> dict[str, Any]:
    """Each asset's volatility today. Raises BadInput."""
    began = time.perf_counter()
    outlook = Outlook(
        spec=GarchSpec(body.p, body.o, body.q, distribution=body.distribution),
        window=body.window_size,
        past=body.past,
        threshold=body.threshold,
    )
    found = volatilities(_prices(body), outlook, spread=spread)
    return {
        "results": {name: asdict(one) for name, one in found.items()},
        "data": own_data.prices(body.data).sha256,
        "processing_time": time.perf_counter() - began,
    }


def market_data(body: SummariesIn, spread: Spread | None = None) -> dict[str, Any]:
    """Moments of each asset's log returns, chunk by chunk. Raises BadInput."""
    found = {
        name: [asdict(one) for one in summaries(prices, body.rows_each, name)]
        for name, prices in _prices(body).items()
    }
    return {"results": found, "data": own_data.prices(body.data).sha256}


def variance(body: VarianceIn, spread: Spread | None = None) -> dict[str, Any]:
    """The variance of the last so many log returns, day by day. Raises BadInput."""
    days, prices = _series(body.asset, body.data)
    found = rolling_variance(log_returns(prices, body.asset), body.window, body.asset)
    return {
        "days": days[1:].tolist(),
        "variance": [None if np.isnan(one) else float(one) for one in found],
        "data": own_data.prices(body.data).sha256,
    }


def _prices(body: AssetsIn) -> dict[str, Any]:
    """Those asked for by ticker, and the caller's own, which win."""
    return {name: _series(name, body.data)[1] for name in body.assets} | body.prices


def _series(name: str, data: str | None) -> tuple[Any, Any]:
    """Days and adjusted closes of a ticker. Raises BadInput."""
    if data is None and name.strip().upper() == own_data.SYMBOL:
        table = own_data.daily()
        return table["Date"], table["Adj Close"]
    panel = own_data.prices(data)
    [place] = known_symbols([name], panel.tickers, "assets")
    return panel.dates, panel.fields["adj_close"][:, place]
