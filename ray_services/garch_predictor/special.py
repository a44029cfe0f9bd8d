"""Special functions of Student's t, compiled: the standard library has only the gamma function."""

from math import exp, lgamma, log, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

_TINY = 1e-300
_EXACT = 1e-15
_MOST_TERMS = 1_000
_MOST_STEPS = 200


@compiled
def digamma(x: Any) -> Any:
    """The slope of log gamma, for x > 0 (Abramowitz and Stegun 1964, 6.3.5 and 6.3.18)."""
    result = 0.0
    while x < 8.0:
        result -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    tail = 1.0 / 240.0 - square / 132.0
    tail = 1.0 / 120.0 - square * (1.0 / 252.0 - square * tail)
    return result + log(x) - 0.5 / x - square * (1.0 / 12.0 - square * tail)


@compiled
def _away_from_zero(x: Any) -> Any:
    return x if abs(x) > _TINY else _TINY


@compiled
def _fraction(a: Any, b: Any, x: Any) -> Any:
    """The continued fraction of the incomplete beta function, by the method of Lentz (1976)."""
    above = 1.0
    below = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    found = below
    for term in range(1, _MOST_TERMS):
        twice = a + 2.0 * term
        part = term * (b - term) * x / ((twice - 1.0) * twice)
        below = 1.0 / _away_from_zero(1.0 + part * below)
        above = _away_from_zero(1.0 + part / above)
        found *= below * above
        part = -(a + term) * (a + b + term) * x / (twice * (twice + 1.0))
        below = 1.0 / _away_from_zero(1.0 + part * below)
        above = _away_from_zero(1.0 + part / above)
        found *= below * above
        if abs(below * above - 1.0) < _EXACT:
            break
    return found


@compiled
def beta_share(a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function (Abramowitz and Stegun 1964, 26.5.8)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1.0 - x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1.0 - x) / b


@compiled
def t_density(x: Any, nu: Any) -> Any:
    """Of Student's t, not scaled to variance one."""
    front = lgamma(0.5 * (nu + 1.0)) - lgamma(0.5 * nu) - 0.5 * log(nu * pi)
    return exp(front - 0.5 * (nu + 1.0) * log(1.0 + x * x / nu))


@compiled
def t_above(x: Any, nu: Any) -> Any:
    """The chance that Student's t is above x >= 0."""
    return 0.5 * beta_share(0.5 * nu, 0.5, nu / (nu + x * x))


@compiled
def t_upper(chance: Any, nu: Any) -> Any:
    """What Student's t is above with a chance of at most one half: Newton's steps, bracketed."""
    low, high = 0.0, 1.0
    while t_above(high, nu) > chance:
        low, high = high, 2.0 * high
    x = 0.5 * (low + high)
    for _ in range(_MOST_STEPS):
        excess = t_above(x, nu) - chance
        if excess > 0.0:
            low = x
        else:
            high = x
        ahead = x + excess / t_density(x, nu)
        if not low < ahead < high:
            ahead = 0.5 * (low + high)
        done = abs(ahead - x) <= _EXACT * (1.0 + x)
        x = ahead
        if done:
            break
    return x


@compiled
def fill_t_tails(
    chance: Any, nus: NDArray[np.float64], upper: NDArray[np.float64], mean: NDArray[np.float64]
) -> None:
    """For each of the degrees of freedom, of t scaled to variance one: what it is above with the
    chance given, and its mean where it is above (McNeil, Frey and Embrechts 2005, 2.2.4)."""
    for row in range(nus.size):
        nu = nus[row]
        x = t_upper(chance, nu)
        scale = sqrt((nu - 2.0) / nu)
        upper[row] = scale * x
        mean[row] = scale * t_density(x, nu) / chance * (nu + x * x) / (nu - 1.0)
