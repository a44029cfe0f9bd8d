"""The wider world of models, served by the package `arch` where it is installed.

EGARCH, APARCH, FIGARCH, HARCH and others; skewed t and generalised errors; autoregressive means.
One fit takes tens of milliseconds; what `spec` describes is fitted far faster by `rolling`.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ray_services.common.errors import BadInput, LibraryMissing
from ray_services.garch_predictor.inputs import whole_of
from ray_services.garch_predictor.spec import (
    LEAST_WINDOW,
    checked_horizons,
    number_within,
    one_of,
    whole_number,
)

VOLATILITIES = ("GARCH", "ARCH", "EGARCH", "APARCH", "FIGARCH", "HARCH")
DISTRIBUTIONS = {
    "normal": "Normal",
    "t": "StudentsT",
    "skewt": "SkewStudent",
    "ged": "GeneralizedError",
}
MEANS = ("Constant", "Zero", "AR", "HAR")
NEED_LAGS = ("AR", "HAR")
BY_FORMULA = ("GARCH", "ARCH", "HARCH", "FIGARCH")
"""Whose variances more than a day ahead have a formula; others are simulated."""
METHODS = ("auto", "analytic", "simulation", "bootstrap")
SCALE = 10.0
"""The standard deviation that returns are scaled to, where arch's optimiser is at home."""


class ZooClosed(LibraryMissing):
    """A model was asked for that needs the package arch, which is not installed."""


@dataclass(frozen=True, slots=True)
class ZooModel:
    """A model as arch names it. Raises BadInput."""

    volatility: str = "EGARCH"
    p: int | tuple[int, ...] = 1
    """Lags of the squared errors; of HARCH, the lengths of its averages."""
    o: int = 0
    q: int = 1
    power: float = 2.0
    mean: str = "Constant"
    lags: int | tuple[int, ...] = 0
    """Of the mean, where it has some."""
    distribution: str = "normal"

    def __post_init__(self) -> None:
        one_of(self.volatility, "volatility", VOLATILITIES)
        one_of(self.mean, "mean", MEANS)
        one_of(self.distribution, "distribution", tuple(DISTRIBUTIONS))
        if isinstance(self.p, tuple) and (self.volatility != "HARCH" or not self.p):
            raise BadInput(
                f"expected one number, got {list(self.p)}: only HARCH takes several, at least one.",
                field="p",
            )
        for lag in self.p if isinstance(self.p, tuple) else (self.p,):
            whole_number(lag, "p", 0, 252)
        for lag in self.lags if isinstance(self.lags, tuple) else (self.lags,):
            whole_number(lag, "lags", 0, 252)
        if self.mean in NEED_LAGS and not self.lags:
            raise BadInput(f"a mean of kind {self.mean} needs lags.", field="lags")
        whole_number(self.o, "o", 0, 12)
        whole_number(self.q, "q", 0, 12)
        number_within(self.power, "power", 0.0, 10.0)


@dataclass(frozen=True, slots=True)
class ZooFit:
    """What arch found. Its parameters are those of the returns times `scale`; likelihood,
    criteria and variances are in units of the returns."""

    model: ZooModel
    method: str
    """Of the forecasts."""
    scale: float
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float
    aic: float
    bic: float
    converged: bool
    last: float
    forecasts: dict[int, float]
    warnings: tuple[str, ...]
    """What arch had to say."""


def is_open() -> bool:
    """Whether arch is installed."""
    try:
        _arch()
    except ZooClosed:
        return False
    return True


def fit_zoo(
    returns: ArrayLike,
    model: ZooModel | None = None,
    *,
    horizons: tuple[int, ...] = (1,),
    method: str = "auto",
    simulations: int = 1_000,
    seed: int = 0,
) -> ZooFit:
    """Fit a model to all returns, shape (rows,).

    `method` of forecasts is analytic, simulation or bootstrap; auto takes a formula where there is
    one, else the mean of so many paths drawn with the seed.
    Raises ZooClosed without arch, BadInput for what cannot be used or fitted.
    """
    model = model or ZooModel()
    checked_horizons(horizons)
    one_of(method, "method", METHODS)
    method = _method(method, model, horizons[-1])
    whole_number(simulations, "simulations", 1, 1_000_000)
    whole_number(seed, "seed", 0, 2**63 - 1)
    column = whole_of(returns, LEAST_WINDOW)
    scale = SCALE / float(column.std())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = _built(column * scale, model, seed).fit(disp="off", show_warning=True)
            ahead = _ahead(found, method, horizons[-1], simulations)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise BadInput(f"arch cannot fit {model}: {error}", field="volatility") from error
    own = float(found.nobs) * np.log(
        scale
    )  # from the likelihood of scaled returns to that of these
    count = len(found.params)
    value = float(found.loglikelihood) + own
    return ZooFit(
        model=model,
        method=method,
        scale=scale,
        parameters={name: float(one) for name, one in found.params.items()},
        standard_errors={name: float(one) for name, one in found.std_err.items()},
        log_likelihood=value,
        aic=2.0 * count - 2.0 * value,
        bic=float(np.log(found.nobs)) * count - 2.0 * value,
        converged=found.convergence_flag == 0,
        last=float(np.asarray(found.conditional_volatility)[-1] / scale) ** 2,
        forecasts={days: float(ahead[days - 1]) / scale**2 for days in horizons},
        warnings=tuple(dict.fromkeys(str(one.message) for one in caught)),
    )


def _arch() -> Any:
    try:
        return import_module("arch.univariate")
    except ImportError as error:
        raise ZooClosed(
            "expected the package arch for this model, and it is not installed; install it with "
            "`pip install arch`, or ask for GARCH(p, o, q) with a normal or t distribution."
        ) from error


def _built(returns: Any, model: ZooModel, seed: int) -> Any:
    univariate = _arch()
    built = univariate.arch_model(
        returns,
        mean=model.mean,
        lags=_listed(model.lags),
        vol=model.volatility,
        p=_listed(model.p),
        o=model.o,
        q=model.q,
        power=model.power,
        dist="normal",
        rescale=False,
    )
    kind = getattr(univariate, DISTRIBUTIONS[model.distribution])
    built.distribution = kind(seed=np.random.default_rng(seed))
    return built


def _listed(lags: int | tuple[int, ...]) -> int | Sequence[int]:
    return list(lags) if isinstance(lags, tuple) else lags


def _method(method: str, model: ZooModel, days: int) -> str:
    if method != "auto":
        return method
    formula = model.volatility in BY_FORMULA and model.power == 2.0
    return "analytic" if days == 1 or formula else "simulation"


def _ahead(found: Any, method: str, days: int, simulations: int) -> Any:
    forecast = found.forecast(horizon=days, method=method, simulations=simulations)
    return np.asarray(forecast.residual_variance)[-1]
