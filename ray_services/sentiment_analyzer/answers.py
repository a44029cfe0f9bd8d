"""What the service answers: from checked bodies to plain values, here or spread over a cluster."""

import time
from typing import Any

import numpy as np

from ray_services import own_data
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread
from ray_services.sentiment_analyzer.bodies import StrategyQuery, TextsIn, TickersIn
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.ranking import Ranking, engagement_of, top_stocks
from ray_services.sentiment_analyzer.scoring import (
    Thresholds,
    blocks_of,
    join_scores,
    score_texts,
)
from ray_services.sentiment_analyzer.strategy import Strategy, backtest
from ray_services.sentiment_analyzer.tickers import analyze_tickers, lacking


def sentiments(body: TextsIn, spread: Spread | None = None) -> dict[str, Any]:
    """Each text's scores, in their order, and a summary. Raises BadInput."""
    began = time.perf_counter()
    lexicon = Lexicon(body.finance, tuple(body.lexicon.items()))
    thresholds = Thresholds(body.positive, body.negative)
    corpus = own_data.texts(body.data) if body.data else None
    texts = body.texts if corpus is None else corpus.texts
    if spread is None:
        scores = score_texts(texts, lexicon, thresholds)
    else:
        blocks = blocks_of(texts)
        scores = join_scores(spread(score_texts, blocks, lexicon=lexicon, thresholds=thresholds))
    return {
        "results": rows_of({"text": texts, **scores.columns()}),
        "summary": scores.summary(),
        "data": corpus and corpus.sha256,
        "processing_time": time.perf_counter() - began,
    }


def ticker_figures(body: TickersIn, spread: Spread | None = None) -> dict[str, Any]:
    """Figures of each ticker over all its records. Raises BadInput."""
    began = time.perf_counter()
    records = own_data.records(body.data)
    found = analyze_tickers(records, body.tickers, body.positive, body.negative)
    return {
        "results": [one.as_dict() for one in found],
        "data": records.sha256,
        "processing_time": time.perf_counter() - began,
    }


def available_tickers() -> dict[str, Any]:
    """What the engagement data covers."""
    records = own_data.records()
    return {
        "tickers": list(records.symbols),
        "records": len(records),
        "first": records.dates.min().item(),
        "last": records.dates.max().item(),
        "data": records.sha256,
    }


def missing_data() -> dict[str, Any]:
    """What the records lack, for each ticker and together."""
    records = own_data.records()
    return {**lacking(records).as_dict(), "data": records.sha256}


def engagement(ticker: str) -> list[dict[str, Any]]:
    """Comments for each like of a ticker, month by month. Raises BadInput."""
    return engagement_of(own_data.records(), ticker, Ranking())


def top_tickers(limit: int) -> list[dict[str, Any]]:
    """The tickers of each month by their engagement, highest first."""
    return top_stocks(own_data.records(), Ranking(), limit)


def performance(query: StrategyQuery) -> dict[str, Any]:
    """What holding the most engaging tickers would have returned. Raises BadInput."""
    ranking = Ranking(top=query.top, min_likes=query.min_likes, min_comments=query.min_comments)
    strategy = Strategy(
        ranking=ranking,
        weighting=query.weighting,
        returns=query.returns,
        benchmark=query.benchmark,
        start=None if query.start is None else np.datetime64(query.start, "D"),
        end=None if query.end is None else np.datetime64(query.end, "D"),
    )
    found = backtest(own_data.records(), own_data.prices(), strategy)
    beside = found.benchmark_cumulative
    return {
        "summary": found.summary(),
        "picks": [one.as_dict() for one in found.picks],
        "days": found.days.tolist(),
        "cumulative": found.cumulative.tolist(),
        "benchmark_cumulative": None if beside is None else beside.tolist(),
        "data": {"records": own_data.records().sha256, "prices": own_data.prices().sha256},
    }
