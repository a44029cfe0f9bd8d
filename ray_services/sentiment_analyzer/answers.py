"""What the service answers: from checked bodies to plain values, here or spread over a cluster."""

import time
from typing import Any

import numpy as np
import pyarrow as pa

from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread, one_by_one
from ray_services.sentiment_analyzer.bodies import (
    ExplainIn,
    PeriodsIn,
    SpeedIn,
    TextsIn,
    WordsIn,
)
from ray_services.sentiment_analyzer.cashtags import read_texts
from ray_services.sentiment_analyzer.explaining import Explanation, explain
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.measuring import compare, compare_spread
from ray_services.sentiment_analyzer.periods import Days
from ray_services.sentiment_analyzer.record_answers import (
    available_tickers,
    engagement,
    engagement_strategy,
    missing_data,
    performance,
    ticker_figures,
    top_tickers,
)
from ray_services.sentiment_analyzer.scoring import (
    Thresholds,
    blocks_of,
    join_scores,
    score_texts,
)

__all__ = [
    "available_tickers",
    "engagement",
    "engagement_strategy",
    "explanations",
    "missing_data",
    "performance",
    "performance_test",
    "sentiment_by_period",
    "sentiments",
    "ticker_figures",
    "top_tickers",
]

MOST_MENTIONED = 100
_STEPS = pa.list_(
    pa.struct({"rule": pa.string(), "before": pa.float64(), "after": pa.float64()}.items())
)
_WORDS = pa.list_(
    pa.struct(
        {
            "text": pa.string(),
            "word": pa.string(),
            "valence": pa.float64(),
            "steps": _STEPS,
            "sentiment": pa.float64(),
            "degree": pa.bool_(),
            "capitals": pa.bool_(),
        }.items()
    )
)


def sentiments(body: TextsIn, spread: Spread | None = None) -> dict[str, Any]:
    """Each text's scores, in their order, and a summary. Raises BadInput."""
    began = time.perf_counter()
    lexicon, thresholds = _words_of(body)
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


def explanations(body: ExplainIn, spread: Spread | None = None) -> dict[str, Any]:
    """How each text's scores come about, word by word. Raises BadInput."""
    began = time.perf_counter()
    lexicon, thresholds = _words_of(body)
    found: list[Explanation] = (spread or one_by_one)(
        explain, body.texts, lexicon=lexicon, thresholds=thresholds
    )
    scores = {name: [one.scores[name] for one in found] for name in found[0].scores}
    return {
        "results": rows_of(
            {
                "text": body.texts,
                **scores,
                "sum": [one.sum for one in found],
                "emphasis": [one.emphasis for one in found],
                "words": pa.array([one.words_as_dicts() for one in found], _WORDS),
            }
        ),
        "processing_time": time.perf_counter() - began,
    }


def sentiment_by_period(body: PeriodsIn, spread: Spread | None = None) -> dict[str, Any]:
    """What is felt about each ticker in each period. Raises BadInput."""
    began = time.perf_counter()
    lexicon, thresholds = _words_of(body)
    texts, dates, sha256 = _dated_texts(body)
    known = None if body.tickers is None else {one.strip().upper() for one in body.tickers}
    found = read_texts(
        texts,
        dates,
        body.period,
        known,
        lexicon=lexicon,
        thresholds=thresholds,
        spread=spread or one_by_one,
    )
    return {
        "results": rows_of(found.periods.columns()),
        "summary": found.summary(),
        "most_mentioned": found.most_mentioned(MOST_MENTIONED),
        "scores": found.scores.summary(),
        "data": sha256,
        "processing_time": time.perf_counter() - began,
    }


def performance_test(body: SpeedIn, spread: Spread | None = None) -> dict[str, Any]:
    """The plain loop beside ours, over the first texts of our data set. Raises LibraryMissing."""
    corpus = own_data.texts()
    texts = corpus.texts[: body.texts]
    found: dict[str, Any] = compare(texts)
    parallel, why = None, "The process that answered is not connected to Ray; a worker may be."
    if spread is not None:
        parallel = compare_spread(texts, spread)
        why = "No other process took part: no Ray is connected, or it had no room."
    return {
        **found,
        "parallel": parallel,
        "parallel_reason": why if parallel is None else None,
        "data": corpus.sha256,
    }


def _words_of(body: WordsIn) -> tuple[Lexicon, Thresholds]:
    thresholds = Thresholds(body.positive, body.negative)
    return Lexicon(body.finance, tuple(body.lexicon.items())), thresholds


def _dated_texts(body: PeriodsIn) -> tuple[list[str], Days, str | None]:
    """Texts, their days, and the SHA-256 of the data set that they are of."""
    if body.data is None:
        days = [one.date for one in body.texts]
        return [one.text for one in body.texts], np.array(days, "datetime64[D]"), None
    corpus = own_data.texts(body.data)
    if corpus.dates is None:
        raise BadInput(
            "the data set's texts have no dates.",
            field="data",
            remedy="Upload texts with a column or field `date`.",
        )
    return corpus.texts, corpus.dates, corpus.sha256
