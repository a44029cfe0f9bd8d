"""One segment of a critical line, compiled: the line itself, where it ends, and what comes next.

Every line is solved for afresh from the factor, so that errors do not add up along the way.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled
from ray_services.portfolio_manager.factor import append, remove, solve

type Floats = NDArray[np.float64]

AT_LOWER, AT_UPPER, FREE, HELD = 0, 1, 2, 3
"""Where an asset is; what is held has no room, or no part in this walk."""

SAME = 1e-13
"""Relative: two means or two turning points that differ by less are one."""


class State(NamedTuple):
    """Where a walk is, n assets; all arrays are changed in place."""

    weights: Floats
    place: NDArray[np.int8]
    free: NDArray[np.int64]
    known: NDArray[np.int64]  # (1,), how many are free
    factor: Floats  # (n, n)
    bound_pull: Floats  # covariance of each asset with all that is bound, at its weights
    sides: Floats  # (3, n), room for right-hand sides
    line: Floats  # (2, n), weights line[0] + t line[1]
    pull: Floats  # (2, n), covariance with them


@compiled
def draw_line(state: State, covariance: Floats, centred: Floats) -> tuple[float, float, float]:
    """Set `line` and `pull` for what is free now.

    Returns the multiplier of the budget, `level + t tilt`, and the slope that counts as none.
    """
    line, pull, sides, count = state.line, state.pull, state.sides, state.known[0]
    budget = 1.0
    for asset in range(centred.size):
        line[0, asset], line[1, asset] = state.weights[asset], 0.0
        pull[0, asset], pull[1, asset] = state.bound_pull[asset], 0.0
        if state.place[asset] != FREE:
            budget -= state.weights[asset]
    for at in range(count):
        asset = state.free[at]
        sides[0, at], sides[1, at], sides[2, at] = 1.0, centred[asset], pull[0, asset]
    solve(state.factor, count, sides)
    ones, means, pulls, steepest = 0.0, 0.0, 0.0, 0.0
    for at in range(count):
        ones += sides[0, at]
        means += sides[1, at]
        pulls += sides[2, at]
        steepest = max(steepest, abs(sides[1, at]))
    level, tilt = (budget + pulls) / ones, -means / ones
    for at in range(count):
        asset = state.free[at]
        start = level * sides[0, at] - sides[2, at]
        slope = sides[1, at] + tilt * sides[0, at]
        line[0, asset], line[1, asset] = start, slope
        for other in range(centred.size):
            pull[0, other] += covariance[asset, other] * start
            pull[1, other] += covariance[asset, other] * slope
    return level, tilt, SAME * steepest


@compiled
def next_turn(
    state: State,
    now: float,
    centred: Floats,
    lower: Floats,
    upper: Floats,
    multiplier: tuple[float, float, float],
    flat_pull: float,
) -> tuple[float, int]:
    """The largest t up to `now` at which an asset changes its place, and which (or 0 and -1).

    Of equals the first asset: with this rule degenerate corners are left again.
    """
    level, tilt, flat_weight = multiplier
    best, who = 0.0, -1
    for asset in range(centred.size):
        if state.place[asset] == FREE:
            slope = state.line[1, asset]
            if slope > flat_weight:
                turn = (lower[asset] - state.line[0, asset]) / slope
            elif slope < -flat_weight:
                turn = (upper[asset] - state.line[0, asset]) / slope
            else:
                continue
        else:
            slope = state.pull[1, asset] - centred[asset] - tilt
            falls_in = state.place[asset] == AT_LOWER and slope > flat_pull
            comes_down = state.place[asset] == AT_UPPER and slope < -flat_pull
            if not (falls_in or comes_down):
                continue
            turn = (level - state.pull[0, asset]) / slope
        turn = min(turn, now)
        if turn > best * (1.0 + SAME):
            best, who = turn, asset
    return best, who


@compiled
def tangent(state: State, centred: Floats, premium: float, now: float, turn: float) -> float:
    """The t of the highest Sharpe ratio between `turn` and `now`, or -1 where it is not there.

    On a segment variance - t excess return is linear in t, and 0 where the ratio is highest.
    """
    excess, variance = premium, 0.0  # of the line, continued to t = 0
    for asset in range(centred.size):
        excess += centred[asset] * state.line[0, asset]
        variance += state.pull[0, asset] * state.line[0, asset]
    if excess > 0.0 and variance >= turn * excess:
        return min(variance / excess, now)
    return -1.0


@compiled
def go(state: State, turn: float, who: int, lower: Floats, upper: Floats) -> None:
    """Move the free weights along the line to t = `turn`, where `who` (unless -1) meets a bound."""
    for at in range(state.known[0]):
        asset = state.free[at]
        weight = state.line[0, asset] + turn * state.line[1, asset]
        state.weights[asset] = min(max(weight, lower[asset]), upper[asset])
    if who >= 0 and state.place[who] == FREE:
        state.weights[who] = lower[who] if state.line[1, who] > 0.0 else upper[who]


@compiled
def add_pull(bound_pull: Floats, covariance: Floats, asset: int, weight: float) -> None:
    """Count so much more of an asset among what is bound."""
    for other in range(bound_pull.size):
        bound_pull[other] += covariance[asset, other] * weight


@compiled
def change_place(state: State, who: int, covariance: Floats) -> bool:
    """Bind what is free, free what is bound; False where the covariance is singular then."""
    weight = state.weights[who]
    if state.place[who] == FREE:
        remove(who, state.factor, state.free, state.known[0])
        state.known[0] -= 1
        state.place[who] = AT_LOWER if state.line[1, who] > 0.0 else AT_UPPER
    else:
        room = state.sides[0]
        if not append(who, covariance, state.factor, state.free, state.known[0], room):
            return False
        state.known[0] += 1
        state.place[who] = FREE
        weight = -weight
    add_pull(state.bound_pull, covariance, who, weight)
    return True
