"""Scoring texts: figures, labels and confidence of whole batches.

    scores = score_texts(texts, Lexicon(finance=True), Thresholds(0.1, -0.1))

Over a cluster, each block is one item: `parallel_map(score_texts, blocks_of(texts), lexicon=…)`,
then `join_scores`. Texts are independent of each other, so the cut changes nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer.figure_kernels import fill_figures
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.rule_kernels import STEPS, fill_sentiments
from ray_services.sentiment_analyzer.vocabulary import vocabulary_of

BLOCK = 4096
"""Texts scored at a time, some 10 ms: what they need stays in the processor's cache."""

BLOCK_CHARACTERS = 2_000_000
"""At most at a time, where texts are long: what is needed beside them takes some 20 times as much
memory."""

MOST_CHARACTERS = 100_000
"""Of one text. The rules look at sentences; a longer text is a document, or a mistake."""

LABELS = {1: "positive", 0: "neutral", -1: "negative"}

type Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which compound on a text is called positive, and up to which negative.

    Those of Hutto and Gilbert by default. Raises BadInput unless -1 <= negative < positive <= 1.
    """

    positive: float = 0.05
    negative: float = -0.05

    def __post_init__(self) -> None:
        for name in ("positive", "negative"):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and abs(value) <= 1):
                raise BadInput(
                    f"expected a number from -1 to 1, got {value!r}.",
                    field=name,
                    remedy="A compound is from -1 to 1; usual are 0.05 and -0.05.",
                )
        if self.negative >= self.positive:
            raise BadInput(
                f"expected less than the positive threshold {self.positive}, got {self.negative}.",
                field="negative",
                remedy="A text cannot be both; leave room between the two.",
            )


PUBLISHED = Lexicon()
USUAL = Thresholds()


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of texts, each an array with an element for each text.

    `compound` (-1 to 1, 4 decimals) and the shares `positive`, `neutral`, `negative` (3 decimals)
    are VADER's. `labels` are 1, 0 and -1. `confidence` is how far the compound lies within its
    label's range: 0 at a threshold, 1 at the far end (for neutral: midway between the thresholds),
    and 0 where no word of the text is known. `scored_words` counts those that are.
    """

    compound: Numbers
    positive: Numbers
    neutral: Numbers
    negative: Numbers
    labels: NDArray[np.int8]
    confidence: Numbers
    scored_words: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.compound)

    def row(self, at: int) -> dict[str, Any]:
        """One text's scores as JSON holds them."""
        return {
            "sentiment": LABELS[int(self.labels[at])],
            "score": float(self.compound[at]),
            "confidence": round(float(self.confidence[at]), 4),
            "positive": float(self.positive[at]),
            "neutral": float(self.neutral[at]),
            "negative": float(self.negative[at]),
            "scored_words": int(self.scored_words[at]),
        }

    def columns(self) -> dict[str, Any]:
        """All of it by the names of `row`."""
        names = np.array([LABELS[label] for label in (-1, 0, 1)], dtype=object)
        return {
            "sentiment": names[self.labels.astype(np.int64) + 1],
            "score": self.compound,
            "confidence": np.round(self.confidence, 4),
            "positive": self.positive,
            "neutral": self.neutral,
            "negative": self.negative,
            "scored_words": self.scored_words,
        }

    def summary(self) -> dict[str, Any]:
        """The texts together: counts and shares of labels, mean and deviation of compounds.

        Figures of no texts, and the deviation of a single one, are None.
        """
        texts = len(self)
        counts = {name: int((self.labels == label).sum()) for label, name in LABELS.items()}
        return {
            "texts": texts,
            **counts,
            **{f"{name}_share": count / texts if texts else None for name, count in counts.items()},
            "mean_score": float(self.compound.mean()) if texts else None,
            "score_deviation": float(self.compound.std(ddof=1)) if texts > 1 else None,
            "mean_confidence": float(self.confidence.mean()) if texts else None,
            "texts_without_known_word": int((self.scored_words == 0).sum()),
        }


def score_texts(
    texts: Sequence[str], lexicon: Lexicon = PUBLISHED, thresholds: Thresholds = USUAL
) -> Scores:
    """The scores of texts, in their order.

    Raises BadInput for what `check_texts` refuses, LexiconMissing without the published lexicon.
    """
    texts = check_texts(texts)
    figures = np.empty((len(texts), 4), np.float64)
    scored = np.empty(len(texts), np.int32)
    for first in range(0, len(texts), BLOCK):
        part = slice(first, first + BLOCK)
        _score_block(texts[part], lexicon, figures[part], scored[part])
    compound, positive, neutral, negative = (column.copy() for column in figures.T)
    labels = labels_of(compound, thresholds)
    confidence = np.where(scored > 0, _confidence(compound, labels, thresholds), 0.0)
    return Scores(compound, positive, neutral, negative, labels, confidence, scored)


def check_texts(texts: Sequence[str]) -> list[str]:
    """The texts as a list. Raises BadInput for anything but texts of up to MOST_CHARACTERS."""
    if isinstance(texts, str | bytes):
        raise BadInput(
            "expected a list of texts, got a single one.", field="texts", remedy="Put it in a list."
        )
    texts = list(texts)
    if set(map(type, texts)) <= {str} and max(map(len, texts), default=0) <= MOST_CHARACTERS:
        return texts
    for row, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise BadInput(
                f"expected a text, got {text!r:.80}.",
                field="texts",
                row=row,
                remedy="Leave out rows without a text.",
            )
        if len(text) > MOST_CHARACTERS:
            raise BadInput(
                f"expected up to {MOST_CHARACTERS:,} characters, got {len(text):,}.",
                field="texts",
                row=row,
                remedy="Cut it into sentences or paragraphs.",
            )
    return texts


def blocks_of(texts: Sequence[str], size: int = BLOCK) -> list[list[str]]:
    """The texts in pieces for `parallel_map(score_texts, …)`, checked as a whole, so that a
    complaint names the row of the whole."""
    texts = check_texts(texts)
    return [texts[first : first + size] for first in range(0, len(texts), size)]


def join_scores(parts: Iterable[Scores]) -> Scores:
    """The scores of all parts, one after the other."""
    parts = list(parts) or [score_texts([])]
    return Scores(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Scores))
    )


def labels_of(compound: Numbers, thresholds: Thresholds = USUAL) -> NDArray[np.int8]:
    """1 from the positive threshold on, -1 up to the negative one, else 0."""
    positive, negative = compound >= thresholds.positive, compound <= thresholds.negative
    return positive.astype(np.int8) - negative.astype(np.int8)


def warm_up() -> None:
    """Read the lexicon and load the compiled code, so that the first caller need not wait."""
    score_texts(["not a very GOOD day :) 😀 but kind of fine!"])


def _score_block(
    texts: list[str], lexicon: Lexicon, figures: Numbers, scored: NDArray[np.int32]
) -> None:
    if len(texts) > 1 and sum(map(len, texts)) > BLOCK_CHARACTERS:
        half = len(texts) // 2
        _score_block(texts[:half], lexicon, figures[:half], scored[:half])
        _score_block(texts[half:], lexicon, figures[half:], scored[half:])
        return
    vocabulary = vocabulary_of(lexicon)
    ids, starts = vocabulary.encode(texts)
    tables = vocabulary.tables()
    sentiments = np.empty(len(ids), np.float64)
    trace = np.empty((1, len(STEPS)), np.float64)
    fill_sentiments(ids, starts, tables, trace, sentiments, scored)
    fill_figures(sentiments, ids, starts, tables.exclamations, tables.questions, figures)


def _confidence(compound: Numbers, labels: NDArray[np.int8], thresholds: Thresholds) -> Numbers:
    """Where in its label's range each compound lies, see `Scores`."""
    up, down = thresholds.positive, thresholds.negative
    inside = np.select(
        [labels > 0, labels < 0],
        [compound - up, down - compound],
        np.minimum(up - compound, compound - down),
    )
    depth = np.select([labels > 0, labels < 0], [1.0 - up, down + 1.0], (up - down) / 2)
    return np.where(depth > 0, inside / np.where(depth > 0, depth, 1.0), 1.0)
