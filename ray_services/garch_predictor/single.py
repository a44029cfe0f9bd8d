"""One model fitted to one series as a whole, and the choice among several by a criterion."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread, one_by_one
from ray_services.garch_predictor.inputs import Floats, numbers, whole_of
from ray_services.garch_predictor.likelihood import problem_of
from ray_services.garch_predictor.rolling import RollingFits, fits_of_many
from ray_services.garch_predictor.spec import (
    MOST_LAGS,
    Distribution,
    Errors,
    GarchSpec,
    Mean,
    Rolling,
    one_of,
    whole_number,
)
from ray_services.garch_predictor.windows import filter_all

type Criterion = Literal["aic", "bic"]


@dataclass(frozen=True, slots=True)
class Fit:
    """A model's parameters, in the units of the returns, and how well they describe these."""

    spec: GarchSpec
    rows: int
    parameters: dict[str, float]
    standard_errors: dict[str, float] | None
    """NaN where a parameter is at its limit; None where not asked for."""
    log_likelihood: float
    aic: float
    bic: float
    converged: bool
    last: float
    """The variance of the last day."""
    forecasts: dict[int, float]
    """The variance expected of the day so many days ahead."""
    totals: dict[int, float]
    """The variance expected of all days up to it together."""


def fit(
    returns: ArrayLike,
    spec: GarchSpec | None = None,
    *,
    horizons: tuple[int, ...] = (1,),
    errors: Errors = "none",
) -> Fit:
    """Fit a model to all returns, shape (rows,). Raises BadInput."""
    spec = spec or GarchSpec()
    column = whole_of(returns, spec.least_rows)
    rolling = Rolling(window=column.size, horizons=horizons, errors=errors)
    return fit_of(fits_of_many({"returns": column}, spec, rolling)["returns"], -1)


def fit_of(fits: RollingFits, row: int) -> Fit:
    """The fit of one of the windows."""
    names, days = fits.spec.names, fits.rolling.horizons
    errors = fits.standard_errors
    return Fit(
        spec=fits.spec,
        rows=fits.rolling.window,
        parameters=dict(zip(names, fits.parameters[row].tolist(), strict=True)),
        standard_errors=None
        if errors is None
        else dict(zip(names, errors[row].tolist(), strict=True)),
        log_likelihood=float(fits.log_likelihood[row]),
        aic=float(fits.aic[row]),
        bic=float(fits.bic[row]),
        converged=bool(fits.converged[row]),
        last=float(fits.last[row]),
        forecasts=dict(zip(days, fits.forecasts[row].tolist(), strict=True)),
        totals=dict(zip(days, fits.totals[row].tolist(), strict=True)),
    )


def log_likelihood(
    returns: ArrayLike, spec: GarchSpec, parameters: Mapping[str, float]
) -> tuple[float, Floats]:
    """Of given parameters, and the variance of each day under them. Raises BadInput.

    Nothing is estimated; this is how the past of a series looks to a model known before.
    """
    column = whole_of(returns, max(2, spec.p, spec.o, spec.q))
    missing = [name for name in spec.names if name not in parameters]
    if missing:
        raise BadInput(
            f"{spec} needs {', '.join(spec.names)}; {', '.join(missing)} is missing.",
            field=missing[0],
        )
    defaults = {"mu": 0.0, "nu": 500.0}
    theta = numbers(
        [parameters.get(name, defaults.get(name, 0.0)) for name in spec.all_names], "parameters"
    )
    variances = np.zeros(column.size)
    value = filter_all(problem_of(spec, column.size), column, theta, variances)
    if not np.isfinite(value) or not (variances > 0).all():
        raise BadInput("these give no positive variances.", field="parameters")
    return float(value), variances


@dataclass(frozen=True, slots=True)
class Grid:
    """The models to choose from: all combinations of these lags and distributions."""

    p: Sequence[int] = (1, 2)
    o: Sequence[int] = (0, 1)
    q: Sequence[int] = (0, 1, 2)
    mean: Mean = "constant"
    distributions: Sequence[Distribution] = ("normal",)

    def specs(self) -> list[GarchSpec]:
        """Each model once; those without any lag of squared errors are left out."""
        for name in ("p", "o", "q", "distributions"):
            values = getattr(self, name)
            if isinstance(values, str) or not isinstance(values, Iterable) or not list(values):
                raise BadInput(f"expected a list of choices, got {values!r}.", field=name)
        for name in ("p", "o", "q"):
            for value in getattr(self, name):
                whole_number(value, name, 0, MOST_LAGS)
        found = [
            GarchSpec(p, o, q, self.mean, distribution)
            for distribution, p, o, q in product(self.distributions, self.p, self.o, self.q)
            if p + o
        ]
        if not found:
            raise BadInput("p and o are 0 in all models.", field="p", remedy="Allow for p = 1.")
        return list(dict.fromkeys(found))


def select_order(
    returns: ArrayLike,
    grid: Grid | None = None,
    *,
    criterion: Criterion = "bic",
    spread: Spread | None = None,
) -> list[Fit]:
    """The models of a grid fitted to all returns, the best by the criterion first.

    Of equals, the one with fewer parameters comes first. Raises BadInput.
    """
    one_of(criterion, "criterion", ("aic", "bic"))
    specs = (grid or Grid()).specs()
    column = whole_of(returns, max(spec.least_rows for spec in specs))
    fits: list[Fit] = list((spread or one_by_one)(_fit_spec, specs, returns=column))
    return sorted(fits, key=lambda one: _rank(one, criterion))


def _fit_spec(spec: GarchSpec, *, returns: Floats) -> Fit:
    return fit(returns, spec)


def _rank(one: Fit, criterion: Criterion) -> Any:
    return getattr(one, criterion), len(one.parameters), str(one.spec)
