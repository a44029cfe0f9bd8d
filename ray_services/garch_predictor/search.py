"""Looking for the parameters of the greatest likelihood: BFGS, compiled.

Broyden, Fletcher, Goldfarb and Shanno (1970), with steps halved until the loss falls enough
(Armijo 1966); see Nocedal and Wright, Numerical Optimization (2006), 6.1. Steps end at walls, and
what a wall holds takes no part in the next one (Bertsekas 1982).
"""

from typing import Any

import numpy as np

from ray_services.common.compiled import compiled
from ray_services.garch_predictor.likelihood import Floats, Problem, loss
from ray_services.garch_predictor.shape import objective, place
from ray_services.garch_predictor.starts import Starts

MOST_ROUNDS = 200
MOST_CUTS = 25
LONGEST = 2.5
"""No coordinate of a point moves further in one step."""
LEVEL = 2e-8
"""Twice the decrease still expected at which a search ends: 1e-4 of a standard error."""
NEARLY = 1e-2
"""No slope is above this where a search converged."""
STILL = 1e-10
"""A loss that twice in a row falls by less than this share of it is taken to fall no further."""
ENOUGH = 1e-4
"""The share of the expected decrease from which a step is taken."""
BETTER = 1e-6
PATIENCE, HOPE = 14, 10.0
"""From which round on a search is given up that would need more than this many times the slope
along its next step, which is twice the decrease expected of it, to become the best."""


@compiled
def largest(values: Floats) -> Any:
    """The greatest absolute value."""
    found = 0.0
    for at in range(values.size):
        found = max(found, abs(values[at]))
    return found


@compiled
def reset(inverse: Floats, scales: Floats) -> None:
    """The guess at the inverse of the curvature with which a search begins."""
    for row in range(scales.size):
        for column in range(scales.size):
            inverse[row, column] = scales[row] if row == column else 0.0


@compiled
def aim(inverse: Floats, gradient: Floats, free: Any, direction: Floats) -> Any:
    """The direction of the next step, among the coordinates that no wall holds.

    Returns the slope along it and the greatest slope of these coordinates.
    """
    slope, greatest = 0.0, 0.0
    for row in range(gradient.size):
        total = 0.0
        for column in range(gradient.size):
            total -= inverse[row, column] * gradient[column] * free[column]
        direction[row] = total * free[row]
        slope += direction[row] * gradient[row]
        greatest = max(greatest, abs(gradient[row]) * free[row])
    return slope, greatest


@compiled
def learn(inverse: Floats, moved: Floats, bent: Floats, product: Floats) -> None:
    """The update of BFGS, unless the step saw no curvature upwards."""
    size = moved.size
    along = 0.0
    for row in range(size):
        along += moved[row] * bent[row]
    if not along > 1e-12:
        return
    twice = 0.0
    for row in range(size):
        total = 0.0
        for column in range(size):
            total += inverse[row, column] * bent[column]
        product[row] = total
        twice += total * bent[row]
    grow = (1.0 + twice / along) / along
    for row in range(size):
        for column in range(size):
            cross = moved[row] * product[column] + product[row] * moved[column]
            inverse[row, column] += grow * moved[row] * moved[column] - cross / along


@compiled
def minimise(problem: Problem, point: Floats, scales: Floats, least: Floats, known: Any) -> Any:
    """Move the point to where the loss is least nearby; the loss, and whether it converged.

    Given up where it is not going to be less than what is `known` already.
    """
    size = point.size
    inverse = np.empty((size, size))
    gradient, ahead, direction = np.zeros(size), np.empty(size), np.zeros(size)
    trial, product, free = np.empty(size), np.empty(size), np.ones(size)
    reset(inverse, scales)
    value, greatest, step, fresh, flat = np.inf, np.inf, 0.0, True, 0
    for turn in range(MOST_ROUNDS):  # the first turn stays where it is
        reached, taken = value, False
        for _ in range(MOST_CUTS):
            fall = 0.0
            for row in range(size):
                trial[row] = max(point[row] + step * direction[row], least[row])
                fall += (trial[row] - point[row]) * gradient[row]
            if fall > 0.0:
                break
            reached = objective(problem, trial, ahead)
            if reached <= value + ENOUGH * fall:
                taken = True
                break
            rise = reached - value - fall
            cut = -0.5 * fall / rise if rise < 1e300 else 0.1
            step *= min(0.5, max(0.1, cut))
        if taken:
            for row in range(size):
                direction[row] = trial[row] - point[row]
                point[row] = trial[row]
                trial[row] = ahead[row] - gradient[row]
                gradient[row] = ahead[row]
                held = point[row] <= least[row] and gradient[row] > 0.0
                free[row] = 0.0 if held else 1.0
                direction[row] *= free[row]
                trial[row] *= free[row]
            if turn > 0:
                learn(inverse, direction, trial, product)
                fresh = False
            flat = flat + 1 if value - reached < STILL * (1.0 + abs(reached)) else 0
            value = reached
        elif fresh:
            break
        else:
            reset(inverse, scales)
            fresh = True
        slope, greatest = aim(inverse, gradient, free, direction)
        if flat == 2 or not slope < 0.0 or (-slope < LEVEL and greatest < NEARLY):
            break
        if turn >= PATIENCE and value + HOPE * slope > known - BETTER:
            break
        step = min(1.0, LONGEST / largest(direction))
    return value, greatest < NEARLY


@compiled
def best_start(problem: Problem, centre: Any, starts: Starts, family: int, point: Floats) -> None:
    """Of a family of starts, the one with the least loss, into `point`."""
    best, first = np.inf, starts.ends[family - 1] if family > 0 else 0
    chosen = first
    for row in range(first, starts.ends[family]):
        point[:] = starts.points[row]
        point[0] = centre
        place(problem, point)
        value = loss(problem)
        if value < best:
            best, chosen = value, row
    point[:] = starts.points[chosen]
    point[0] = centre
