"""What the service answers: from checked bodies to plain values, here or spread over a cluster."""

import time
from dataclasses import asdict
from typing import Any

from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.intraday_strategy.bodies import BacktestIn, PeriodIn, StrategiesIn
from ray_services.intraday_strategy.latest import standing
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.runs import Run, best_of, run
from ray_services.intraday_strategy.strategies import STRATEGIES, make_strategy

MOST_TRADES = 1_000  # of one answer


def comparison(body: StrategiesIn, spread: Spread | None = None) -> dict[str, Any]:
    """Each strategy with its usual parameters over the same bars. Raises BadInput."""
    began = time.perf_counter()
    runs = [_run(body, name, {}) for name in dict.fromkeys(body.strategies)]
    best = best_of(runs)
    return {
        "results": [_told(one) for one in runs],
        "best": best and best.strategy.name,
        "data": runs[0].sha256,
        "processing_time": time.perf_counter() - began,
    }


def backtest(body: BacktestIn, spread: Spread | None = None) -> dict[str, Any]:
    """One strategy, its days and its trades. Raises BadInput."""
    began = time.perf_counter()
    found = _run(body, body.strategy_name, body.parameters)
    return _told(found) | {
        "days": found.days.tolist(),
        "daily": found.daily.tolist(),
        "equity": found.equity.tolist(),
        "drawdown": found.drawdown.tolist(),
        "trades": found.trades.as_rows(MOST_TRADES),
        "data": found.sha256,
        "processing_time": time.perf_counter() - began,
    }


def positions(body: StrategiesIn, spread: Spread | None = None) -> dict[str, Any]:
    """What each strategy holds after the last bar, and why. Raises BadInput."""
    rules = _rules(body)
    found = [
        asdict(standing(_market(body, name), make_strategy(name), rules))
        for name in dict.fromkeys(body.strategies)
    ]
    return {"results": found, "data": own_data.bars(body.bars).sha256}


def _run(body: PeriodIn, name: str, parameters: dict[str, Any]) -> Run:
    return run(
        _market(body, name),
        make_strategy(name, parameters),
        _rules(body),
        start=None if body.start_date is None else str(body.start_date),
        end=None if body.end_date is None else str(body.end_date),
    )


def _rules(body: PeriodIn) -> Rules:
    return Rules(**body.rules.model_dump())


def _market(body: PeriodIn, name: str) -> Market:
    if body.bars is None and body.symbol.strip().upper() != own_data.SYMBOL:
        raise BadInput(
            f"expected {own_data.SYMBOL}, the asset that there are bars of, got {body.symbol!r}.",
            field="symbol",
        )
    return own_data.market(body.bars, body.daily, with_signal=STRATEGIES[name].needs_signal)


def _told(found: Run) -> dict[str, Any]:
    return {
        "strategy": found.strategy.name,
        "parameters": found.strategy.parameters,
        "metrics": asdict(found.metrics),
    }
