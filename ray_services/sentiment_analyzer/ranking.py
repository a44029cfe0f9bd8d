"""Tickers ranked by what their records show, period by period."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer.periods import Days, check_period, period_starts
from ray_services.sentiment_analyzer.records import Records

type Numbers = NDArray[np.float64]

METRICS = (
    "comments_per_like", "comments_per_post", "likes_per_impression", "posts", "comments", "likes",
    "impressions", "sentiment",
)  # fmt: skip
_RATIOS = {
    "comments_per_like": "comments/likes",
    "comments_per_post": "comments/posts",
    "likes_per_impression": "likes/impressions",
}
HOLDING_PERIODS = ("week", "month", "quarter")
MOST_CELLS = 20_000_000  # periods times tickers, 8 bytes for each of a few arrays


@dataclass(frozen=True, slots=True)
class Ranking:
    """How tickers are ranked: by the mean of `metric` over a period's records.

    Only records with more likes than `min_likes` and more comments than `min_comments` count. Those
    of rank below `top + 1` are chosen; equal means share the mean of their ranks, so that a tie at
    the edge may choose one more or fewer. Raises BadInput for what makes no sense.
    """

    metric: str = "comments_per_like"
    min_likes: float = 20.0
    min_comments: float = 10.0
    top: int = 5
    period: str = "month"

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise BadInput(
                f"expected one of {', '.join(METRICS)}, got {self.metric!r}.",
                field="metric",
                remedy="Choose one of these.",
            )
        check_period(self.period, HOLDING_PERIODS)
        for name in ("min_likes", "min_comments"):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and value >= 0):
                raise BadInput(
                    f"expected a number of at least 0, got {value!r}.",
                    field=name,
                    remedy="Records count that have more.",
                )
        if isinstance(self.top, bool) or not isinstance(self.top, int) or self.top < 1:
            raise BadInput(
                f"expected a whole number of at least 1, got {self.top!r}.",
                field="top",
                remedy="It is how many tickers are chosen.",
            )


@dataclass(frozen=True, slots=True, eq=False)
class PeriodMeans:
    """The metric's mean of each period (ascending, by first day) and ticker, NaN without records;
    `counts` says of how many. Shape (periods, tickers)."""

    starts: Days
    symbols: tuple[str, ...]
    means: Numbers
    counts: NDArray[np.int64]


def metric_of(records: Records, ranking: Ranking) -> Numbers:
    """The metric of each record, NaN for those that do not count."""
    likes, comments = records.likes, records.comments
    numerator, _, denominator = _RATIOS.get(ranking.metric, ranking.metric).partition("/")
    values: Numbers = getattr(records, numerator)
    if denominator:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = values / getattr(records, denominator)
    counts = (likes > ranking.min_likes) & (comments > ranking.min_comments) & np.isfinite(values)
    return np.where(counts, values, np.nan)


def period_means(records: Records, ranking: Ranking) -> PeriodMeans:
    """Means of the metric by period and ticker. Raises BadInput where no record counts."""
    values = metric_of(records, ranking)
    used = np.flatnonzero(~np.isnan(values))
    if not used.size:
        raise BadInput(
            f"none of {len(records):,} records has more than {ranking.min_likes:g} likes, more "
            f"than {ranking.min_comments:g} comments and {ranking.metric}.",
            field="min_likes",
            remedy="Ask for less, or give other records.",
        )
    starts, period = np.unique(
        period_starts(records.dates[used], ranking.period), return_inverse=True
    )
    width = len(records.symbols)
    if len(starts) * width > MOST_CELLS:
        raise BadInput(
            f"expected up to {MOST_CELLS:,} means, got those of {len(starts):,} periods and "
            f"{width:,} tickers.",
            field="period",
            remedy="Take longer periods, or records of fewer tickers or days.",
        )
    cells = period * width + records.codes[used]
    counts = np.bincount(cells, minlength=len(starts) * width)
    sums = np.bincount(cells, values[used], minlength=len(starts) * width)
    means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    shape = (len(starts), width)
    return PeriodMeans(starts, records.symbols, means.reshape(shape), counts.reshape(shape))


def ranks_of(means: Numbers) -> Numbers:
    """Ranks along a row of means, the largest 1; equal ones share the mean of theirs; NaN stays."""
    ranks = np.full(len(means), np.nan)
    given = ~np.isnan(means)
    _, which, counts = np.unique(-means[given], return_inverse=True, return_counts=True)
    ranks[given] = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return ranks


def engagement_of(records: Records, ticker: str, ranking: Ranking) -> list[dict[str, Any]]:
    """A ticker's mean and rank in each period in which it has one, as JSON holds them. Raises
    BadInput for a ticker that the records do not have."""
    at = records.code_of(ticker)
    found = period_means(records, ranking)
    rows = []
    for place, start in enumerate(found.starts):
        if found.counts[place, at]:
            rank = float(ranks_of(found.means[place])[at])
            rows.append(
                {
                    "start": str(start),
                    ranking.metric: float(found.means[place, at]),
                    "records": int(found.counts[place, at]),
                    "rank": rank,
                    "of": int((found.counts[place] > 0).sum()),
                    "chosen": rank < ranking.top + 1,
                }
            )
    return rows


def top_stocks(records: Records, ranking: Ranking, limit: int = 10) -> list[dict[str, Any]]:
    """The tickers with the largest mean of the metric over all records that count, largest first
    and equal ones by name."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise BadInput(f"expected a whole number of at least 1, got {limit!r}.", field="limit")
    values = metric_of(records, ranking)
    used = ~np.isnan(values)
    counts = np.bincount(records.codes[used], minlength=len(records.symbols))
    sums = np.bincount(records.codes[used], values[used], minlength=len(records.symbols))
    found = [
        (float(sums[at] / counts[at]), symbol, int(counts[at]))
        for at, symbol in enumerate(records.symbols)
        if counts[at]
    ]
    found.sort(key=lambda one: (-one[0], one[1]))
    return [
        {"ticker": symbol, ranking.metric: mean, "records": count}
        for mean, symbol, count in found[:limit]
    ]
