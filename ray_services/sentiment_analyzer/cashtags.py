"""Which tickers a text speaks of, and what is felt about each, period by period."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer.periods import Days, check_period, period_starts
from ray_services.sentiment_analyzer.scoring import Scores, check_texts

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

    def rows(self) -> list[dict[str, Any]]:
        """Rows as JSON holds them; the deviation of a single text is None."""
        return [
            {
                "ticker": str(self.tickers[at]),
                "start": str(self.starts[at]),
                "texts": int(self.counts[at]),
                "mean": float(self.means[at]),
                "deviation": float(self.deviations[at]) if self.counts[at] > 1 else None,
                "positive_share": float(self.positive_shares[at]),
                "negative_share": float(self.negative_shares[at]),
            }
            for at in range(len(self))
        ]


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
