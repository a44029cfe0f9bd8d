"""Scoring 100,000 texts beside a loop over vaderSentiment, whose figures have to be met exactly.

Two corpora of some hundred characters a text: the project's own, of templates, and one of words of
the whole lexicon in which VADER's rules meet each other. Ours keeps what it knows of a word for the
next text that has it; the last case begins without any.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.side_by_side import Case, within
from benchmarks.through_the_queue import Request, data_set
from ray_services.data.texts import make_texts
from ray_services.sentiment_analyzer import published, vocabulary
from ray_services.sentiment_analyzer.scoring import Scores, blocks_of, join_scores, score_texts
from tests.services.sentiment_texts import texts_of

TEXTS = 100_000
FIGURES = ("compound", "positive", "neutral", "negative")


def cases(parallel_map: Any) -> list[Case]:
    """The workloads; `parallel_map` spreads them over Ray."""
    templates = [text for text, _ in make_texts(np.random.default_rng(1), TEXTS)]
    rules = texts_of(1, TEXTS, tuple(published.valences()))
    last = case_of(rules, "rules and lexicon", parallel_map)
    return [
        case_of(templates, "templates", parallel_map),
        last,
        replace(
            last,
            workload=f"{last.workload}, new words",
            one_core=lambda: without_words(rules),
            on_ray=None,
            queued=None,
            one_core_at_least=None,
            on_ray_at_least=None,
        ),
    ]


def case_of(texts: list[str], name: str, parallel_map: Any) -> Case:
    """A corpus."""
    return Case(
        workload=f"{TEXTS:,} texts of {name}",
        baseline="vaderSentiment",
        items=texts,
        natural=loop,
        one_core=lambda: score_texts(texts),
        on_ray=lambda: join_scores(parallel_map(score_texts, blocks_of(texts))),
        queued=Request(
            service="sentiment-analyzer",
            operation="analyze-sentiment",
            body={"data": data_set("texts", lines_of(texts))},
            rows=scores_answered,
        ),
        rows=figures_of,
        agree=within(),
        pieces=10,
        one_core_at_least=16,
        on_ray_at_least=25,
    )


def lines_of(texts: list[str]) -> bytes:
    """As a file of texts, an object on each line."""
    return "\n".join(json.dumps({"text": text}) for text in texts).encode()


def scores_answered(answer: dict[str, Any]) -> Any:
    """Of a request's rows the four figures."""
    rows = answer["results"]
    return np.column_stack([rows[name].to_numpy() for name in ("score", *FIGURES[1:])])


@cache
def analyzer() -> Any:
    """With its lexicon read."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def loop(texts: Sequence[str]) -> list[tuple[float, float, float, float]]:
    """The natural way."""
    found = [analyzer().polarity_scores(text) for text in texts]
    return [(one["compound"], one["pos"], one["neu"], one["neg"]) for one in found]


def without_words(texts: list[str]) -> Scores:
    """On one core, no word met before."""
    vocabulary._kept.clear()
    return score_texts(texts)


def figures_of(scores: Scores) -> Any:
    """As the loop has them."""
    return np.column_stack([getattr(scores, name) for name in FIGURES])
