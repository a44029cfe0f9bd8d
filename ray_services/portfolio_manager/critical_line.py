"""The critical line algorithm, compiled: the whole efficient frontier, exactly.

Minimise w'Cw / 2 - t m'w over weights w that add up to 1 within bounds, for every t from infinity
(the highest mean return) down to 0 (the least variance). Between two turning points the same
assets are free, that is strictly within their bounds, and the weights are linear in t.

Markowitz, "The Optimization of a Quadratic Function Subject to Linear Constraints", 1956;
Niedermayer and Niedermayer, "Applying Markowitz's Critical Line Algorithm", 2007; Bailey and Lopez
de Prado, "An Open-Source Implementation of the Critical-Line Algorithm", 2013.

Means are centred on that of the asset where the walk begins: what is tied with it is exactly 0.
"""

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled
from ray_services.portfolio_manager.segment import (
    AT_LOWER,
    AT_UPPER,
    FREE,
    HELD,
    SAME,
    State,
    add_pull,
    change_place,
    draw_line,
    go,
    next_turn,
    tangent,
)

type Floats = NDArray[np.float64]

LEAST_EXCESS = 1e-12
"""An excess return of no more than the rounding of its sum is none."""

DONE, SINGULAR, STUCK, NO_EXCESS = 0, 1, 2, 3
"""How a walk ends: at its end; at a singular covariance; never; without any excess return."""

PINNED = 1e-12


@compiled
def _grown(points: Floats) -> Floats:
    """The same rows with room for as many more."""
    known, size = points.shape
    larger = np.empty((2 * known, size))
    for row in range(known):
        for column in range(size):
            larger[row, column] = points[row, column]
    return larger


@compiled
def _widest(centred: Floats) -> float:
    widest = 0.0
    for asset in range(centred.size):
        widest = max(widest, abs(centred[asset]))
    return widest


@compiled
def _descend(
    state: State,
    covariance: Floats,
    centred: Floats,
    lower: Floats,
    upper: Floats,
    premium: float,
) -> tuple[Floats, int, int]:
    """Walk down from t = infinity; to 0, or to the tangent portfolio where `premium` is a number.

    `premium` is the excess return that belongs to a centred mean of 0. Rows of weights and t,
    (k, n + 1), how it ended, and the asset that made it end early.
    """
    size = centred.size
    points, known = np.empty((size + 16, size + 1)), 0
    flat_pull = SAME * _widest(centred)
    now = np.inf
    for _ in range(100 * size + 1000):
        multiplier = draw_line(state, covariance, centred)
        turn, who = next_turn(state, now, centred, lower, upper, multiplier, flat_pull)
        at_tangent = tangent(state, centred, premium, now, turn)
        if at_tangent >= 0.0:
            turn, who = at_tangent, -1
        go(state, turn, who, lower, upper)
        if known == len(points):
            points = _grown(points)
        if who < 0 or turn < now * (1.0 - SAME):
            points[known, size] = turn
            for asset in range(size):
                points[known, asset] = state.weights[asset]
            known += 1
        if who < 0:
            return points[:known], DONE, -1
        now = turn
        if not change_place(state, who, covariance):
            return points[:known], SINGULAR, who
    return points[:known], STUCK, -1


@compiled
def _fill(
    order: NDArray[np.int64],
    lower: Floats,
    upper: Floats,
    weights: Floats,
    place: NDArray[np.int8],
) -> int:
    """Give what the lower bounds leave to the highest means first; the asset that gets the last
    of it, or -1 where bounds pin every weight."""
    left, last = 1.0, -1
    for asset in order:
        left -= lower[asset]
    for asset in order:
        room = upper[asset] - lower[asset]
        if room <= 0.0:
            place[asset] = HELD
        elif last < 0 and left > PINNED:
            if room >= left - PINNED:
                weights[asset] = min(weights[asset] + left, upper[asset])
                place[asset] = FREE
                last = asset
            else:
                weights[asset] = upper[asset]
                place[asset] = AT_UPPER
                left -= room
    return last


@compiled
def _ranks_of_tied(
    state: State, order: NDArray[np.int64], centred: Floats, ranks: Floats
) -> NDArray[np.int8]:
    """Hold what is not tied with the highest mean, and rank what is; the places as they were."""
    parked, top = state.place.copy(), 0
    for position in range(order.size):
        if order[position] == state.free[0]:
            top = position
    for position in range(order.size):
        asset = order[position]
        ranks[asset] = 0.0
        if centred[asset] == 0.0:
            ranks[asset] = top - position
        else:
            state.place[asset] = HELD
    return parked


@compiled
def _begin(state: State, covariance: Floats, top: int) -> None:
    """One asset free, the others' pull counted."""
    state.known[0] = 1
    state.free[0] = top
    state.factor[0, 0] = np.sqrt(covariance[top, top])
    for asset in range(state.weights.size):
        if asset != top and state.weights[asset] != 0.0:
            add_pull(state.bound_pull, covariance, asset, state.weights[asset])


@compiled
def walk(
    mean: Floats,
    order: NDArray[np.int64],
    covariance: Floats,
    lower: Floats,
    upper: Floats,
    risk_free: float,
) -> tuple[Floats, int, int]:
    """The turning points from the highest return down, rows of weights and t, (k, n + 1); how it
    ended, and the asset that made it end early. `order` is that of falling means.

    With `risk_free` NaN to the least variance; otherwise to the portfolio with the highest Sharpe
    ratio, which is then the last point. Bounds must allow a sum of 1.
    """
    size = mean.size
    state = State(
        lower.copy(), np.full(size, AT_LOWER, np.int8), np.empty(size, np.int64),
        np.zeros(1, np.int64), np.empty((size, size)), np.zeros(size), np.empty((3, size)),
        np.empty((2, size)), np.empty((2, size)),
    )  # fmt: skip
    top = _fill(order, lower, upper, state.weights, state.place)
    ends, who, tied, excess = DONE, -1, 0, -risk_free
    centred = np.empty(size)
    for asset in range(size):
        centred[asset] = mean[asset] - mean[max(top, 0)]
    none = SAME * _widest(centred)
    for asset in range(size):
        if abs(centred[asset]) <= none:
            centred[asset] = 0.0
            tied += state.place[asset] != HELD
    rows = np.zeros((1, size + 1))
    if top >= 0:
        _begin(state, covariance, top)
    for asset in range(size):
        rows[0, asset] = state.weights[asset]
        excess += mean[asset] * state.weights[asset]
    if excess <= LEAST_EXCESS:
        return rows, NO_EXCESS, -1
    if top < 0:
        return rows, DONE, -1
    # Where several portfolios have the highest return, the first walk, of the tied assets alone
    # with ranks for means, goes to the one of least variance.
    ranks, parked = np.empty(size), state.place
    for walks in range(1 if tied > 1 else 2, 3):
        means, premium = centred, mean[top] - risk_free
        if walks == 1:
            parked = _ranks_of_tied(state, order, centred, ranks)
            means, premium = ranks, np.nan
        rows, ends, who = _descend(state, covariance, means, lower, upper, premium)
        if ends != DONE:
            break
        if walks == 1:
            for asset in range(size):
                if centred[asset] != 0.0:
                    state.place[asset] = parked[asset]
    return rows, ends, who
