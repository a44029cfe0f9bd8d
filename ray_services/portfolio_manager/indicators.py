"""Daily features of one stock, compiled; each value needs the days up to it and no other.

Arrays are float64, shape (days,), without gaps; NaN where there are too few days yet. RSI, ATR and
MACD begin as TA-Lib's do, with plain means.
"""

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Floats = NDArray[np.float64]


def garman_klass(opened: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Variance of a day by its range. Garman and Klass, "On the Estimation of Security Price
    Volatilities from Historical Data", 1980."""
    spread, move = np.log(high / low), np.log(close / opened)
    variance: Floats = spread * spread / 2 - (2 * np.log(2) - 1) * move * move
    return variance


@compiled
def rsi(close: Floats, length: int) -> Floats:
    """Relative strength, 0 to 100. Wilder, "New Concepts in Technical Trading Systems", 1978."""
    found = np.full(close.size, np.nan)
    gain, loss = 0.0, 0.0
    for day in range(1, close.size):
        change = close[day] - close[day - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        if day <= length:
            gain += up / length
            loss += down / length
        else:
            gain = (gain * (length - 1) + up) / length
            loss = (loss * (length - 1) + down) / length
        if day >= length:
            found[day] = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 0.0
    return found


@compiled
def atr(high: Floats, low: Floats, close: Floats, length: int) -> Floats:
    """Average true range, in prices. Wilder, 1978."""
    found = np.full(close.size, np.nan)
    mean = 0.0
    for day in range(1, close.size):
        above = max(high[day], close[day - 1])
        below = min(low[day], close[day - 1])
        if day <= length:
            mean += (above - below) / length
        else:
            mean = (mean * (length - 1) + above - below) / length
        if day >= length:
            found[day] = mean
    return found


@compiled
def bollinger(values: Floats, length: int, width: float) -> Floats:
    """Lower band, mean and upper band, (3, days): `width` population standard deviations apart."""
    found = np.full((3, values.size), np.nan)
    for day in range(length - 1, values.size):
        window = values[day - length + 1 : day + 1]
        mean = np.mean(window)
        spread = width * np.sqrt(np.mean((window - mean) ** 2))
        found[0, day], found[1, day], found[2, day] = mean - spread, mean, mean + spread
    return found


@compiled
def _ema(values: Floats, length: int, first: int) -> Floats:
    found = np.full(values.size, np.nan)
    if first >= values.size:
        return found
    mean = np.mean(values[first - length + 1 : first + 1])
    found[first] = mean
    for day in range(first + 1, values.size):
        mean += (values[day] - mean) * 2.0 / (length + 1)
        found[day] = mean
    return found


@compiled
def macd(close: Floats, fast: int, slow: int) -> Floats:
    """The fast exponential mean less the slow one, both begun when the slow one can be."""
    return _ema(close, fast, slow - 1) - _ema(close, slow, slow - 1)


@compiled
def standardised(values: Floats) -> Floats:
    """(value - mean) / standard deviation, both of all values up to the day (Welford, "Note on a
    Method for Calculating Corrected Sums of Squares and Products", 1962)."""
    found = np.full(values.size, np.nan)
    count, mean, squares = 0, 0.0, 0.0
    for day in range(values.size):
        if np.isnan(values[day]):
            continue
        count += 1
        change = values[day] - mean
        mean += change / count
        squares += change * (values[day] - mean)
        if count > 1 and squares > 0.0:
            found[day] = (values[day] - mean) / np.sqrt(squares / (count - 1))
    return found
