"""Scoring 100,000 texts: `python -m benchmarks.services_sentiment_analyzer`.

The natural way is a loop over vaderSentiment. Ours runs on one core and, over `parallel_map`, on a
Ray of two; figures are compared with the loop's before times are. Two corpora of some hundred
characters a text: the project's own, of templates, and one of words of the whole lexicon in which
VADER's rules meet each other.
"""

import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks.environment import project
from benchmarks.report import Report, median_seconds, parse_options, seconds
from ray_services.data.texts import make_texts
from ray_services.sentiment_analyzer import published, vocabulary
from ray_services.sentiment_analyzer.scoring import (
    Scores,
    blocks_of,
    join_scores,
    score_texts,
    warm_up,
)
from tests.services.sentiment_texts import texts_of

TEXTS = 100_000
ONE_CORE, TWO_CORES = 16.0, 25.0  # times the loop, at least
LOOP = "vaderSentiment loop"
UNIT = "texts/s"

type Figures = list[tuple[float, float, float, float]]


def corpora() -> dict[str, list[str]]:
    """Always the same texts."""
    templates = make_texts(np.random.default_rng(1), TEXTS)
    return {
        "templates": [text for text, _ in templates],
        "rules and lexicon": texts_of(1, TEXTS, tuple(published.valences())),
    }


def loop(texts: list[str]) -> Figures:
    """The natural way."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    found = [analyzer.polarity_scores(text) for text in texts]
    return [(one["compound"], one["pos"], one["neu"], one["neg"]) for one in found]


def ours_cold(texts: list[str]) -> Scores:
    """On one core, no token met before."""
    vocabulary._kept.clear()
    return score_texts(texts)


def ours_spread(texts: list[str]) -> Scores:
    """On the cluster, with all that goes there and comes back."""
    from django_ray_runtime.distributed import parallel_map

    return join_scores(parallel_map(score_texts, blocks_of(texts)))


def loop_spread(texts: list[str]) -> Figures:
    """The natural way on the cluster."""
    from django_ray_runtime.distributed import parallel_map

    return [row for rows in parallel_map(loop, blocks_of(texts, 2_500)) for row in rows]


def figures_of(scores: Scores) -> Figures:
    columns = (scores.compound, scores.positive, scores.neutral, scores.negative)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def measure(report: Report, name: str, texts: list[str], repeat: int) -> None:
    """A corpus in all ways; the cluster is there already."""
    expected = loop(texts)
    plain = statistics.median(seconds(lambda: loop(texts)) for _ in range(repeat))
    report.add(f"{name}: characters a text", statistics.mean(map(len, texts)), "")
    report.add(f"{name}: {LOOP}", TEXTS / plain, UNIT)

    def add(way: str, action: Callable[[list[str]], Any], at_least: float | None) -> None:
        found = action(texts)
        assert (figures_of(found) if isinstance(found, Scores) else found) == expected, way
        took = median_seconds(lambda: action(texts), 2 * repeat + 1)
        report.add(
            f"{name}: {way}", TEXTS / took, UNIT,
            baseline=LOOP, ratio=plain / took, ratio_at_least=at_least,
        )  # fmt: skip

    add("ours, one core", score_texts, ONE_CORE)
    add("ours, one core, every token new", ours_cold, None)
    add("ours, Ray on two cores", ours_spread, TWO_CORES)
    if repeat > 1:
        add("the loop, Ray on two cores", loop_spread, None)


def small(report: Report, repeat: int) -> None:
    """What a single small call costs."""
    text = ["The margin looks excellent, but the outlook is not very good :("]
    took = median_seconds(lambda: [score_texts(text) for _ in range(1000)], repeat)
    report.add("a single text", took * 1e3, "us")


def main() -> int:
    """Measure and report; 1 when a bound is missed."""
    options = parse_options(__doc__ or "")
    repeat = 1 if options.quick else 3
    report = Report("Sentiment of 100,000 texts")
    with ExitStack() as leaving:
        leaving.enter_context(project("sqlite"))
        from django_ray_runtime import ray_cluster
        from django_ray_runtime.conf import read

        cluster = ray_cluster.start(
            read({"RAY_NUM_CPUS": 2, "RAY_OBJECT_STORE_MEMORY": 500_000_000})
        )
        leaving.callback(cluster.close)
        warm_up()
        for name, texts in corpora().items():
            measure(report, name, texts, repeat)
        small(report, repeat)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
