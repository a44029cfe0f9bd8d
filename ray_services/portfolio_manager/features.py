"""What the K-means portfolio knows of each stock at the end of each month, from the past only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.indicators import atr, rsi
from ray_services.common.prices import Panel
from ray_services.portfolio_manager import indicators
from ray_services.portfolio_manager.monthly_factors import FACTORS

type Floats = NDArray[np.float64]
type Months = NDArray[np.datetime64]

DAILY = (
    "garman_klass", "rsi", "band_low", "band_middle", "band_high", "atr", "macd",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeatureRules:
    """Lengths in days (`rsi` to `slow`) and months."""

    rsi: int = 20
    bands: int = 20
    band_width: float = 2.0
    atr: int = 14
    fast: int = 12
    slow: int = 26
    volume_months: int = 60
    volume_least: int = 12
    lags: tuple[int, ...] = (1, 2, 3, 6, 9, 12)
    clip: float = 0.005
    beta_months: int = 24

    def __post_init__(self) -> None:
        lengths = {"rsi": self.rsi, "bands": self.bands, "atr": self.atr, "fast": self.fast}
        for field, length in lengths.items():
            if length < 2:
                raise BadInput(f"expected at least 2 days, got {length}.", field=field)
        if self.fast >= self.slow:
            raise BadInput(f"expected more than fast, {self.fast}; got {self.slow}.", field="slow")
        if not self.lags or min(self.lags) < 1:
            raise BadInput("expected months of at least 1.", field="lags")
        if not 0 <= self.clip < 0.5:
            raise BadInput(f"expected a quantile below 0.5, got {self.clip:g}.", field="clip")
        if self.beta_months < len(FACTORS) + 2:
            raise BadInput(
                f"expected at least {len(FACTORS) + 2} months, got {self.beta_months}.",
                field="beta_months",
            )


@dataclass(frozen=True, slots=True)
class Features:
    """`values` (months, tickers, features), NaN where a stock lacks one; `names` of the features;
    `dollar_volume` (months, tickers), the mean of years, in millions."""

    months: Months
    tickers: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats
    dollar_volume: Floats


def features_of(
    panel: Panel, factors: Mapping[str, NDArray[Any]], rules: FeatureRules | None = None
) -> Features:
    """The features of a panel and of monthly factors: `date` (any day of the month), FACTORS and
    `rf`, as fractions."""
    rules = rules or FeatureRules()
    months, begins = np.unique(panel.dates.astype("datetime64[M]"), return_index=True)
    daily = _daily(panel, rules)
    last = [monthly_last(daily[name], begins) for name in DAILY]
    close = monthly_last(panel.fields["adj_close"], begins)
    rewards = [_reward(close, lag, rules.clip) for lag in rules.lags]
    betas = rolling_betas(close, _by_month(factors, months), rules.beta_months)
    volume = rolling_mean(
        monthly_mean(panel.fields["adj_close"] * panel.fields["volume"] / 1e6, begins),
        rules.volume_months,
        rules.volume_least,
    )
    names = (*DAILY, *(f"return_{lag}m" for lag in rules.lags), *FACTORS)
    values = np.stack([*last, *rewards, *np.moveaxis(betas, 2, 0)], axis=2)
    return Features(months, panel.tickers, names, values, volume)


def _daily(panel: Panel, rules: FeatureRules) -> dict[str, Floats]:
    """Each of DAILY, (days, tickers), over the days on which a stock has all its prices."""
    fields = panel.fields
    needed = np.stack([fields[name] for name in ("open", "high", "low", "close", "adj_close")])
    there = np.isfinite(needed).all(axis=0)
    found = {name: np.full(there.shape, np.nan) for name in DAILY}
    for column in range(there.shape[1]):
        days = np.flatnonzero(there[:, column])
        opened, high, low, close, adjusted = np.ascontiguousarray(needed[:, days, column])
        bands = indicators.bollinger(np.log1p(adjusted), rules.bands, rules.band_width)
        ranges = atr(high, low, close, rules.atr)
        momentum = indicators.macd(adjusted, rules.fast, rules.slow)
        values = (
            indicators.garman_klass(opened, high, low, adjusted),
            rsi(adjusted, rules.rsi),
            *bands,
            indicators.standardised(ranges),
            indicators.standardised(momentum),
        )
        for name, series in zip(DAILY, values, strict=True):
            found[name][days, column] = series
    return found


def monthly_last(values: Floats, begins: NDArray[np.intp]) -> Floats:
    """The last number of each month, (months, tickers); months begin at these rows."""
    ends = np.append(begins[1:], len(values))
    found = np.empty((len(begins), values.shape[1]))
    for month, (start, stop) in enumerate(zip(begins, ends, strict=True)):
        block = values[start:stop][::-1]
        first = np.argmax(~np.isnan(block), axis=0)
        found[month] = block[first, np.arange(block.shape[1])]
    return found


def monthly_mean(values: Floats, begins: NDArray[np.intp]) -> Floats:
    """The mean of each month's numbers, NaN where it has none."""
    there = ~np.isnan(values)
    sums = np.add.reduceat(np.where(there, values, 0.0), begins, axis=0)
    counts = np.add.reduceat(there.astype(np.float64), begins, axis=0)
    means: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def rolling_mean(values: Floats, length: int, least: int) -> Floats:
    """The mean of up to `length` rows up to each, NaN where fewer than `least` have a number."""
    found = np.full(values.shape, np.nan)
    for row in range(len(values)):
        window = values[max(0, row + 1 - length) : row + 1]
        there = ~np.isnan(window)
        counts = there.sum(axis=0)
        enough = counts >= max(least, 1)
        found[row, enough] = np.where(there, window, 0.0).sum(axis=0)[enough] / counts[enough]
    return found


def _reward(close: Floats, lag: int, clip: float) -> Floats:
    """Returns over `lag` months, geometric a month, clipped at the quantiles of each month's
    stocks (those of a stock's whole history would look ahead)."""
    found = np.full(close.shape, np.nan)
    found[lag:] = close[lag:] / close[:-lag] - 1.0
    for row in found[lag:]:
        there = ~np.isnan(row)
        if there.any():
            row[there] = np.clip(row[there], *np.quantile(row[there], [clip, 1 - clip]))
    rewards: Floats = (1.0 + found) ** (1.0 / lag) - 1.0
    return rewards


def _by_month(factors: Mapping[str, NDArray[Any]], months: Months) -> Floats:
    """FACTORS and rf of each month, (months, 6), NaN where there are none."""
    given = np.asarray(factors["date"]).astype("datetime64[M]")
    if len(np.unique(given)) < len(given):
        raise BadInput("expected one row a month.", field="date", remedy="Drop the others.")
    found = np.full((len(months), len(FACTORS) + 1), np.nan)
    _, mine, theirs = np.intersect1d(months, given, return_indices=True)
    for column, name in enumerate((*FACTORS, "rf")):
        found[mine, column] = np.asarray(factors[name], np.float64)[theirs]
    return found


def rolling_betas(close: Floats, factors: Floats, length: int) -> Floats:
    """Loadings of monthly excess returns on the factors, (months, tickers, 5), by least squares
    over the `length` months before each month.

    NaN where fewer months than coefficients and one more have both. Fama and French, "A
    Five-Factor Asset Pricing Model", 2015.
    """
    excess = np.full(close.shape, np.nan)
    excess[1:] = close[1:] / close[:-1] - 1.0 - factors[1:, -1:]
    design = np.column_stack([np.ones(len(factors)), factors[:, :-1]])
    known = np.isfinite(design).all(axis=1)[:, np.newaxis] & np.isfinite(excess)
    betas = np.full((*close.shape, len(FACTORS)), np.nan)
    for month in range(1, len(close)):
        start = max(0, month - length)
        there = known[start:month]
        patterns, which = np.unique(there, axis=1, return_inverse=True)
        for pattern in range(patterns.shape[1]):
            rows = start + np.flatnonzero(patterns[:, pattern])
            if len(rows) > design.shape[1]:
                stocks = np.flatnonzero(which.ravel() == pattern)
                found = np.linalg.lstsq(design[rows], excess[np.ix_(rows, stocks)], rcond=None)[0]
                betas[month, stocks] = found[1:].T
    return betas
