"""Figures of each ticker over all its records, and what the records lack."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer.periods import Days
from ray_services.sentiment_analyzer.records import MOST_TICKERS, Records, known_symbols


@dataclass(frozen=True, slots=True)
class TickerFigures:
    """A ticker's records together.

    `avg_sentiment` and the sample deviation `sentiment_volatility` are of the records that have a
    sentiment (`rated_records`), and so are the ratios; None where there are too few.
    `total_engagement` is likes and comments together; sums leave out what is not given.
    """

    ticker: str
    avg_sentiment: float | None
    sentiment_volatility: float | None
    total_engagement: float
    total_posts: float
    total_impressions: float
    positive_ratio: float | None
    negative_ratio: float | None
    total_records: int
    rated_records: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def analyze_tickers(
    records: Records,
    tickers: Sequence[str] | None = None,
    positive: float = 0.1,
    negative: float = -0.1,
) -> list[TickerFigures]:
    """The figures of the wanted tickers (None: of all), in that order.

    A record is positive above `positive`, negative below `negative`. Raises BadInput for a ticker
    that the records do not have.
    """
    wanted = records.symbols if tickers is None else tickers
    if len(wanted) > MOST_TICKERS:
        raise BadInput(
            f"expected up to {MOST_TICKERS:,} tickers, got {len(wanted):,}.", field="tickers"
        )
    places = known_symbols(wanted, records.symbols)
    return [_figures(records, records.symbols[at], positive, negative) for at in places]


def _figures(records: Records, symbol: str, positive: float, negative: float) -> TickerFigures:
    rows = records.rows_of(symbol)
    sentiment = records.sentiment[rows]
    rated = sentiment[~np.isnan(sentiment)]
    engagement = np.nansum(records.likes[rows]) + np.nansum(records.comments[rows])
    return TickerFigures(
        ticker=symbol,
        avg_sentiment=float(rated.mean()) if rated.size else None,
        sentiment_volatility=float(rated.std(ddof=1)) if rated.size > 1 else None,
        total_engagement=float(engagement),
        total_posts=float(np.nansum(records.posts[rows])),
        total_impressions=float(np.nansum(records.impressions[rows])),
        positive_ratio=float((rated > positive).mean()) if rated.size else None,
        negative_ratio=float((rated < negative).mean()) if rated.size else None,
        total_records=len(rows),
        rated_records=int(rated.size),
    )


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a ticker's records lack.

    Days are those on which any ticker has a record. `missing_days` are those between the ticker's
    `first` and `last` without a record of it, `longest_gap` the most of them in a row, and
    `gap_begins` the first of these.
    """

    ticker: str
    records: int
    without_sentiment: int
    without_likes: int
    first: str
    last: str
    missing_days: int
    longest_gap: int
    gap_begins: str | None


@dataclass(frozen=True, slots=True)
class LackingReport:
    """All tickers' lacks, and their sums."""

    records: int
    without_sentiment: int
    without_likes: int
    days: int
    tickers: tuple[Lacking, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def lacking(records: Records) -> LackingReport:
    """Where sentiment is not given, likes are 0 or not given, and days are left out."""
    days = np.unique(records.dates)
    found = tuple(_lacking(records, symbol, days) for symbol in records.symbols)
    return LackingReport(
        records=len(records),
        without_sentiment=sum(one.without_sentiment for one in found),
        without_likes=sum(one.without_likes for one in found),
        days=len(days),
        tickers=found,
    )


def _lacking(records: Records, symbol: str, days: Days) -> Lacking:
    rows = records.rows_of(symbol)
    own = np.searchsorted(days, np.sort(records.dates[rows]))  # their places among all days
    gaps = np.diff(own) - 1
    longest = int(gaps.max(initial=0))
    return Lacking(
        ticker=symbol,
        records=len(rows),
        without_sentiment=int(np.isnan(records.sentiment[rows]).sum()),
        without_likes=int((~(records.likes[rows] > 0)).sum()),
        first=str(days[own[0]]),
        last=str(days[own[-1]]),
        missing_days=int(gaps.sum()),
        longest_gap=longest,
        gap_begins=str(days[own[gaps.argmax()] + 1]) if longest else None,
    )
