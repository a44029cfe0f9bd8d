"""Simulated outcomes over some days, compiled: each path is a function of its number alone.

Only what falls below a threshold is kept: the tail is what risk is read from, and a twentieth of
the paths needs a twentieth of the memory.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled
from ray_services.portfolio_manager.random_numbers import fraction, word

type Floats = NDArray[np.float64]

LANES = 256
"""Paths that go through each step together, in loops without a branch, which are vectorised."""

_1, _2 = np.uint64(1), np.uint64(2)
_32, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_WIDTH = np.uint64(LANES)


@compiled
def bootstrap_tail(
    returns: Floats, days: Any, key: Any, start: Any, stop: Any, threshold: float
) -> Floats:
    """Sums of `days` returns drawn with replacement, of paths `start` to `stop - 1`, where below
    the threshold; in the order of the paths. Whole numbers are uint64."""
    found, known = np.empty(stop - start), 0
    size, words, odd = np.uint64(returns.size), (days + _1) // _2, days % _2 == _1
    sums = np.empty(LANES)
    first = start
    while first < stop:
        sums[:] = 0.0
        for step in range(words):
            place = np.uint64(step)
            if odd and place + _1 == words:
                for lane in range(_WIDTH):
                    drawn = word(key, (first + lane) * words + place)
                    sums[lane] += returns[((drawn >> _32) * size) >> _32]
            else:
                for lane in range(_WIDTH):
                    drawn = word(key, (first + lane) * words + place)
                    one = returns[((drawn >> _32) * size) >> _32]
                    sums[lane] += one + returns[((drawn & _LOW) * size) >> _32]
        for lane in range(min(_WIDTH, stop - first)):
            if sums[lane] < threshold:
                found[known] = sums[lane]
                known += 1
        first += _WIDTH
    return found[:known].copy()


@compiled
def gaussian_tail(key: Any, start: Any, stop: Any, threshold: float) -> Floats:
    """Standard normal numbers of paths `start` to `stop - 1`, where below the threshold.

    Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958: two paths each.
    """
    found, known = np.empty(stop - start), 0
    for pair in range(start // _2, (stop + _1) // _2):
        place = np.uint64(pair) * _2
        radius = np.sqrt(-2.0 * np.log(fraction(key, place)))
        if -radius >= threshold:
            continue
        angle = 2.0 * np.pi * fraction(key, place + _1)
        one, other = radius * np.cos(angle), radius * np.sin(angle)
        if one < threshold and place >= start:
            found[known] = one
            known += 1
        if other < threshold and place + _1 < stop:
            found[known] = other
            known += 1
    return found[:known].copy()
