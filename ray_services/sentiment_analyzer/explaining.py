"""Why a text is scored as it is: the valence of each word before and after each rule."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ray_services.sentiment_analyzer.figure_kernels import compensated_sum, emphasis_of
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.rule_kernels import DEGREE, KNOWN, STEPS, fill_sentiments
from ray_services.sentiment_analyzer.scoring import PUBLISHED, USUAL, Thresholds, score_texts
from ray_services.sentiment_analyzer.vocabulary import vocabulary_of
from ray_services.sentiment_analyzer.words import as_word


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that changed a word's valence."""

    rule: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Word:
    """A token as it stands in the text (emoji spelled out), and as it was looked up.

    `valence` is the lexicon's, None for a word without one or whose valence is not used; `steps`
    are the rules that changed it; `sentiment` is what counts in the end.
    """

    text: str
    word: str
    valence: float | None
    steps: tuple[Step, ...]
    sentiment: float
    degree: bool
    capitals: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A text's words, their sum, what punctuation adds to it (away from 0), and the scores."""

    words: tuple[Word, ...]
    sum: float
    emphasis: float
    scores: dict[str, Any]

    def words_as_dicts(self) -> list[dict[str, Any]]:
        """The words as JSON holds them."""
        return [asdict(word) for word in self.words]


def explain(text: str, lexicon: Lexicon = PUBLISHED, thresholds: Thresholds = USUAL) -> Explanation:
    """How a text's scores come about. Raises as `score_texts` does."""
    scores = score_texts([text], lexicon, thresholds)
    vocabulary = vocabulary_of(lexicon)
    ids, starts = vocabulary.encode([text])
    tables = vocabulary.tables()
    sentiments = np.zeros(len(ids))
    # NaN tells the words that no rule was applied to.
    trace = np.full((max(1, len(ids)), len(STEPS)), np.nan)
    fill_sentiments(ids, starts, tables, trace, sentiments, np.empty(1, np.int32))
    trace[: len(ids), -1] = sentiments
    flags = tables.flags[ids]
    words = tuple(
        _word(token, int(flag), row)
        for token, flag, row in zip(vocabulary.tokens_of(text), flags, trace.tolist(), strict=False)
    )
    emphasis = emphasis_of(ids, tables.exclamations, tables.questions)
    return Explanation(words, compensated_sum(sentiments), emphasis, scores.row(0))


def _word(token: str, flag: int, values: list[float]) -> Word:
    word = as_word(token)
    scored = values[0] == values[0]  # not NaN
    steps = [
        Step(rule, before, after)
        for rule, before, after in zip(STEPS[1:], values[:-1], values[1:], strict=True)
        if scored and before != after
    ]
    return Word(
        text=token,
        word=word,
        valence=values[0] if scored and flag & KNOWN else None,
        steps=tuple(steps),
        sentiment=values[-1],
        degree=bool(flag & DEGREE),
        capitals=word.isupper(),
    )
