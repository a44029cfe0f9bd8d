"""How good variance forecasts were, against proxies of the variance that came true.

Both losses rank forecasts as if the true variance had been seen, though only a noisy proxy of it
ever is (Patton 2011):

    MSE = mean (proxy - forecast)^2      QLIKE = mean (log forecast + proxy / forecast)

QLIKE is given without the terms that only the proxy is in, so that days without a move are no
trouble; only differences between forecasts of the same days mean anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.garch_predictor.inputs import Floats, numbers


@dataclass(frozen=True, slots=True)
class Score:
    """Of one forecaster."""

    name: str
    days: int
    qlike: float
    mse: float
    bias: float
    """The mean of the forecasts, less that of the proxies, as a share of the latter."""


def scores(forecasts: Mapping[str, ArrayLike], proxy: ArrayLike) -> list[Score]:
    """Each forecaster's losses on the same days, the least QLIKE first. Raises BadInput."""
    if not forecasts:
        raise BadInput("expected at least one forecaster, got none.", field="forecasts")
    seen = numbers(proxy, "proxy")
    if (seen < 0).any():
        row = int(np.flatnonzero(seen < 0)[0]) + 1
        raise BadInput(f"expected a variance, got {seen[row - 1]:g}.", field="proxy", row=row)
    found = [_score(name, given, seen) for name, given in forecasts.items()]
    return sorted(found, key=lambda one: (one.qlike, one.name))


def qlike(forecast: ArrayLike, proxy: ArrayLike) -> float:
    """The quasi-likelihood loss."""
    return scores({"forecast": forecast}, proxy)[0].qlike


def mse(forecast: ArrayLike, proxy: ArrayLike) -> float:
    """The mean squared error."""
    return scores({"forecast": forecast}, proxy)[0].mse


def _score(name: str, given: ArrayLike, proxy: Floats) -> Score:
    forecast = numbers(given, name)
    if forecast.size != proxy.size or not proxy.size:
        raise BadInput(
            f"expected a forecast for each of {proxy.size:,} days and at least one, got "
            f"{forecast.size:,}.",
            field=name,
        )
    wrong = np.flatnonzero(forecast <= 0)
    if wrong.size:
        row = int(wrong[0])
        raise BadInput(
            f"expected a variance above 0, got {forecast[row]:g}.", field=name, row=row + 1
        )
    came = float(proxy.mean())
    return Score(
        name=name,
        days=forecast.size,
        qlike=float(np.mean(np.log(forecast) + proxy / forecast)),
        mse=float(np.mean((proxy - forecast) ** 2)),
        bias=(float(forecast.mean()) - came) / came if came > 0 else np.inf,
    )


def parkinson(high: ArrayLike, low: ArrayLike) -> Floats:
    """The variance of each day from its range: ln(high / low)^2 / (4 ln 2) (Parkinson 1980)."""
    highest, lowest = _ordered(high, low)
    found: Floats = np.log(highest / lowest) ** 2 / (4.0 * np.log(2.0))
    return found


def garman_klass(open_: ArrayLike, high: ArrayLike, low: ArrayLike, close: ArrayLike) -> Floats:
    """ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2 (Garman and Klass 1980)."""
    highest, lowest = _ordered(high, low)
    first, last = _prices(open_, "open"), _prices(close, "close")
    if first.size != last.size or first.size != highest.size:
        raise BadInput("open, high, low and close differ in rows.", field="close")
    found: Floats = 0.5 * np.log(highest / lowest) ** 2 - (2.0 * np.log(2.0) - 1.0) * (
        np.log(last / first) ** 2
    )
    return found


def realised_variance(times: ArrayLike, close: ArrayLike) -> tuple[NDArray[np.datetime64], Floats]:
    """The days, and the sum of the squared log returns from bar to bar within each.

    (Andersen and Bollerslev 1998.) The move from one day's last bar to the next day's first is of
    no day. `times` rise, to the minute or finer. Raises BadInput.
    """
    prices = _prices(close, "close")
    moments = np.asarray(times, dtype="datetime64[s]")
    if moments.shape != prices.shape or prices.size < 2:
        raise BadInput("expected at least two bars, each with a time and a price.", field="close")
    early = np.flatnonzero(np.diff(moments) <= np.timedelta64(0, "s"))
    if early.size:
        row = int(early[0]) + 2
        raise BadInput(
            f"{moments[row - 1]} does not come after the row before.", field="datetime", row=row
        )
    dates = moments.astype("datetime64[D]")
    squares = np.diff(np.log(prices)) ** 2
    squares[dates[1:] != dates[:-1]] = 0.0
    days, which = np.unique(dates, return_inverse=True)
    return days, np.bincount(which[1:], weights=squares, minlength=days.size)


def _ordered(high: ArrayLike, low: ArrayLike) -> tuple[Floats, Floats]:
    highest, lowest = _prices(high, "high"), _prices(low, "low")
    if highest.size != lowest.size:
        raise BadInput("high and low differ in rows.", field="low")
    wrong = np.flatnonzero(highest < lowest)
    if wrong.size:
        row = int(wrong[0])
        raise BadInput(
            f"the high {highest[row]:g} is below the low {lowest[row]:g}.",
            field="high",
            row=row + 1,
            remedy="See that the columns are not swapped.",
        )
    return highest, lowest


def _prices(given: ArrayLike, field: str) -> Floats:
    column = numbers(given, field)
    wrong = np.flatnonzero(column <= 0)
    if wrong.size:
        row = int(wrong[0])
        raise BadInput(f"expected a price above 0, got {column[row]:g}.", field=field, row=row + 1)
    return column
