"""What the service answers about records of engagement: figures, ranks, and the strategy."""

import time
from typing import Any

import numpy as np

from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.common.prices import Panel
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread
from ray_services.sentiment_analyzer.bodies import StrategyIn, StrategyQuery, TickersIn
from ray_services.sentiment_analyzer.ranking import Ranking, engagement_of, top_stocks
from ray_services.sentiment_analyzer.strategy import Performance, Strategy, backtest
from ray_services.sentiment_analyzer.tickers import analyze_tickers, lacking


def ticker_figures(body: TickersIn, spread: Spread | None = None) -> dict[str, Any]:
    """Figures of each ticker over all its records. Raises BadInput, as all below."""
    began = time.perf_counter()
    records = own_data.records(body.data)
    found = analyze_tickers(records, body.tickers, body.positive, body.negative)
    return {
        "results": [one.as_dict() for one in found],
        "data": records.sha256,
        "processing_time": time.perf_counter() - began,
    }


def available_tickers(data: str | None = None) -> dict[str, Any]:
    """What the engagement data covers."""
    records = own_data.records(data)
    return {
        "tickers": list(records.symbols),
        "records": len(records),
        "first": records.dates.min().item(),
        "last": records.dates.max().item(),
        "data": records.sha256,
    }


def missing_data(data: str | None = None) -> dict[str, Any]:
    """What the records lack, for each ticker and together."""
    records = own_data.records(data)
    return {**lacking(records).as_dict(), "data": records.sha256}


def engagement(ticker: str, data: str | None = None) -> list[dict[str, Any]]:
    """Comments for each like of a ticker, month by month."""
    return engagement_of(own_data.records(data), ticker, Ranking())


def top_tickers(limit: int, data: str | None = None) -> list[dict[str, Any]]:
    """The tickers with the most comments for each like, over all records that count."""
    return top_stocks(own_data.records(data), Ranking(), limit)


def engagement_strategy(body: StrategyIn, spread: Spread | None = None) -> dict[str, Any]:
    """What holding the most engaging tickers would have returned, day by day."""
    found = _performance(body)
    return {"days": rows_of(found.columns()), **_about(found, body)}


def performance(query: StrategyQuery) -> dict[str, Any]:
    """The same in short, of our own data, with a list for each column."""
    body = StrategyIn.model_validate(query.model_dump())
    found = _performance(body)
    beside = found.benchmark_cumulative
    return {
        "days": found.days.tolist(),
        "cumulative": found.cumulative.tolist(),
        "benchmark_cumulative": None if beside is None else beside.tolist(),
        **_about(found, body),
    }


def _performance(body: StrategyIn) -> Performance:
    strategy = Strategy(
        ranking=Ranking(body.metric, body.min_likes, body.min_comments, body.top, body.period),
        weighting=body.weighting,
        returns=body.returns,
        benchmark=body.benchmark,
        start=None if body.start is None else np.datetime64(body.start, "D"),
        end=None if body.end is None else np.datetime64(body.end, "D"),
    )
    return backtest(own_data.records(body.data), _prices(body.prices), strategy)


def _prices(sha256: str | None) -> Panel:
    try:
        return own_data.prices(sha256)
    except BadInput as error:
        if error.field != "data":
            raise
        raise BadInput(error.message, field="prices", remedy=error.remedy) from None


def _about(found: Performance, body: StrategyIn) -> dict[str, Any]:
    return {
        "summary": found.summary(),
        "picks": [one.as_dict() for one in found.picks],
        "data": {
            "records": own_data.records(body.data).sha256,
            "prices": own_data.prices(body.prices).sha256,
        },
    }
