"""Parameters that only have walls at nought: any point is a stationary model.

The lags and a rest share the persistence, sum alpha + sum gamma / 2 + sum beta < 1, as cells that
add up to one. A lag that has alpha and gamma has a cell for returns above the mean, alpha = 2 a,
and one for those below, alpha + gamma = 2 b, so that neither can turn negative.

A point has mu as it is; of omega and of each cell's odds (its share over that of the rest) the
logarithm of one plus it, which is linear near nought, where estimates often end, and logarithmic
where they are large; and nu as the logistic curve between its limits has it. Coordinates come in
the order of theta.
"""

from math import exp, expm1, log1p
from typing import Any

import numpy as np

from ray_services.common.compiled import compiled
from ray_services.garch_predictor.likelihood import Floats, Problem, find_slopes, loss

FLOOR = 1e-8
"""Of omega, as a share of the window's variance; as in `arch`."""
OMEGA = 0.02
"""What omega is counted in."""
FURTHEST = 40.0
"""No coordinate counts beyond this."""
LEAST_NU, MOST_NU = 2.05, 500.0
FIRMER = 0.002
"""The least share that a cell starts with where it comes from another window."""


def walls(size: int) -> Floats:
    """The least that each coordinate of a point can be."""
    least = np.zeros(size)
    least[0] = least[-1] = -np.inf
    return least


@compiled
def place(problem: Problem, point: Floats) -> Any:
    """Cells and theta of a point; the cell of the rest, which is 1 - persistence."""
    p, o, q, theta, cells = problem.p, problem.o, problem.q, problem.theta, problem.cells
    total = 1.0
    for cell in range(cells.size):
        cells[cell] = expm1(min(point[2 + cell], FURTHEST))
        total += cells[cell]
    for cell in range(cells.size):
        cells[cell] /= total
    theta[0] = point[0]
    theta[1] = FLOOR + OMEGA * expm1(min(point[1], FURTHEST))
    for lag in range(p):
        theta[2 + lag] = 2.0 * cells[lag] if lag < o else cells[lag]
    for lag in range(o):
        both = 2.0 * cells[p + lag]
        theta[2 + p + lag] = both - theta[2 + lag] if lag < p else both
    for lag in range(q):
        theta[2 + p + o + lag] = cells[p + o + lag]
    last = theta.size - 1
    theta[last] = LEAST_NU + (MOST_NU - LEAST_NU) / (1.0 + exp(-point[last]))
    return 1.0 / total


@compiled
def pull_back(problem: Problem, rest: Any, gradient: Floats) -> None:
    """The slopes of the loss along the cells and the point, from those along theta."""
    p, o, q, theta, raw = problem.p, problem.o, problem.q, problem.theta, problem.raw
    cells, slopes = problem.cells, problem.slopes
    for lag in range(p):
        slope = raw[2 + lag]
        slopes[lag] = 2.0 * (slope - raw[2 + p + lag]) if lag < o else slope
    for lag in range(o):
        slopes[p + lag] = 2.0 * raw[2 + p + lag]
    for lag in range(q):
        slopes[p + o + lag] = raw[2 + p + o + lag]
    shared = 0.0
    for cell in range(cells.size):
        shared += cells[cell] * slopes[cell]
    gradient[0] = raw[0] if problem.mean else 0.0
    gradient[1] = raw[1] * (theta[1] - FLOOR + OMEGA)
    for cell in range(cells.size):
        gradient[2 + cell] = (rest + cells[cell]) * (slopes[cell] - shared)
    last = theta.size - 1
    nu = theta[last]
    curve = (nu - LEAST_NU) * (MOST_NU - nu) / (MOST_NU - LEAST_NU)
    gradient[last] = raw[last] * curve if problem.student else 0.0


@compiled
def objective(problem: Problem, point: Floats, gradient: Floats) -> Any:
    """The loss at a point, and its slopes into `gradient`."""
    rest = place(problem, point)
    value = loss(problem)
    find_slopes(problem)
    pull_back(problem, rest, gradient)
    return value


@compiled
def soften(problem: Problem, point: Floats) -> None:
    """Move a point away from all walls, so that a search from it can go anywhere."""
    cells = problem.cells
    rest = max(place(problem, point), FIRMER)
    for cell in range(cells.size):
        point[2 + cell] = log1p(max(cells[cell], FIRMER) / rest)
    point[1] = min(max(point[1], FIRMER / OMEGA), 4.0)
    last = point.size - 1
    point[last] = min(max(point[last], -6.0), 0.0)
