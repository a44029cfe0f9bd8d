"""Standard errors of the estimates.

"hessian": the inverse of the curvature of the log-likelihood. "robust": that around the outer
product of the scores, which also holds where errors do not follow the distribution assumed
(Bollerslev and Wooldridge 1992), as `arch` has it by default.
"""

import numpy as np

from ray_services.common.compiled import compiled
from ray_services.garch_predictor.likelihood import (
    BELOW,
    ERROR,
    INVERSE,
    SQUARE,
    SQUARE_BELOW,
    VARIANCE,
    WEIGHT,
    Floats,
    Problem,
    begin,
    find_slopes,
    loss,
    problem_of,
)
from ray_services.garch_predictor.shape import FLOOR, MOST_NU
from ray_services.garch_predictor.spec import Errors, GarchSpec
from ray_services.garch_predictor.special import digamma
from ray_services.garch_predictor.windows import rescale

AT_ZERO = 1e-3
"""A coefficient below this counts as zero: at its limit, where there is no standard error."""
STEP = 6e-6
"""The cube root of the distance between floats: the best step of a central difference."""


@compiled
def fill_scores(problem: Problem, scores: Floats) -> None:
    """The slope of each day's log-likelihood along each parameter, shape (days, parameters)."""
    p, o, q, theta, work = problem.p, problem.o, problem.q, problem.theta, problem.work
    size, last = problem.returns.size, theta.size - 1
    before = work.shape[1] - size
    loss(problem)
    slopes = np.zeros((before + size, theta.size))  # of the variances
    nu, front, rest = theta[last], 0.0, 0.0
    if problem.student:
        rest = 1.0 / (nu - 2.0)
        front = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu) - rest)
    for t in range(size):
        at = before + t
        slopes[at, 1] = 1.0
        for lag in range(p):
            slopes[at, 0] -= 2.0 * theta[2 + lag] * work[ERROR, at - 1 - lag]
            slopes[at, 2 + lag] = work[SQUARE, at - 1 - lag]
        for lag in range(o):
            slopes[at, 0] -= 2.0 * theta[2 + p + lag] * work[BELOW, at - 1 - lag]
            slopes[at, 2 + p + lag] = work[SQUARE_BELOW, at - 1 - lag]
        for lag in range(q):
            slopes[at, 2 + p + o + lag] = work[VARIANCE, at - 1 - lag]
        for lag in range(q):
            for k in range(last):
                slopes[at, k] += theta[2 + p + o + lag] * slopes[at - 1 - lag, k]
        pull = work[WEIGHT, at] * work[INVERSE, at]
        fall = 0.5 * work[INVERSE, at] * (pull * work[SQUARE, at] - 1.0)
        for k in range(last):
            scores[t, k] = fall * slopes[at, k]
        scores[t, 0] += pull * work[ERROR, at]
        if problem.student:
            tail = rest * work[SQUARE, at] * work[INVERSE, at]
            share = 0.5 * (nu + 1.0) * rest * tail / (1.0 + tail)
            scores[t, last] = front - 0.5 * np.log(1.0 + tail) + share


def standard_errors(window: Floats, theta: Floats, spec: GarchSpec, kind: Errors) -> Floats:
    """Of the parameters of `spec.names`, in the units of the returns; NaN where there are none.

    `window` are the returns that `theta`, all parameters of `spec.all_names`, was estimated from.
    """
    problem = problem_of(spec, window.size)
    scale, _ = begin(problem, window)
    rescale(theta, 1.0 / scale, problem.theta)
    scaled = problem.theta.copy()
    found = np.full(scaled.size, np.nan)
    inside = _inside(scaled, spec)
    curvature = _curvature(problem, scaled, inside)
    try:
        np.linalg.cholesky(curvature)
        inverse = np.linalg.inv(curvature)
    except np.linalg.LinAlgError:
        return found[list(spec.places)]
    if kind == "robust":
        scores = np.zeros((window.size, scaled.size))
        problem.theta[:] = scaled
        fill_scores(problem, scores)
        outer = np.atleast_2d(np.cov(scores[:, inside].T)) * window.size
        inverse = inverse @ outer @ inverse
    found[inside] = np.sqrt(np.diag(inverse))
    found[0] *= scale
    found[1] *= scale * scale
    return found[list(spec.places)]


def _inside(theta: Floats, spec: GarchSpec) -> list[int]:
    """The places of parameters that are estimated and not at a limit."""
    values = theta.copy()
    both = min(spec.p, spec.o)  # of these lags, alpha + gamma is what must not turn negative
    values[2 + spec.p : 2 + spec.p + both] += theta[2 : 2 + both]
    limits = np.full(theta.size, AT_ZERO)
    limits[0] = -np.inf
    limits[1] = 100 * FLOOR
    inside = values > limits
    inside[-1] = theta[-1] < 0.99 * MOST_NU
    return [place for place in spec.places if inside[place]]


def _curvature(problem: Problem, theta: Floats, inside: list[int]) -> Floats:
    """The second derivatives of the loss, by central differences of its exact slopes."""
    rows = []
    for place in inside:
        step = STEP * max(abs(theta[place]), 0.01)
        sides = []
        for sign in (1.0, -1.0):
            problem.theta[:] = theta
            problem.theta[place] += sign * step
            loss(problem)
            find_slopes(problem)
            sides.append(problem.raw[inside].copy())
        rows.append((sides[0] - sides[1]) / (2 * step))
    found: Floats = np.array(rows)
    symmetric: Floats = 0.5 * (found + found.T)
    return symmetric
