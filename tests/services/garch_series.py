"""Returns and prices for the tests of volatility, made from a seed; and a plain likelihood."""

from collections.abc import Mapping
from math import lgamma, log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.garch_predictor.spec import GarchSpec

type Floats = NDArray[np.float64]


def simulated(
    seed: int,
    rows: int,
    *,
    omega: float = 1e-5,
    alpha: float = 0.1,
    gamma: float = 0.0,
    beta: float = 0.85,
    nu: float = 6.0,
    mu: float = 5e-4,
) -> Floats:
    """Log returns of a GARCH with fat tails, as prices of a day have them."""
    dice = np.random.default_rng(seed)
    shocks = dice.standard_t(nu, rows + 200) * np.sqrt((nu - 2) / nu)
    variance, returns = omega / (1 - alpha - gamma / 2 - beta), []
    for shock in shocks:
        error = np.sqrt(variance) * shock
        returns.append(mu + error)
        variance = omega + (alpha + gamma * (error < 0)) * error**2 + beta * variance
    return np.array(returns[200:])


def prices_of(returns: Floats) -> Floats:
    """Prices that have these log returns, one more than there are."""
    return 100 * np.exp(np.concatenate(([0.0], np.cumsum(returns))))


def days_from(first: str, count: int) -> NDArray[np.datetime64]:
    """So many days in a row."""
    return np.datetime64(first) + np.arange(count)


def backcast_of(errors: Floats) -> float:
    """The variance from before the first day."""
    weights = 0.94 ** np.arange(min(75, errors.size))
    return float(weights @ errors[: weights.size] ** 2 / weights.sum())


def plain_variances(
    returns: Floats, spec: GarchSpec, parameters: Mapping[str, float], ahead: int = 0
) -> Floats:
    """Of each day and of days ahead, as one writes the recursion down."""
    value = {"mu": 0.0, **parameters}
    errors = returns - value["mu"]
    centre = returns.mean() if spec.mean == "constant" else 0.0
    past = backcast_of(returns - centre)
    variances: list[float] = []
    for day in range(returns.size + ahead):
        total = value["omega"]
        for lag in range(1, spec.p + 1):
            square = _square(errors, variances, day - lag, past)
            total += value[f"alpha[{lag}]"] * square
        for lag in range(1, spec.o + 1):
            at = day - lag
            square = _square(errors, variances, at, past)
            known = 0 <= at < errors.size
            share = float(errors[at] < 0) if known else 0.5
            total += value[f"gamma[{lag}]"] * share * square
        for lag in range(1, spec.q + 1):
            total += value[f"beta[{lag}]"] * (variances[day - lag] if day >= lag else past)
        variances.append(total)
    return np.array(variances)


def _square(errors: Floats, variances: list[float], at: int, past: float) -> float:
    if at < 0:
        return past
    return float(errors[at] ** 2) if at < errors.size else variances[at]


def plain_likelihood(returns: Floats, spec: GarchSpec, parameters: Mapping[str, float]) -> float:
    """The log-likelihood, as one writes it down."""
    variances = plain_variances(returns, spec, parameters)
    errors = returns - parameters.get("mu", 0.0)
    total = 0.0
    for error, variance in zip(errors.tolist(), variances.tolist(), strict=True):
        if spec.student:
            nu = parameters["nu"]
            front = lgamma((nu + 1) / 2) - lgamma(nu / 2) - log(pi * (nu - 2)) / 2
            tail = (nu + 1) / 2 * log(1 + error**2 / (variance * (nu - 2)))
            total += front - log(variance) / 2 - tail
        else:
            total -= (log(2 * pi) + log(variance) + error**2 / variance) / 2
    return total


def some_parameters(spec: GarchSpec, scale: float = 0.01) -> dict[str, float]:
    """Within all limits, none alike."""
    found: dict[str, Any] = {"mu": 0.03 * scale, "omega": 0.05 * scale**2, "nu": 6.5}
    for lag in range(1, 13):
        found[f"alpha[{lag}]"] = 0.09 / lag
        found[f"gamma[{lag}]"] = 0.06 / lag
        found[f"beta[{lag}]"] = 0.5 / lag**2
    return {name: found[name] for name in spec.names}
