"""The daily signal: is the variance that the model predicts out of line with the one of late?

premium = (prediction - variance) / variance, where `variance` is that of the last returns and
`prediction` the model's of the next day. A premium of more than `threshold` of its own recent
standard deviations says +1, one below as many says -1. What is known at the end of a day is acted
on the day after, so nothing here looks ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.garch_predictor.inputs import (
    Floats,
    days_of,
    log_returns,
    numbers,
    returns_of,
)
from ray_services.garch_predictor.moments import rolling_variance
from ray_services.garch_predictor.rolling import RollingFits, fits_of_many
from ray_services.garch_predictor.spec import GarchSpec, Rolling, number_within, whole_number


@dataclass(frozen=True, slots=True)
class PremiumRule:
    """How the signal is found. Raises BadInput."""

    spec: GarchSpec = field(default_factory=lambda: GarchSpec(p=1, q=3))
    window: int = 180
    """Returns from which a prediction is made."""
    every: int = 1
    """Days after which the model is estimated anew."""
    variance_window: int = 180
    """Returns of which the variance is taken."""
    deviation_window: int = 180
    """Premiums of which the standard deviation is taken."""
    threshold: float = 1.5
    """How many of those standard deviations are out of line."""
    start: np.datetime64 | None = None
    """The first day of the first window of predictions; that of the prices' second day if None."""

    def __post_init__(self) -> None:
        for name in ("variance_window", "deviation_window"):
            whole_number(getattr(self, name), name, 2, 1_000_000)
        number_within(self.threshold, "threshold", 0.0, 1e6)
        self.rolling().fits(self.spec)

    def rolling(self) -> Rolling:
        """The windows of the predictions."""
        return Rolling(window=self.window, every=self.every)


@dataclass(frozen=True, slots=True)
class PremiumSignal:
    """A row for each return from the rule's start on; NaN where there is no value yet."""

    days: NDArray[np.datetime64]
    returns: Floats
    variance: Floats
    prediction: Floats
    premium: Floats
    deviation: Floats
    """The standard deviation of the premiums up to this day."""
    decided: NDArray[np.int8]
    """What is known at the end of the day: 1, -1 or 0."""
    signal: NDArray[np.int8]
    """What holds on the day: what was decided the day before."""
    fits: RollingFits


def premium_signals(
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    rule: PremiumRule | None = None,
    *,
    spread: Spread | None = None,
) -> dict[str, PremiumSignal]:
    """The signals of many series by their names, each given as its dates and closing prices.

    Raises BadInput for what cannot be used and for series of too few rows.
    """
    rule = rule or PremiumRule()
    if not series:
        raise BadInput("expected at least one series of prices, got none.", field="close")
    cut = {name: _cut(name, dates, prices, rule) for name, (dates, prices) in series.items()}
    returns = {name: columns.returns for name, columns in cut.items()}
    fits = fits_of_many(returns, rule.spec, rule.rolling(), spread=spread)
    return {name: _signal(columns, fits[name], rule) for name, columns in cut.items()}


def premium_signal(
    dates: ArrayLike, prices: ArrayLike, rule: PremiumRule | None = None
) -> PremiumSignal:
    """The signal of one series of closing prices. Raises BadInput."""
    return premium_signals({"close": (dates, prices)}, rule)["close"]


def decide(premium: Floats, deviation: Floats, threshold: float) -> NDArray[np.int8]:
    """1 where the premium is above so many deviations, -1 where it is as far below, else 0."""
    limit = threshold * deviation  # comparing with NaN is never true
    above, below = premium > limit, premium < -limit
    decided: NDArray[np.int8] = above.astype(np.int8) - below.astype(np.int8)
    return decided


@dataclass(frozen=True, slots=True)
class _Columns:
    days: NDArray[np.datetime64]
    returns: Floats
    variance: Floats


def _cut(name: str, dates: ArrayLike, prices: ArrayLike, rule: PremiumRule) -> _Columns:
    close = numbers(prices, name)
    days = days_of(dates, close.size, "date" if name == "close" else f"date of {name}")[1:]
    returns = log_returns(close, name)
    first = 0 if rule.start is None else int(np.searchsorted(days, np.datetime64(rule.start, "D")))
    if returns.size - first < rule.window:
        since = f" from {rule.start} on" if rule.start is not None else ""
        raise BadInput(
            f"expected at least {rule.window + 1:,} prices{since}, got "
            f"{close.size - first:,}: a window has {rule.window:,} returns.",
            field=name,
            remedy="Give more rows, an earlier start or a shorter window.",
        )
    window = rule.variance_window
    variance = rolling_variance(returns_of(returns, window, name, before=1), window)
    returns_of(returns[first:], rule.window, name, before=first + 1)
    return _Columns(days[first:], returns[first:], variance[first:])


def _signal(columns: _Columns, fits: RollingFits, rule: PremiumRule) -> PremiumSignal:
    rows = columns.returns.size
    prediction = np.full(rows, np.nan)
    prediction[fits.last_rows] = fits.next_day
    with np.errstate(divide="ignore", invalid="ignore"):
        premium = (prediction - columns.variance) / columns.variance
    deviation = _deviations(premium, rule.deviation_window)
    decided = decide(premium, deviation, rule.threshold)
    signal = np.zeros(rows, dtype=np.int8)
    signal[1:] = decided[:-1]
    return PremiumSignal(
        days=columns.days,
        returns=columns.returns,
        variance=columns.variance,
        prediction=prediction,
        premium=premium,
        deviation=deviation,
        decided=decided,
        signal=signal,
        fits=fits,
    )


def _deviations(premium: Floats, window: int) -> Floats:
    """Of the premiums, which begin after some NaN."""
    found = np.full(premium.size, np.nan)
    known = np.flatnonzero(np.isfinite(premium))
    if known.size:
        first = int(known[0])
        found[first:] = np.sqrt(rolling_variance(premium[first:], window, "premium"))
    return found
