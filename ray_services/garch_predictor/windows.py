"""One window after the other, compiled: estimate, likelihood and forecasts of each.

A window is estimated from the likeliest of the cold starts and, but for the first of each chain of
CHAIN estimates, from the estimate before it as well; the better one counts. Chains begin at
fixed numbers, so a window's estimate depends on the returns up to its end and on its number alone,
whoever fits the windows before it.
"""

from typing import Any, NamedTuple

import numpy as np

from ray_services.common.compiled import compiled
from ray_services.garch_predictor.likelihood import (
    SQUARE,
    SQUARE_BELOW,
    VARIANCE,
    Floats,
    Problem,
    begin,
    loss,
)
from ray_services.garch_predictor.search import BETTER, best_start, minimise
from ray_services.garch_predictor.shape import place, soften
from ray_services.garch_predictor.starts import Starts

CHAIN = 32
"""Estimates in a row that may follow each other; what is spread is cut at their ends only."""
APART = 1e-3
"""Losses that differ by less are taken to be of the same peak."""


class Found(NamedTuple):
    """What the windows gave, a row for each; in the units of the returns."""

    theta: Floats
    """All parameters of `all_names`, shape (windows, parameters)."""
    log_likelihood: Floats
    converged: Any
    """bool, shape (windows,); of the estimate in use."""
    last: Floats
    """The variance of the window's last day, shape (windows,)."""
    ahead: Floats
    """The variance of each day after it, shape (windows, days)."""


def room_for(windows: int, parameters: int, days: int) -> Found:
    """Memory for the results of so many windows."""
    return Found(
        theta=np.zeros((windows, parameters)),
        log_likelihood=np.zeros(windows),
        converged=np.zeros(windows, dtype=np.bool_),
        last=np.zeros(windows),
        ahead=np.zeros((windows, days)),
    )


@compiled
def look_ahead(problem: Problem, ahead: Floats) -> None:
    """The variances expected for the days after the window, right after `loss`.

    A square not yet known is expected to be its variance, and half of that where it counts below
    the mean only, for errors are symmetric (Engle and Bollerslev 1986).
    """
    p, o, q, theta, work = problem.p, problem.o, problem.q, problem.theta, problem.work
    end = work.shape[1]
    for day in range(ahead.size):
        total = theta[1]
        for lag in range(p):
            at = day - 1 - lag
            total += theta[2 + lag] * (ahead[at] if at >= 0 else work[SQUARE, end + at])
        for lag in range(o):
            at = day - 1 - lag
            square = 0.5 * ahead[at] if at >= 0 else work[SQUARE_BELOW, end + at]
            total += theta[2 + p + lag] * square
        for lag in range(q):
            at = day - 1 - lag
            total += theta[2 + p + o + lag] * (ahead[at] if at >= 0 else work[VARIANCE, end + at])
        ahead[day] = total


@compiled
def rescale(theta: Floats, scale: Any, out: Floats) -> None:
    """The parameters of returns that are `scale` times as large."""
    out[:] = theta
    out[0] = theta[0] * scale
    out[1] = theta[1] * scale * scale


@compiled
def estimate(
    problem: Problem,
    centre: Any,
    starts: Starts,
    scales: Floats,
    least: Floats,
    points: Floats,
    follow: bool,
) -> bool:
    """The best point of the window that is loaded, and the runner-up; whether it converged.

    `points`, shape (2, coordinates), gets them; `follow` says that it holds those of the window
    before. The likelihood has several peaks, and which is highest changes from day to day.
    """
    best, runner_up, converged = np.inf, np.inf, False
    before, trial = points.copy(), np.empty(points.shape[1])
    for turn in range(0 if follow else 2, 2 + starts.ends.size):
        if turn < 2:
            trial[:] = before[turn]
            soften(problem, trial)
        else:
            best_start(problem, centre, starts, turn - 2, trial)
        value, fine = minimise(problem, trial, scales, least, best)
        if value < best - BETTER:
            if value < best - APART:
                points[1] = points[0]
                runner_up = best
            points[0] = trial
            best, converged = value, fine
        elif best + APART < value < runner_up:
            points[1] = trial
            runner_up = value
    if runner_up == np.inf:
        points[1] = points[0]
    return converged


@compiled
def fit_windows(
    problem: Problem,
    returns: Floats,
    first: int,
    every: int,
    starts: Starts,
    scales: Floats,
    least: Floats,
    found: Found,
) -> None:
    """Fit the windows number `first` and on, which begin a chain, to the returns from there on."""
    size = problem.returns.size
    points, held = np.zeros((2, problem.theta.size)), np.zeros(problem.theta.size)
    converged = False
    for row in range(found.last.size):
        scale, centre = begin(problem, returns[row : row + size])
        number = first + row
        if number % every == 0:
            follow = number % (every * CHAIN) != 0
            converged = estimate(problem, centre, starts, scales, least, points, follow)
            place(problem, points[0])
            rescale(problem.theta, scale, held)
        rescale(held, 1.0 / scale, problem.theta)
        value = loss(problem)
        square = scale * scale
        found.theta[row] = held
        found.log_likelihood[row] = -value - size * np.log(scale)
        found.converged[row] = converged
        found.last[row] = square * problem.work[VARIANCE, problem.work.shape[1] - 1]
        look_ahead(problem, found.ahead[row])
        for day in range(found.ahead.shape[1]):
            found.ahead[row, day] *= square


@compiled
def filter_all(problem: Problem, returns: Floats, theta: Floats, variances: Floats) -> Any:
    """The variance of each day of one window under parameters in the units of the returns; its
    log-likelihood."""
    scale, _ = begin(problem, returns)
    rescale(theta, 1.0 / scale, problem.theta)
    value = loss(problem)
    before = problem.work.shape[1] - variances.size
    for t in range(variances.size):
        variances[t] = scale * scale * problem.work[VARIANCE, before + t]
    return -value - variances.size * np.log(scale)
