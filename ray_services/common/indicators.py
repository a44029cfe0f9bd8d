"""Indicators of a series of bars, compiled: float64 of the bars' length, NaN before the first.

They equal TA-Lib's where that gives a value. Each value depends on bars up to its own only. The
kernels take any window of at least 1; a series too short for it is NaN throughout.
"""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Floats = NDArray[np.float64]

BLOCK = 256
"""Bars over which running sums are kept before they are taken anew, so that no error piles up."""


@compiled
def _strength(gain: Any, loss: Any) -> Any:
    both = gain + loss
    return 100.0 * (gain / both) if both > 0.0 else np.nan


@compiled
def rsi(closes: Floats, window: int) -> Floats:
    """The relative strength index, 0 to 100 (Wilder, New Concepts in Technical Trading Systems,
    1978). NaN while no close has changed."""
    size = closes.size
    out = np.full(size, np.nan)
    if size <= window:
        return out
    gain, loss = 0.0, 0.0
    for t in range(1, window + 1):
        change = closes[t] - closes[t - 1]
        gain += change if change > 0.0 else 0.0
        loss -= change if change < 0.0 else 0.0
    gain /= window
    loss /= window
    out[window] = _strength(gain, loss)
    kept, share = (window - 1) / window, 1.0 / window
    for t in range(window + 1, size):
        change = closes[t] - closes[t - 1]
        gain = gain * kept + (change if change > 0.0 else 0.0) * share
        loss = loss * kept - (change if change < 0.0 else 0.0) * share
        out[t] = _strength(gain, loss)
    return out


@compiled
def bands(closes: Floats, window: int) -> tuple[Floats, Floats]:
    """The mean and the population deviation of the last `window` closes: Bollinger's bands are the
    mean plus and minus some deviations (Bollinger on Bollinger Bands, 2001).

    The deviation of closes that are all the same is exactly 0.
    """
    size, share = closes.size, 1.0 / window
    middle, deviation = np.full(size, np.nan), np.full(size, np.nan)
    same = 0  # where the current run of equal closes began
    for t in range(1, min(window - 1, size)):
        if closes[t] != closes[t - 1]:
            same = t
    for begin in range(window - 1, size, BLOCK):
        base = closes[begin]
        total, squares = 0.0, 0.0
        for t in range(begin - window + 1, begin):
            off = closes[t] - base
            total += off
            squares += off * off
        for t in range(begin, min(begin + BLOCK, size)):
            off = closes[t] - base
            total += off
            squares += off * off
            mean = total * share
            variance = squares * share - mean * mean
            middle[t] = base + mean
            deviation[t] = sqrt(variance) if variance > 0.0 else 0.0
            if t > 0 and closes[t] != closes[t - 1]:
                same = t
            if t - same + 1 >= window:
                middle[t] = closes[t]
                deviation[t] = 0.0
            off = closes[t - window + 1] - base
            total -= off
            squares -= off * off
    return middle, deviation


@compiled
def sma(values: Floats, window: int) -> Floats:
    """The mean of the last `window` values."""
    size = values.size
    out = np.full(size, np.nan)
    for begin in range(window - 1, size, BLOCK):
        base, total = values[begin], 0.0
        for t in range(begin - window + 1, begin):
            total += values[t] - base
        for t in range(begin, min(begin + BLOCK, size)):
            total += values[t] - base
            out[t] = base + total / window
            total -= values[t - window + 1] - base
    return out


@compiled
def _smooth(values: Floats, first: int, window: int) -> Floats:
    """Exponential smoothing that begins at `first` with the mean of `window` values."""
    out = np.full(values.size, np.nan)
    if values.size <= first:
        return out
    total = 0.0
    for t in range(first - window + 1, first + 1):
        total += values[t]
    average, weight = total / window, 2.0 / (window + 1)
    out[first] = average
    for t in range(first + 1, values.size):
        average = (values[t] - average) * weight + average
        out[t] = average
    return out


@compiled
def ema(values: Floats, window: int) -> Floats:
    """The exponential average of weight 2 / (window + 1), begun with the mean of the first."""
    return _smooth(values, window - 1, window)


@compiled
def macd(closes: Floats, fast: int, slow: int, smooth: int) -> tuple[Floats, Floats]:
    """The fast exponential average less the slow one, and the exponential average of that: Appel's
    line and signal (Technical Analysis, 2005). Both averages begin at the same bar; fast < slow."""
    line = _smooth(closes, slow - 1, fast) - _smooth(closes, slow - 1, slow)
    return line, _smooth(line, slow + smooth - 2, smooth)


@compiled
def atr(highs: Floats, lows: Floats, closes: Floats, window: int) -> Floats:
    """The average true range (Wilder, 1978): of high, low and the close before, smoothed as in
    `rsi`."""
    size = closes.size
    out = np.full(size, np.nan)
    average = 0.0
    for t in range(1, size):
        before = closes[t - 1]
        reach = max(highs[t] - lows[t], abs(highs[t] - before), abs(lows[t] - before))
        if t <= window:
            average += reach / window
        else:
            average = (average * (window - 1) + reach) / window
        if t >= window:
            out[t] = average
    return out


@compiled
def highest(values: Floats, window: int) -> Floats:
    """The highest of the last `window` values: of the highs, Donchian's upper channel."""
    size = values.size
    out = np.full(size, np.nan)
    queue = np.empty(size, np.int64)  # of places whose values fall
    head, tail = 0, 0
    for t in range(size):
        while tail > head and values[queue[tail - 1]] <= values[t]:
            tail -= 1
        queue[tail] = t
        tail += 1
        if queue[head] <= t - window:
            head += 1
        if t >= window - 1:
            out[t] = values[queue[head]]
    return out


@compiled
def lowest(values: Floats, window: int) -> Floats:
    """The lowest of the last `window` values: of the lows, Donchian's lower channel."""
    return -highest(-values, window)
