"""Where each strategy would enter and leave, compiled: a byte of flags for each bar.

A flag at a bar follows from bars up to that one. What comes of it, `walking` decides. Comparisons
with an indicator that has no value yet are false, so such bars carry no flag.
"""

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Floats = NDArray[np.float64]
type Flags = NDArray[np.uint8]

# Part of the compiled code of `walking`, too, whose cache does not see a change made here.
ENTER_LONG, ENTER_SHORT, LEAVE_LONG, LEAVE_SHORT = 1, 2, 4, 8


@compiled
def mark_bands(
    strength: Floats,
    middle: Floats,
    deviation: Floats,
    closes: Floats,
    starts: NDArray[np.int64],
    signs: NDArray[np.int8],
    high: float,
    low: float,
    width: float,
    flags: Flags,
) -> None:
    """Against the daily signal where the bars have gone too far with it.

    On days of +1: short where the strength is above `high` and the close above the upper band; on
    days of -1: long where it is below `low` and the close below the lower band. Other days' flags
    stay as they are.
    """
    for day in range(signs.size):
        if signs[day] == 0:
            continue
        # Slices, whose indices cannot be negative: only such loops are vectorised.
        begin, end = starts[day], starts[day + 1]
        force, close, out = strength[begin:end], closes[begin:end], flags[begin:end]
        mean, unit = middle[begin:end], deviation[begin:end]
        if signs[day] > 0:
            for t in range(out.size):
                far = (force[t] > high) & (close[t] > mean[t] + width * unit[t])
                out[t] = ENTER_SHORT if far else 0
        else:
            for t in range(out.size):
                far = (force[t] < low) & (close[t] < mean[t] - width * unit[t])
                out[t] = ENTER_LONG if far else 0


@compiled
def mark_momentum(
    line: Floats, average: Floats, closes: Floats, threshold: float, flags: Flags
) -> None:
    """With the line's side of its average, where they differ by more than a share of the close."""
    for t in range(closes.size):
        ahead, least = line[t] - average[t], threshold * closes[t]
        flags[t] = ENTER_LONG if ahead > least else (ENTER_SHORT if ahead < -least else 0)


@compiled
def mark_reversion(
    middle: Floats, deviation: Floats, closes: Floats, enter: float, leave: float, flags: Flags
) -> None:
    """Towards the mean from `enter` deviations off it, until `leave` are left."""
    for t in range(closes.size):
        off, unit = closes[t] - middle[t], deviation[t]
        flag = 0
        if off < -enter * unit:
            flag = ENTER_LONG
        elif off > enter * unit:
            flag = ENTER_SHORT
        if off >= -leave * unit:
            flag |= LEAVE_LONG
        if off <= leave * unit:
            flag |= LEAVE_SHORT
        flags[t] = flag


@compiled
def mark_breakout(
    top: Floats,
    bottom: Floats,
    near_top: Floats,
    near_bottom: Floats,
    closes: Floats,
    flags: Flags,
) -> None:
    """With a close beyond the channel of the bars before; out at a close beyond the nearer one."""
    flags[0] = 0
    for t in range(1, closes.size):
        close, flag = closes[t], 0
        if close > top[t - 1]:
            flag = ENTER_LONG
        elif close < bottom[t - 1]:
            flag = ENTER_SHORT
        if close < near_bottom[t - 1]:
            flag |= LEAVE_LONG
        if close > near_top[t - 1]:
            flag |= LEAVE_SHORT
        flags[t] = flag


@compiled
def mark_volatility(ranges: Floats, closes: Floats, multiple: float, flags: Flags) -> None:
    """Stop and reverse: long until a close lies `multiple` ranges below the highest since the last
    turn, then short until one lies as far above the lowest (Wilder's volatility system, 1978)."""
    side, begun = 0, False
    top, bottom = 0.0, 0.0
    for t in range(closes.size):
        close, reach = closes[t], multiple * ranges[t]
        if np.isnan(reach):
            flags[t] = 0
            continue
        if not begun:
            begun, top, bottom = True, close, close
        top, bottom = max(top, close), min(bottom, close)
        if side >= 0 and close < top - reach:
            side, bottom = -1, close
        elif side <= 0 and close > bottom + reach:
            side, top = 1, close
        flags[t] = ENTER_LONG if side > 0 else (ENTER_SHORT if side < 0 else 0)
