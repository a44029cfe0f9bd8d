"""What is to be said of an asset's volatility today: past, present, predicted, and how unusual.

Volatilities are standard deviations of log returns over a year: of a day, times the square root of
the days in a year. Everything compares with predictions that were made without knowing what came
after them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.garch_predictor.inputs import Floats, log_returns, returns_of
from ray_services.garch_predictor.premium import decide
from ray_services.garch_predictor.rolling import RollingFits, fits_of_many
from ray_services.garch_predictor.single import Fit, fit_of
from ray_services.garch_predictor.spec import (
    GarchSpec,
    Rolling,
    checked_horizons,
    number_within,
    whole_number,
)

type Regime = Literal["low", "normal", "high", "extreme"]

DAYS_A_YEAR = 252.0
LEAST_PAST = 20
"""Predictions from which a percentile and a standard deviation are taken."""
REGIMES: tuple[tuple[float, Regime], ...] = ((25, "low"), (75, "normal"), (95, "high"))
"""Up to which percentile a regime goes; beyond the last, it is extreme."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """How volatility is looked at. Raises BadInput."""

    spec: GarchSpec = field(default_factory=lambda: GarchSpec(p=1, q=3))
    window: int = 180
    past: int = 252
    """The last predictions with which the one of today is compared, itself one of them."""
    threshold: float = 1.5
    """Standard deviations of the premium from which there is a signal."""
    horizons: tuple[int, ...] = (1, 5, 10, 22)
    days_a_year: float = DAYS_A_YEAR

    def __post_init__(self) -> None:
        whole_number(self.past, "past", LEAST_PAST, 1_000_000)
        number_within(self.threshold, "threshold", 0.0, 1e6)
        number_within(self.days_a_year, "days_a_year", 0.0, 1e4)
        checked_horizons(self.horizons)
        self.rolling().fits(self.spec)

    def rolling(self) -> Rolling:
        """The windows of the predictions."""
        return Rolling(window=self.window, horizons=self.horizons)


@dataclass(frozen=True, slots=True)
class Volatility:
    """Of one asset, at the end of its last day."""

    rows: int
    """Prices given."""
    historical: float
    """Of the returns of the last window."""
    current: float
    """The model's of the last day."""
    predicted: float
    """The model's of the next day."""
    forecasts: dict[int, float]
    """The mean expected until so many days ahead."""
    percentile: float
    """How many of a hundred past predictions are not above today's."""
    regime: Regime
    premium: float
    """By which share the predicted variance exceeds the historical one."""
    signal: int
    """1 where the premium is unusually high, -1 where it is unusually low, else 0."""
    strength: float
    """How many of its own standard deviations the premium is away from nothing."""
    compared: int
    """Past predictions, today's among them."""
    fit: Fit


def volatilities(
    prices: Mapping[str, ArrayLike],
    outlook: Outlook | None = None,
    *,
    spread: Spread | None = None,
) -> dict[str, Volatility]:
    """Of each asset, given as its closing prices in order of time. Raises BadInput."""
    outlook = outlook or Outlook()
    if not prices:
        raise BadInput("expected at least one asset, got none.", field="assets")
    returns = {name: _latest(name, given, outlook) for name, given in prices.items()}
    fits = fits_of_many(returns, outlook.spec, outlook.rolling(), spread=spread)
    rows = {name: len(np.atleast_1d(given)) for name, given in prices.items()}
    return {name: _volatility(rows[name], returns[name], fits[name], outlook) for name in returns}


def percentile_of(predictions: Floats) -> float:
    """How many of a hundred predictions, the last among them, are not above the last."""
    return 100.0 * float(np.mean(predictions <= predictions[-1]))


def regime_of(percentile: float) -> Regime:
    """What a percentile is called."""
    return next((name for most, name in REGIMES if percentile <= most), "extreme")


def _latest(name: str, prices: ArrayLike, outlook: Outlook) -> Floats:
    """The returns that the predictions compared are made from."""
    returns = log_returns(prices, name)
    least = outlook.window + LEAST_PAST - 1
    if returns.size < least:
        raise BadInput(
            f"expected at least {least + 1:,} prices, got {returns.size + 1:,}: windows of "
            f"{outlook.window:,} returns, and {LEAST_PAST} of them to compare.",
            field=name,
            remedy="Give more rows or take a shorter window.",
        )
    first = max(0, returns.size - outlook.window - outlook.past + 1)
    return returns_of(returns[first:], outlook.window, name, before=first + 1)


def _volatility(rows: int, returns: Floats, fits: RollingFits, outlook: Outlook) -> Volatility:
    windows = np.lib.stride_tricks.sliding_window_view(returns, outlook.window)
    variances = windows.var(axis=1, ddof=1)
    premiums = fits.next_day / variances - 1.0
    deviation = premiums.std(ddof=1)
    predicted = float(fits.next_day[-1])
    percentile = percentile_of(fits.next_day)
    fit = fit_of(fits, -1)

    def yearly(variance: float) -> float:
        return sqrt(variance * outlook.days_a_year)

    return Volatility(
        rows=rows,
        historical=yearly(float(variances[-1])),
        current=yearly(fit.last),
        predicted=yearly(predicted),
        forecasts={days: yearly(total / days) for days, total in fit.totals.items()},
        percentile=percentile,
        regime=regime_of(percentile),
        premium=float(premiums[-1]),
        signal=int(decide(premiums[-1:], np.array([deviation]), outlook.threshold)[0]),
        strength=float(abs(premiums[-1]) / deviation) if deviation > 0 else 0.0,
        compared=len(fits),
        fit=fit,
    )
