"""What the service answers: from checked bodies to plain values, here or spread over a cluster."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ray_services import own_data
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread
from ray_services.intraday_strategy.asked import (
    dates_named,
    dates_of,
    markets_of,
    rules_of,
    strategies_of,
)
from ray_services.intraday_strategy.bodies import BacktestIn, SightingsIn, StrategiesIn
from ray_services.intraday_strategy.latest import SIDES, standing
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import Metrics
from ray_services.intraday_strategy.runs import best_of, metrics_of, run, run_many
from ray_services.intraday_strategy.search_answers import split_once, swept, walked_forward
from ray_services.intraday_strategy.sightings import sightings
from ray_services.intraday_strategy.strategies import Strategy, make_strategy

__all__ = [
    "backtest",
    "comparison",
    "positions",
    "signals",
    "split_once",
    "swept",
    "walked_forward",
]

MOST_TRADES = 1_000  # of one answer without rows


def comparison(body: StrategiesIn, spread: Spread | None = None) -> dict[str, Any]:
    """Each strategy over the same bars, and the best. Raises BadInput, as all below."""
    began = time.perf_counter()
    strategies = strategies_of(body)
    markets = markets_of(body, strategies)
    found = _metrics(body, strategies, markets, spread)
    best = best_of(found)
    return {
        "results": [
            {
                "strategy": one.name,
                "parameters": one.parameters,
                "metrics": asdict(metrics),
            }
            for one, metrics in zip(strategies, found, strict=True)
        ],
        "best": None if best is None else strategies[best].name,
        "data": own_data.bars(body.bars).sha256,
        "processing_time": time.perf_counter() - began,
    }


def backtest(body: BacktestIn, spread: Spread | None = None) -> dict[str, Any]:
    """One strategy, its days and its trades."""
    began = time.perf_counter()
    strategy = make_strategy(body.strategy_name, body.parameters)
    [market] = markets_of(body, [strategy])
    rules = rules_of(body)
    with dates_named():
        found = run(market, strategy, rules, **dates_of(body))
    trades: Any = found.trades.as_rows(MOST_TRADES)
    curve = None
    if body.rows == "trades":
        trades = rows_of(found.trades.columns())
    elif body.rows == "days":
        curve = rows_of(
            {
                "day": found.days,
                "daily_return": found.daily,
                "equity": found.equity,
                "drawdown": found.drawdown,
            }
        )
    return {
        "strategy": strategy.name,
        "parameters": strategy.parameters,
        "metrics": asdict(found.metrics),
        "days": found.days.tolist(),
        "daily": found.daily.tolist(),
        "equity": found.equity.tolist(),
        "drawdown": found.drawdown.tolist(),
        "trades": trades,
        "curve": curve,
        "data": found.sha256,
        "processing_time": time.perf_counter() - began,
    }


def positions(body: StrategiesIn, spread: Spread | None = None) -> dict[str, Any]:
    """What each strategy holds after the last bar, and why."""
    rules, strategies = rules_of(body), strategies_of(body)
    with dates_named():
        found = [
            asdict(standing(market, one, rules, **dates_of(body)))
            for one, market in zip(strategies, markets_of(body, strategies), strict=True)
        ]
    return {"results": found, "data": own_data.bars(body.bars).sha256}


def signals(body: SightingsIn, spread: Spread | None = None) -> dict[str, Any]:
    """Where strategies would enter, what they made of it, and why; the last ones of each."""
    began = time.perf_counter()
    rules, strategies = rules_of(body), strategies_of(body)
    with dates_named():
        found = [
            sightings(market, one, rules, most=body.limit, **dates_of(body))
            for one, market in zip(strategies, markets_of(body, strategies), strict=True)
        ]
    counts = [len(one.times) for one in found]
    return {
        "results": rows_of(
            {
                "strategy": np.repeat([one.name for one in strategies], counts).tolist(),
                "set": np.repeat(np.arange(len(found)), counts),
                "time": np.concatenate([np.datetime_as_string(one.times) for one in found]),
                "price": np.concatenate([one.closes for one in found]),
                "side": _sides(np.concatenate([one.sides for one in found])),
                "position": np.concatenate([one.positions for one in found]),
                "why": [why for one in found for why in one.why],
            }
        ),
        "sets": [
            {"strategy": one.name, "parameters": one.parameters, "signals": seen.total}
            for one, seen in zip(strategies, found, strict=True)
        ],
        "data": own_data.bars(body.bars).sha256,
        "processing_time": time.perf_counter() - began,
    }


def _sides(sides: Any) -> list[str]:
    return [SIDES[side] for side in sides.tolist()]


def _metrics(
    body: StrategiesIn, strategies: list[Strategy], markets: list[Market], spread: Spread | None
) -> list[Metrics]:
    """Of each strategy; those over the same market go out together."""
    rules = rules_of(body)
    found: dict[int, Metrics] = {}
    for market in dict.fromkeys(markets):
        places = [place for place, one in enumerate(markets) if one is market]
        with dates_named():
            told = run_many(
                [strategies[place] for place in places],
                market=market,
                rules=rules,
                **dates_of(body),
                spread=spread,
                told=metrics_of,
            )
        found.update(zip(places, told, strict=True))
    return [found[place] for place in range(len(strategies))]
