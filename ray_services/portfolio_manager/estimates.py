"""Mean returns and covariances, estimated from past returns and put on a yearly footing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager.inputs import (
    names_of,
    number_in,
    refuse_constant,
    returns_of,
)

type Floats = NDArray[np.float64]
type MeanKind = Literal["arithmetic", "geometric"]
type CovarianceKind = Literal["sample", "ledoit_wolf", "ewma"]

MEANS: tuple[MeanKind, ...] = ("arithmetic", "geometric")
COVARIANCES: tuple[CovarianceKind, ...] = ("sample", "ledoit_wolf", "ewma")


@dataclass(frozen=True, slots=True)
class EstimateRules:
    """How to estimate: `frequency` is the periods of a year (252 for trading days), `half_life`
    the periods after which an observation counts half in the EWMA covariance."""

    mean: MeanKind = "arithmetic"
    covariance: CovarianceKind = "ledoit_wolf"
    frequency: float = 252.0
    half_life: float = 40.0

    def __post_init__(self) -> None:
        for field, value, known in (
            ("mean", self.mean, MEANS),
            ("covariance", self.covariance, COVARIANCES),
        ):
            if value not in known:
                raise BadInput(f"expected one of {', '.join(known)}, got {value!r}.", field=field)
        number_in(self.frequency, "frequency", 0, np.inf)
        number_in(self.half_life, "half_life", 0, np.inf)


@dataclass(frozen=True, slots=True)
class Moments:
    """What is expected of the assets, a year: `mean` (n,) and `covariance` (n, n).

    `shrinkage` is the part of the target in a Ledoit-Wolf covariance. Not checked here:
    `moments_of` does that for numbers that come from outside.
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats
    observations: int = 0
    shrinkage: float | None = None


def estimate(
    returns: ArrayLike, names: Sequence[str], rules: EstimateRules | None = None
) -> Moments:
    """Moments of simple returns, shape (rows, assets).

    Raises BadInput for what is not finite, too short, or constant.
    """
    return estimate_checked(returns_of(returns, names), tuple(names), rules or EstimateRules())


def estimate_checked(given: Floats, names: tuple[str, ...], rules: EstimateRules) -> Moments:
    """The same of what `returns_of` gave."""
    refuse_constant(np.ptp(given, axis=0), names, least=1e-13)
    shrinkage = None
    if rules.covariance == "ledoit_wolf":
        covariance, shrinkage = ledoit_wolf(given)
    elif rules.covariance == "ewma":
        covariance = ewma_covariance(given, rules.half_life)
    else:
        covariance = sample_covariance(given)
    return Moments(
        names,
        mean_returns(given, rules.mean, rules.frequency),
        covariance * rules.frequency,
        len(given),
        shrinkage,
    )


def moments_of(names: Sequence[str], mean: ArrayLike, covariance: ArrayLike) -> Moments:
    """Given moments, a year; raises BadInput unless the covariance can be one."""
    means = np.ascontiguousarray(mean, dtype=np.float64)
    matrix = np.ascontiguousarray(covariance, dtype=np.float64)
    known = names_of(names, means.size)
    size = len(known)
    if means.shape != (size,) or matrix.shape != (size, size):
        raise BadInput(
            f"expected {size} means and {size} x {size} covariances, got shapes {means.shape} "
            f"and {matrix.shape}.",
            field="covariance",
        )
    if not (np.isfinite(means).all() and np.isfinite(matrix).all()):
        raise BadInput("expected finite numbers in means and covariances.", field="covariance")
    refuse_constant(np.diag(matrix), known)
    scale = float(np.diag(matrix).max())
    if np.abs(matrix - matrix.T).max() > 1e-10 * scale:
        raise BadInput("the covariance is not symmetric.", field="covariance")
    if np.linalg.eigvalsh(matrix)[0] < -1e-10 * scale * size:
        raise BadInput(
            "the covariance has a negative eigenvalue: some portfolio would have less than no "
            "variance.",
            field="covariance",
            remedy="Estimate all its entries from the same days, or shrink it.",
        )
    return Moments(known, means, np.ascontiguousarray((matrix + matrix.T) / 2))


def mean_returns(returns: Floats, kind: MeanKind, frequency: float) -> Floats:
    """Mean returns a year, (n,): the arithmetic mean, or the rate that compounds to the whole."""
    if kind == "arithmetic":
        arithmetic: Floats = returns.mean(axis=0) * frequency
        return arithmetic
    growth: Floats = np.prod(1.0 + returns, axis=0) ** (frequency / len(returns)) - 1.0
    return growth


def sample_covariance(returns: Floats) -> Floats:
    """The unbiased sample covariance of one period, (n, n)."""
    centred = returns - returns.mean(axis=0)
    covariance: Floats = centred.T @ centred / (len(returns) - 1)
    return covariance


def ledoit_wolf(returns: Floats) -> tuple[Floats, float]:
    """The sample covariance of one period, shrunk towards equal variances, and by how much.

    Ledoit and Wolf, "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices",
    2004, lemma 3.3 and section 3.
    """
    rows, assets = returns.shape
    centred = returns - returns.mean(axis=0)
    sample = centred.T @ centred / rows
    variance = float(np.trace(sample)) / assets
    squares = float((sample * sample).sum())
    distance = squares - assets * variance**2
    lengths = (centred * centred).sum(axis=1)
    error = (float((lengths * lengths).sum()) / rows - squares) / rows
    shrinkage = min(1.0, max(0.0, error / distance)) if distance > 1e-14 * squares else 1.0
    shrunk: Floats = sample * (1.0 - shrinkage)
    shrunk[np.diag_indices(assets)] += shrinkage * variance
    return shrunk, shrinkage


def ewma_covariance(returns: Floats, half_life: float) -> Floats:
    """The covariance of one period, weights of the past halving every `half_life` periods.

    With the weighted mean taken out. J. P. Morgan, "RiskMetrics Technical Document", 1996, 5.2;
    its daily decay of 0.94 is a half-life of 11.2 days.
    """
    ages = np.arange(len(returns) - 1, -1, -1.0)
    weights = 0.5 ** (ages / half_life)
    weights /= weights.sum()
    centred = returns - weights @ returns
    covariance: Floats = (centred * weights[:, np.newaxis]).T @ centred
    return covariance
