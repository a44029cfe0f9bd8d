"""Daily features of one stock; each value needs the days up to it and no other.

Arrays are float64, shape (days,), without gaps; NaN where there are too few days yet.
"""

import numpy as np

from ray_services.common.compiled import compiled
from ray_services.common.indicators import Floats, bands
from ray_services.common.indicators import macd as line_and_signal


def garman_klass(opened: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Variance of a day by its range. Garman and Klass, "On the Estimation of Security Price
    Volatilities from Historical Data", 1980."""
    spread, move = np.log(high / low), np.log(close / opened)
    variance: Floats = spread * spread / 2 - (2 * np.log(2) - 1) * move * move
    return variance


def bollinger(values: Floats, length: int, width: float) -> Floats:
    """Lower band, mean and upper band, (3, days): `width` population standard deviations apart."""
    middle, deviation = bands(values, length)
    return np.stack([middle - width * deviation, middle, middle + width * deviation])


def macd(close: Floats, fast: int, slow: int) -> Floats:
    """The fast exponential mean less the slow one, both begun when the slow one can be."""
    line: Floats = line_and_signal(close, fast, slow, 1)[0]
    return line


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
