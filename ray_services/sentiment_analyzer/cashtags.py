"""Which tickers texts speak of, and what is felt about each, period by period.

    read = read_texts(texts, dates, "month", spread=parallel_map)

Blocks of texts are independent of each other; what comes of them is put together in their order, so
that the figures are the same however they are spread.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread, one_by_one
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.periods import Days, check_period, period_starts
from ray_services.sentiment_analyzer.scoring import (
    PUBLISHED,
    USUAL,
    Scores,
    Thresholds,
    blocks_of,
    check_texts,
    join_scores,
    score_texts,
)

CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:\.[A-CXa-cx])?)(?!\w)")
"""A dollar sign and one to six letters, perhaps with a share class (BRK.B) or StockTwits' X for
currencies (BTC.X); whole words only: neither US$TSLA nor $5, $5M, $TSLA2, $$TSLA."""


def cashtags(text: str, known: Collection[str] | None = None) -> tuple[str, ...]:
    """The tickers of a text's cashtags, in capitals, each once, in the order of the text.

    With `known` only those. `$BRK.B` is BRK.B, but BRK where only that is known.
    """
    if "$" not in text:
        return ()
    found = dict.fromkeys(_as_known(tag.upper(), known) for tag in CASHTAG.findall(text))
    return tuple(tag for tag in found if known is None or tag in known)


def _as_known(tag: str, known: Collection[str] | None) -> str:
    return tag.partition(".")[0] if known is not None and tag not in known else tag


@dataclass(frozen=True, slots=True, eq=False)
class Mentions:
    """Pairs of a text (its place, from 0) and a ticker it mentions, in the order of the texts."""

    texts: NDArray[np.int64]
    tickers: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.texts)


def mentions_in(texts: Sequence[str], known: Collection[str] | None = None) -> Mentions:
    """All mentions of tickers in texts. Raises BadInput for anything but texts."""
    known = None if known is None else frozenset(known)
    pairs = [
        (place, ticker)
        for place, text in enumerate(check_texts(texts))
        for ticker in cashtags(text, known)
    ]
    return Mentions(
        np.array([place for place, _ in pairs], np.int64),
        np.array([ticker for _, ticker in pairs], np.str_),
    )


@dataclass(frozen=True, slots=True, eq=False)
class PeriodSentiment:
    """What is felt about a ticker in a period: columns, by ticker and then by period.

    `starts` are the periods' first days; `means` and sample `deviations` (NaN of a single text)
    are of compounds; the shares are of texts labelled so.
    """

    tickers: NDArray[np.str_]
    starts: Days
    counts: NDArray[np.int64]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    positive_shares: NDArray[np.float64]
    negative_shares: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.counts)

    def columns(self) -> dict[str, Any]:
        """All of it, by the names that the service gives."""
        return {
            "ticker": self.tickers,
            "start": self.starts,
            "texts": self.counts,
            "mean": self.means,
            "deviation": self.deviations,
            "positive_share": self.positive_shares,
            "negative_share": self.negative_shares,
        }


def by_period(
    mentions: Mentions, dates: Days, scores: Scores, period: str = "day"
) -> PeriodSentiment:
    """Scores of texts together by ticker and day, week, month or quarter.

    `dates` has the date of each text; a text counts for each ticker it mentions. Raises BadInput
    for a missing date or another number of dates than of texts.
    """
    check_period(period)
    dates = _checked_dates(dates, len(scores))
    tickers, ticker_of = np.unique(mentions.tickers, return_inverse=True)
    starts = period_starts(dates[mentions.texts], period)
    periods, period_of = np.unique(starts, return_inverse=True)
    cells, cell_of = np.unique(ticker_of * len(periods) + period_of, return_inverse=True)
    counts = np.bincount(cell_of, minlength=len(cells))
    compound, labels = scores.compound[mentions.texts], scores.labels[mentions.texts]

    def mean_of(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(cell_of, values, minlength=len(cells)) / counts

    means = mean_of(compound)
    with np.errstate(divide="ignore", invalid="ignore"):
        variances = mean_of((compound - means[cell_of]) ** 2) * counts / (counts - 1)
    which = cells // max(1, len(periods))
    return PeriodSentiment(
        tickers[which],
        periods[cells - which * len(periods)],
        counts,
        means,
        np.sqrt(variances),
        mean_of(labels > 0),
        mean_of(labels < 0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was found in dated texts: their scores, whom they mention, and both by period."""

    scores: Scores
    mentions: Mentions
    periods: PeriodSentiment

    def summary(self) -> dict[str, Any]:
        """The whole in a few figures, as JSON holds them."""
        return {
            "texts": len(self.scores),
            "texts_with_tickers": len(np.unique(self.mentions.texts)),
            "mentions": len(self.mentions),
            "tickers": len(np.unique(self.mentions.tickers)),
            "periods": len(np.unique(self.periods.starts)),
        }

    def most_mentioned(self, limit: int) -> list[dict[str, Any]]:
        """The tickers of most texts, and how many these are; equal ones by name."""
        tickers, counts = np.unique(self.mentions.tickers, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:limit]
        return [{"ticker": str(tickers[at]), "texts": int(counts[at])} for at in order]


def read_texts(
    texts: Sequence[str],
    dates: Days,
    period: str = "day",
    known: Collection[str] | None = None,
    *,
    lexicon: Lexicon = PUBLISHED,
    thresholds: Thresholds = USUAL,
    spread: Spread = one_by_one,
) -> Reading:
    """Score texts, find their tickers (with `known` only those), and put both together by ticker
    and period. Raises BadInput as `score_texts` and `by_period` do, before anything is scored."""
    check_period(period)
    blocks = blocks_of(texts)
    dates = _checked_dates(dates, sum(map(len, blocks)))
    known = None if known is None else frozenset(known)
    parts = spread(read_block, blocks, known=known, lexicon=lexicon, thresholds=thresholds)
    scores = join_scores(part for part, _ in parts)
    mentions = join_mentions((part for _, part in parts), [len(block) for block in blocks])
    return Reading(scores, mentions, by_period(mentions, dates, scores, period))


def read_block(
    texts: list[str], known: Collection[str] | None, lexicon: Lexicon, thresholds: Thresholds
) -> tuple[Scores, Mentions]:
    """The scores and the mentions of some texts."""
    return score_texts(texts, lexicon, thresholds), mentions_in(texts, known)


def join_mentions(parts: Iterable[Mentions], lengths: Sequence[int]) -> Mentions:
    """The mentions of blocks of so many texts each, one after the other."""
    parts = list(parts) or [mentions_in([])]
    starts = np.cumsum([0, *lengths])
    places = [part.texts + start for part, start in zip(parts, starts, strict=False)]
    return Mentions(np.concatenate(places), np.concatenate([part.tickers for part in parts]))


def _checked_dates(dates: Days, texts: int) -> Days:
    dates = np.asarray(dates)
    if dates.dtype.kind != "M" or len(dates) != texts:
        raise BadInput(
            f"expected a date for each of {texts} texts, got {len(dates)} of {dates.dtype}.",
            field="date",
            remedy="Give as many dates as texts.",
        )
    missing = np.isnat(dates)
    if missing.any():
        raise BadInput(
            "expected a date, got nothing.",
            field="date",
            row=int(missing.argmax()) + 1,
            remedy="Give every text a date, or aggregate without those.",
        )
    return dates
