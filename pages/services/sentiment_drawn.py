"""What is felt in texts, to look at: counts, the distribution of scores, the texts themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, sqrt
from typing import Any, cast

from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pages.charts import bar_chart
from pages.services.answered import Answered
from pages.templatetags.shown import grouped
from ray_services.common.rows import as_objects
from ray_services.sentiment_analyzer.bodies import WordsIn

BINS = 20
"""Of the histogram, over -1 to 1."""
SHOWN = 40
"""Texts of a table; of more, as many of the highest and of the lowest scores."""
TELLING = 60
"""Words that count, of one text: the first ones."""
LABELS = ("positive", "neutral", "negative")
ALPHA = 15.0
"""By which VADER brings a sum to -1 to 1: sum / sqrt(sum² + 15)."""


@dataclass(frozen=True, slots=True)
class Count:
    """Texts of one label."""

    label: str
    words: str
    texts: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """A text of the table, with its place among all (from 1)."""

    number: int
    text: str
    label: str
    words: str
    score: float
    confidence: float


def label_words(label: str) -> str:
    """A label in the reader's language."""
    known = {"positive": _("positive"), "neutral": _("neutral"), "negative": _("negative")}
    return known[label]


def scores_drawn(answered: Answered) -> dict[str, Any]:
    """Of an answer of analyze-sentiment."""
    answer = answered.answer
    rows, summary = as_objects(answer["results"]), answer["summary"]
    return {
        "summary": summary,
        "counts": [
            Count(label, label_words(label), summary[label], summary[f"{label}_share"])
            for label in LABELS
        ],
        "histogram": histogram([row["score"] for row in rows]),
        "rows": _shown(rows),
        "all_shown": len(rows) <= SHOWN,
        "kept": _kept(cast(WordsIn, answered.body)),
    }


def _kept(body: WordsIn) -> dict[str, str]:
    """By what these texts were scored, as the form for one of them takes it."""
    kept = {"positive": repr(body.positive), "negative": repr(body.negative)}
    if body.finance:
        kept["finance"] = "on"
    if body.lexicon:
        kept["lexicon"] = "\n".join(f"{word} {value!r}" for word, value in body.lexicon.items())
    return kept


def histogram(scores: Sequence[float]) -> SafeString:
    """Which share of the texts, at least one, has which score, in bins of a tenth."""
    counts = [0] * BINS
    for score in scores:
        # A tenth is no binary number: 0.3 / 0.1 would lie below 3 without the rounding.
        counts[min(BINS - 1, max(0, floor(round((score + 1) * BINS / 2, 6))))] += 1
    ends = [2 * place / BINS - 1 for place in range(BINS)]
    fullest = max(range(BINS), key=counts.__getitem__)
    return bar_chart(
        _("Scores of the texts"),
        [(_tenth(low), count / len(scores)) for low, count in zip(ends, counts, strict=True)],
        described=_(
            "A bar for each tenth from -1, most negative, to 1, most positive. Most texts, "
            "%(texts)s of %(all)s, lie from %(low)s to %(high)s."
        )
        % {
            "texts": grouped(counts[fullest]),
            "all": grouped(len(scores)),
            "low": _tenth(ends[fullest]),
            "high": _tenth(ends[fullest] + 2 / BINS),
        },
        x_label=_("Score, from this value on"),
        unit="%",
    )


def _tenth(value: float) -> str:
    return str(number_format(round(value, 1) + 0.0, decimal_pos=1, use_l10n=True))


def _shown(rows: Sequence[dict[str, Any]]) -> list[Row]:
    """All of few; of many the highest and the lowest scores, in the order of their scores."""
    found = [
        Row(
            number,
            row["text"],
            row["sentiment"],
            label_words(row["sentiment"]),
            row["score"],
            row["confidence"],
        )
        for number, row in enumerate(rows, start=1)
    ]
    if len(found) <= SHOWN:
        return found
    found.sort(key=lambda row: -row.score)
    return [*found[: SHOWN // 2], *found[-SHOWN // 2 :]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that changed a word's valence."""

    words: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text; `tone` is positive, negative or nothing."""

    text: str
    tone: str
    valence: float | None
    rules: list[Rule]
    sentiment: float
    degree: bool


def explanation_drawn(answered: Answered) -> dict[str, Any]:
    """Of the first text of an answer of explain-sentiment."""
    [found, *_others] = as_objects(answered.answer["results"])
    words = [_word(one) for one in found["words"]]
    telling = [word for word in words if word.tone or word.degree]
    told = [word for word in words if word.tone]
    whole = found["sum"] + found["emphasis"] * (1 if found["sum"] > 0 else -1)
    if not found["sum"]:
        whole = 0.0
    return {
        "text": found["text"],
        "words": words,
        "telling": telling[:TELLING],
        "more": max(0, len(telling) - TELLING),
        "chart": _contributions(told) if told else None,
        "sum": found["sum"],
        "emphasis": found["emphasis"],
        "whole": whole,
        "root": sqrt(whole * whole + ALPHA),
        "score": found["score"],
        "label": found["sentiment"],
        "label_words": label_words(found["sentiment"]),
    }


def _word(one: dict[str, Any]) -> Word:
    counts = one["sentiment"]
    tone = "positive" if counts > 0 else "negative" if counts < 0 else ""
    rules = [Rule(rule_words(s["rule"]), s["before"], s["after"]) for s in one["steps"]]
    return Word(one["text"], tone, one["valence"], rules, counts, one["degree"])


def _contributions(words: Iterable[Word]) -> SafeString:
    bars = [(word.text, round(word.sentiment, 3)) for word in words][:24]
    told = ", ".join(f"{name} {grouped(value, 2)}" for name, value in bars)
    return bar_chart(_("What each word adds"), bars, described=told)


def rule_words(rule: str) -> str:
    """What a rule of the service does, in the reader's language."""
    name, _space, distance = rule.removesuffix(" before").rpartition(" ")
    if name == "degree word":
        return _("a word of degree, %(n)s before it") % {"n": distance}
    if name == "negation":
        return _("a negation, %(n)s before it") % {"n": distance}
    known = {
        "no": _("“no” in front of it"),
        "capitals": _("written in capitals"),
        "idiom": _("part of an idiom"),
        "least": _("“least” in front of it"),
        "but": _("before or after a “but”"),
    }
    return known.get(rule, rule)
