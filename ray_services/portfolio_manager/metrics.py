"""What a portfolio's returns were worth: reward, risk, and both beside a benchmark."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.portfolio_manager.inputs import (
    number_in,
    returns_of,
    series_of,
    weights_of,
)
from ray_services.portfolio_manager.tail_risk import historic, parametric

type Floats = NDArray[np.float64]

STILL = 1e-14
"""A standard deviation below this is rounding."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Rates are a year, losses and drawdown positive parts; None where there is no such figure
    (a ratio to no volatility, or no benchmark).

    `annual_return` compounds to `total_return`; the ratios take the arithmetic mean, as Sharpe
    ("The Sharpe Ratio", 1994) and Sortino and Price ("Performance Measurement in a Downside Risk
    Framework", 1994) do.
    """

    observations: int
    total_return: float
    annual_return: float
    mean_return: float
    volatility: float
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    level: float
    var: float
    cvar: float
    var_parametric: float | None
    cvar_parametric: float | None
    benchmark_return: float | None = None
    beta: float | None = None
    tracking_error: float | None = None
    information_ratio: float | None = None

    def as_dict(self) -> dict[str, float | int | None]:
        """As JSON."""
        return asdict(self)


def measure_portfolio(
    returns: ArrayLike,
    names: Sequence[str],
    weights: ArrayLike,
    *,
    benchmark: ArrayLike | None = None,
    risk_free: float = 0.0,
    frequency: float = 252.0,
    level: float = 0.95,
) -> Metrics:
    """Of weights (n,) that are restored each period, over simple returns (rows, n)."""
    given = returns_of(returns, names)
    series = given @ weights_of(weights, names)
    return measure(
        series, benchmark=benchmark, risk_free=risk_free, frequency=frequency, level=level
    )


def measure(
    returns: ArrayLike,
    *,
    benchmark: ArrayLike | None = None,
    risk_free: float = 0.0,
    frequency: float = 252.0,
    level: float = 0.95,
) -> Metrics:
    """Of a series of simple returns, shape (rows,), and a benchmark's of the same periods.

    `risk_free` is a rate a year, `frequency` the periods of one. Raises BadInput.
    """
    series = series_of(returns, "returns")
    number_in(frequency, "frequency", 0, np.inf)
    number_in(risk_free, "risk_free", -1, np.inf)
    mean, deviation = float(series.mean()), float(series.std(ddof=1))
    moving = deviation > STILL
    excess = mean * frequency - risk_free
    below = np.minimum(series - risk_free / frequency, 0.0)
    downside = float(np.sqrt((below * below).mean() * frequency))
    growth = float(np.prod(1.0 + series))
    risk = historic(series, level)
    normal = parametric(mean, deviation, level) if moving else None
    return Metrics(
        observations=len(series),
        total_return=growth - 1.0,
        annual_return=growth ** (frequency / len(series)) - 1.0 if growth > 0 else -1.0,
        mean_return=mean * frequency,
        volatility=deviation * float(np.sqrt(frequency)),
        sharpe=excess / (deviation * float(np.sqrt(frequency))) if moving else None,
        sortino=excess / downside if downside > STILL else None,
        max_drawdown=max_drawdown(series),
        level=level,
        var=risk.var,
        cvar=risk.cvar,
        var_parametric=normal.var if normal else None,
        cvar_parametric=normal.cvar if normal else None,
        **({} if benchmark is None else _beside(series, benchmark, frequency)),
    )


def max_drawdown(returns: Floats) -> float:
    """The largest loss since a former high, from 0 to 1; the start counts as a high."""
    wealth = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    return float((1.0 - wealth / np.maximum.accumulate(wealth)).max())


def _beside(series: Floats, benchmark: ArrayLike, frequency: float) -> dict[str, float | None]:
    other = series_of(benchmark, "benchmark", len(series))
    apart = series - other
    centred = other - other.mean()
    variance, still = float(centred @ centred), len(other) * STILL**2
    error = float(apart.std(ddof=1) * np.sqrt(frequency))
    return {
        "benchmark_return": float(np.prod(1.0 + other)) - 1.0,
        "beta": float(centred @ series) / variance if variance > still else None,
        "tracking_error": error,
        "information_ratio": float(apart.mean()) * frequency / error if error > STILL else None,
    }
