"""The likelihood of GARCH(p, o, q) over one window and its slopes, compiled.

    variance[t] = omega + sum alpha[i] e[t-i]^2 + sum gamma[i] e[t-i]^2 (e[t-i] < 0)
                + sum beta[j] variance[t-j],    e[t] = returns[t] - mu

(Bollerslev 1986; Glosten, Jagannathan and Runkle 1993). Squares and variances from before the
window are its backcast: the exponentially weighted mean of its first squares, as `arch` has it,
so that likelihoods compare. A window is scaled to variance one first.

Slopes come from one pass backwards (the adjoint of the recursion above), which costs as much as
the pass forwards however many parameters there are. The two passes wait for one number after the
other; all else are loops that compilers vectorise.
"""

from math import lgamma, log, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled
from ray_services.garch_predictor.spec import GarchSpec
from ray_services.garch_predictor.special import digamma

type Floats = NDArray[np.float64]

ERROR, BELOW, SQUARE, SQUARE_BELOW, VARIANCE, BASE, INVERSE, WEIGHT, ADJOINT, ONES, SPARE = range(
    11
)
ROWS = 11
"""Of the workspace; each has room for the days before the window that lags reach."""

BACKCAST_DAYS = 75
BACKCAST_DECAY = 0.94
HALF_LOG_TWO_PI = 0.9189385332046727


class Problem(NamedTuple):
    """A model, a window and the memory to work in; kernels fill the arrays."""

    p: int
    o: int
    q: int
    mean: bool
    student: bool
    returns: Floats
    """Shape (window,), scaled to variance one."""
    work: Floats
    """Shape (ROWS, days before the window + window)."""
    theta: Floats
    """mu, omega, alpha, gamma, beta, nu, of scaled returns."""
    raw: Floats
    """The slopes of the loss along theta."""
    cells: Floats
    """The shares of the variance that the lags pass on, see `shape`."""
    slopes: Floats
    """The slopes of the loss along the cells."""


def problem_of(spec: GarchSpec, window: int) -> Problem:
    """Memory for windows of so many returns."""
    lags = spec.p + spec.o + spec.q
    before = max(spec.p, spec.o, spec.q)
    return Problem(
        p=spec.p,
        o=spec.o,
        q=spec.q,
        mean=spec.mean == "constant",
        student=spec.student,
        returns=np.zeros(window),
        work=np.zeros((ROWS, before + window)),
        theta=np.zeros(lags + 3),
        raw=np.zeros(lags + 3),
        cells=np.zeros(lags),
        slopes=np.zeros(lags),
    )


@compiled
def dot(left: Floats, right: Floats) -> Any:
    """Eight sums side by side, added up in a fixed order: one sum would wait for itself."""
    whole = left.size // 8 * 8
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    for t in range(0, whole, 8):
        s0 += left[t] * right[t]
        s1 += left[t + 1] * right[t + 1]
        s2 += left[t + 2] * right[t + 2]
        s3 += left[t + 3] * right[t + 3]
        s4 += left[t + 4] * right[t + 4]
        s5 += left[t + 5] * right[t + 5]
        s6 += left[t + 6] * right[t + 6]
        s7 += left[t + 7] * right[t + 7]
    for t in range(whole, left.size):
        s0 += left[t] * right[t]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@compiled
def log_sum(values: Floats) -> Any:
    """The sum of logarithms, of eight factors at a time: these lie well within 1e-35 to 1e35."""
    whole = values.size // 8 * 8
    total = 0.0
    for t in range(0, whole, 8):
        left = (values[t] * values[t + 1]) * (values[t + 2] * values[t + 3])
        right = (values[t + 4] * values[t + 5]) * (values[t + 6] * values[t + 7])
        total += log(left * right)
    for t in range(whole, values.size):
        total += log(values[t])
    return total


@compiled
def forwards(base: Floats, beta: Floats, out: Floats, before: int) -> None:
    """out[t] = base[t] + sum beta[j] out[t-j]; `out` begins with what is before the first day."""
    q = beta.size
    if q > 4:
        for t in range(base.size):
            total = base[t]
            for lag in range(q - 1, -1, -1):
                total += beta[lag] * out[before + t - 1 - lag]
            out[before + t] = total
        return
    b1 = beta[0] if q > 0 else 0.0
    b2 = beta[1] if q > 1 else 0.0
    b3 = beta[2] if q > 2 else 0.0
    b4 = beta[3] if q > 3 else 0.0
    s1 = out[before - 1] if q > 0 else 0.0
    s2 = out[before - 2] if q > 1 else 0.0
    s3 = out[before - 3] if q > 2 else 0.0
    s4 = out[before - 4] if q > 3 else 0.0
    for t in range(base.size):
        total = (base[t] + b4 * s4 + b3 * s3) + b2 * s2 + b1 * s1
        out[before + t] = total
        s4, s3, s2, s1 = s3, s2, s1, total


@compiled
def backwards(base: Floats, beta: Floats, out: Floats) -> Any:
    """out[t] = base[t] + sum beta[j] out[t+j], nothing after the last day; the sum of all."""
    q, size, whole = beta.size, base.size, 0.0
    if q > 4:
        for t in range(size - 1, -1, -1):
            total = base[t]
            for lag in range(min(q, size - 1 - t) - 1, -1, -1):
                total += beta[lag] * out[t + 1 + lag]
            out[t] = total
            whole += total
        return whole
    b1 = beta[0] if q > 0 else 0.0
    b2 = beta[1] if q > 1 else 0.0
    b3 = beta[2] if q > 2 else 0.0
    b4 = beta[3] if q > 3 else 0.0
    s1 = s2 = s3 = s4 = 0.0
    for t in range(size - 1, -1, -1):
        total = (base[t] + b4 * s4 + b3 * s3) + b2 * s2 + b1 * s1
        out[t] = total
        whole += total
        s4, s3, s2, s1 = s3, s2, s1, total
    return whole


@compiled
def begin(problem: Problem, window: Floats) -> Any:
    """Load a window of returns; its standard deviation, and its mean divided by that."""
    returns, work = problem.returns, problem.work
    size = returns.size
    before = work.shape[1] - size
    centre = 0.0
    for t in range(size):
        centre += window[t]
    centre /= size
    spread = 0.0
    for t in range(size):
        spread += (window[t] - centre) ** 2
    scale = sqrt(spread / size)
    for t in range(size):
        returns[t] = window[t] / scale
    centre = centre / scale if problem.mean else 0.0
    backcast, total, weight = 0.0, 0.0, 1.0
    for t in range(min(BACKCAST_DAYS, size)):
        backcast += weight * (returns[t] - centre) ** 2
        total += weight
        weight *= BACKCAST_DECAY
    backcast /= total
    for t in range(before):
        work[ERROR, t] = work[BELOW, t] = 0.0
        work[SQUARE, t] = work[VARIANCE, t] = backcast
        work[SQUARE_BELOW, t] = 0.5 * backcast
    for t in range(before + size):
        work[ONES, t] = work[WEIGHT, t] = 1.0
    return scale, centre


@compiled
def filter_variances(problem: Problem) -> None:
    """Errors, squares and variances under theta, into the workspace."""
    p, o, q, theta, work, returns = (
        problem.p, problem.o, problem.q, problem.theta, problem.work, problem.returns
    )  # fmt: skip
    size = returns.size
    before = work.shape[1] - size
    error, square, base = work[ERROR, before:], work[SQUARE, before:], work[BASE, before:]
    mu, omega = theta[0], theta[1]
    for t in range(size):
        value = returns[t] - mu
        error[t] = value
        square[t] = value * value
        base[t] = omega
    for lag in range(p):
        weight, past = theta[2 + lag], work[SQUARE, before - 1 - lag :]
        for t in range(size):
            base[t] += weight * past[t]
    if o > 0:
        below, square_below = work[BELOW, before:], work[SQUARE_BELOW, before:]
        for t in range(size):
            low = error[t] if error[t] < 0.0 else 0.0
            below[t] = low
            square_below[t] = low * low
    for lag in range(o):
        weight, past = theta[2 + p + lag], work[SQUARE_BELOW, before - 1 - lag :]
        for t in range(size):
            base[t] += weight * past[t]
    forwards(base, theta[2 + p + o : 2 + p + o + q], work[VARIANCE], before)


@compiled
def loss(problem: Problem) -> Any:
    """Minus the log-likelihood of the scaled window under theta."""
    filter_variances(problem)
    work, size = problem.work, problem.returns.size
    before = work.shape[1] - size
    square, variance = work[SQUARE, before:], work[VARIANCE, before:]
    inverse = work[INVERSE, before:]
    for t in range(size):
        inverse[t] = 1.0 / variance[t]
    value = 0.5 * log_sum(variance)
    if not problem.student:
        return value + 0.5 * dot(square, inverse) + size * HALF_LOG_TWO_PI
    nu = problem.theta[problem.theta.size - 1]
    rest = 1.0 / (nu - 2.0)
    weight, spare = work[WEIGHT, before:], work[SPARE, before:]
    for t in range(size):
        spare[t] = 1.0 + rest * square[t] * inverse[t]
    for t in range(size):
        weight[t] = (nu + 1.0) * rest / spare[t]
    front = lgamma(0.5 * (nu + 1.0)) - lgamma(0.5 * nu) - 0.5 * log(pi * (nu - 2.0))
    return value + 0.5 * (nu + 1.0) * log_sum(spare) - size * front


@compiled
def nu_slope(problem: Problem) -> Any:
    """The slope of the loss along the degrees of freedom, right after `loss`."""
    work, size = problem.work, problem.returns.size
    before = work.shape[1] - size
    nu = problem.theta[problem.theta.size - 1]
    rest = 1.0 / (nu - 2.0)
    shares = size - dot(work[WEIGHT, before:], work[ONES, before:]) / ((nu + 1.0) * rest)
    front = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu) - rest)
    logs = log_sum(work[SPARE, before:])
    return 0.5 * logs - size * front - 0.5 * (nu + 1.0) * rest * shares


@compiled
def find_slopes(problem: Problem) -> None:
    """The slopes of the loss along theta into `raw`, right after `loss`."""
    p, o, q, theta, work, raw = (
        problem.p, problem.o, problem.q, problem.theta, problem.work, problem.raw
    )  # fmt: skip
    size = problem.returns.size
    before = work.shape[1] - size
    raw[raw.size - 1] = nu_slope(problem) if problem.student else 0.0
    error, square, weight = work[ERROR, before:], work[SQUARE, before:], work[WEIGHT, before:]
    inverse, base, spare = work[INVERSE, before:], work[BASE, before:], work[SPARE, before:]
    adjoint = work[ADJOINT, before:]
    for t in range(size):
        pull = weight[t] * inverse[t]
        spare[t] = pull
        base[t] = 0.5 * inverse[t] * (1.0 - pull * square[t])
    raw[1] = backwards(base, theta[2 + p + o : 2 + p + o + q], adjoint)
    mu_slope = -dot(spare, error)
    for lag in range(p):
        first = before - 1 - lag
        raw[2 + lag] = dot(adjoint, work[SQUARE, first : first + size])
        mu_slope -= 2.0 * theta[2 + lag] * dot(adjoint, work[ERROR, first : first + size])
    for lag in range(o):
        first = before - 1 - lag
        raw[2 + p + lag] = dot(adjoint, work[SQUARE_BELOW, first : first + size])
        mu_slope -= 2.0 * theta[2 + p + lag] * dot(adjoint, work[BELOW, first : first + size])
    for lag in range(q):
        first = before - 1 - lag
        raw[2 + p + o + lag] = dot(adjoint, work[VARIANCE, first : first + size])
    raw[0] = mu_slope
