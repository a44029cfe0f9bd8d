"""What the service answers about models: which is chosen, and how good its forecasts were."""

import time
from dataclasses import asdict
from typing import Any

from ray_services.common.errors import BadInput
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread
from ray_services.garch_predictor.choosing import distances, reasons, weights
from ray_services.garch_predictor.columns import plain, stacked
from ray_services.garch_predictor.forecasting import Forecaster, forecasts_of
from ray_services.garch_predictor.inputs import Floats
from ray_services.garch_predictor.losses import garman_klass, parkinson, scores
from ray_services.garch_predictor.model_bodies import BacktestIn, OrdersIn, ScoresIn, ZooIn
from ray_services.garch_predictor.rolling import RollingFits, fits_of_many
from ray_services.garch_predictor.rolling_answers import spec_of
from ray_services.garch_predictor.single import Fit, Grid, select_order
from ray_services.garch_predictor.sources import Asset, Returns, source_of
from ray_services.garch_predictor.spec import LEAST_WINDOW, Rolling
from ray_services.garch_predictor.value_at_risk import RiskSeries, backtest, value_at_risk
from ray_services.garch_predictor.zoo import ZooModel, fit_zoo

NEEDED = {"parkinson": ("high", "low"), "garman-klass": ("open", "high", "low", "close")}
"""The prices of a day that a proxy is made of."""
USUAL_O = {"EGARCH": 1, "TARCH": 1, "APARCH": 1}
WITHOUT_Q = ("ARCH", "HARCH")


def compare_orders(body: OrdersIn, spread: Spread | None = None) -> dict[str, Any]:
    """The models of a grid, the best by a criterion first, and why. Raises BadInput."""
    began = time.perf_counter()
    lags = {name: _choices(getattr(body, name)) for name in ("p", "o", "q")}
    grid = Grid(**lags, mean=body.mean, distributions=body.distributions)
    least = max(spec.least_rows for spec in grid.specs())
    sources = source_of(body)
    [asset] = sources.assets
    cut = asset.whole(least, body.last)
    fits = select_order(cut.values, grid, criterion=body.criterion, spread=spread)
    return {
        "asset": asset.name,
        "returns": cut.values.size,
        "criterion": body.criterion,
        "best": {"model": str(fits[0].spec), **_fit(fits[0])},
        "models": rows_of(_order_columns(fits, body)),
        **sources.named,
        "processing_time": time.perf_counter() - began,
    }


def _choices(lags: int | list[int]) -> list[int]:
    return lags if isinstance(lags, list) else list(range(lags + 1))


def _order_columns(fits: list[Fit], body: OrdersIn) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rank": list(range(1, len(fits) + 1)),
        "model": [str(one.spec) for one in fits],
    }
    for name in ("p", "o", "q", "distribution"):
        found[name] = [getattr(one.spec, name) for one in fits]
    found["parameters"] = [len(one.parameters) for one in fits]
    for name in ("log_likelihood", "aic", "bic", "converged"):
        found[name] = [getattr(one, name) for one in fits]
    found["behind"] = distances(fits, body.criterion)
    found["weight"] = weights(fits, body.criterion)
    found["why"] = reasons(fits, body.criterion)
    return found


def _fit(one: Fit) -> dict[str, Any]:
    names = ("parameters", "log_likelihood", "aic", "bic", "converged")
    return {name: getattr(one, name) for name in names}


def backtest_risk(body: BacktestIn, spread: Spread | None = None) -> dict[str, Any]:
    """How often losses exceeded the value at risk said the evening before. Raises BadInput."""
    began = time.perf_counter()
    spec, rolling = spec_of(body), Rolling(body.window_size, body.every)
    rolling.fits(spec)
    sources = source_of(body)
    [asset] = sources.assets
    cut = asset.returns(rolling.window, body.last, more=2)
    fits = fits_of_many({asset.name: cut.values}, spec, rolling, spread=spread)[asset.name]
    risk = value_at_risk(fits, body.level)
    found = backtest(cut.values, risk)
    tests = {
        name: getattr(found, name)._asdict() for name in ("coverage", "independence", "conditional")
    }
    return {
        "asset": asset.name,
        "model": str(spec),
        **asdict(found),
        **tests,
        "next_day": {"value_at_risk": plain(risk.var[-1]), "shortfall": plain(risk.shortfall[-1])},
        "rows": rows_of(_risk_columns(risk, fits, cut)),
        **sources.named,
        "processing_time": time.perf_counter() - began,
    }


def _risk_columns(risk: RiskSeries, fits: RollingFits, cut: Returns) -> dict[str, Any]:
    """A row for each day that a window came before and whose return is known."""
    rows = risk.rows[:-1]
    returns = cut.values[rows]
    return stacked(
        [
            (
                cut.name,
                {
                    "day": cut.days[rows],
                    "row": cut.rows[rows],
                    "return": returns,
                    "variance": fits.next_day[:-1],
                    "value_at_risk": risk.var[:-1],
                    "shortfall": risk.shortfall[:-1],
                    "violation": -returns > risk.var[:-1],
                },
            )
        ]
    )


def score_forecasts(body: ScoresIn, spread: Spread | None = None) -> dict[str, Any]:
    """Losses of several models' forecasts of the same days, best first. Raises BadInput."""
    began = time.perf_counter()
    models = [Forecaster(spec_of(one), Rolling(one.window_size, one.every)) for one in body.models]
    for one in models:
        one.rolling.fits(one.spec)
    sources = source_of(body)
    [asset] = sources.assets
    windows = [*(one.rolling.window for one in models), *body.averages]
    cut = asset.returns(min(windows), body.last, more=max(windows) - min(windows) + 1)
    proxy = _proxy(body.proxy, asset, cut)
    found = forecasts_of(cut.values, models, body.averages, name=asset.name, spread=spread)
    ranked = scores(found.variances, proxy[found.first :])
    days = cut.days[[found.first, -1]].tolist()
    return {
        "asset": asset.name,
        "proxy": body.proxy,
        "days": ranked[0].days,
        "first": days[0],
        "last": days[1],
        "scores": rows_of(
            {
                "rank": list(range(1, len(ranked) + 1)),
                "forecaster": [one.name for one in ranked],
                "qlike": [plain(one.qlike) for one in ranked],
                "mse": [plain(one.mse) for one in ranked],
                "bias": [plain(one.bias) for one in ranked],
                "behind": [one.qlike - ranked[0].qlike for one in ranked],
            }
        ),
        **sources.named,
        "processing_time": time.perf_counter() - began,
    }


def _proxy(kind: str, asset: Asset, cut: Returns) -> Floats:
    """Of the variance of each day that has a return."""
    if kind == "squares":
        return cut.values**2
    missing = [name for name in NEEDED[kind] if name not in asset.ranges]
    if missing:
        raise BadInput(
            f"{kind} needs {', '.join(NEEDED[kind])} of each day, and {asset.name} has no "
            f"{', '.join(missing)}.",
            field="proxy",
            remedy="Take squares, or upload prices that have them.",
        )
    columns = [asset.ranges[name] for name in NEEDED[kind]]
    found = parkinson(*columns) if kind == "parkinson" else garman_klass(*columns)
    return found[cut.rows - 1]


def fit_model(body: ZooIn, spread: Spread | None = None) -> dict[str, Any]:
    """A model of the package arch fitted to all returns. Raises BadInput and LibraryMissing."""
    began = time.perf_counter()
    model = _zoo_model(body)
    sources = source_of(body)
    [asset] = sources.assets
    cut = asset.whole(LEAST_WINDOW, body.last)
    found = fit_zoo(
        cut.values,
        model,
        horizons=tuple(body.horizons),
        method=body.method,
        simulations=body.simulations,
        seed=body.seed,
    )
    return {
        "asset": asset.name,
        "returns": cut.values.size,
        "model": asdict(model),
        "method": found.method,
        "scale": found.scale,
        "parameters": {
            name: {"value": plain(value), "error": plain(found.standard_errors[name])}
            for name, value in found.parameters.items()
        },
        **{name: plain(getattr(found, name)) for name in ("log_likelihood", "aic", "bic")},
        "converged": found.converged,
        "variance": plain(found.last),
        "forecasts": {days: plain(value) for days, value in found.forecasts.items()},
        "warnings": list(found.warnings),
        **sources.named,
        "processing_time": time.perf_counter() - began,
    }


def _zoo_model(body: ZooIn) -> ZooModel:
    """As arch names it: its TARCH is a GARCH of absolute errors with a term for those below zero.
    Raises BadInput."""
    kind = body.volatility
    usual_power = 1.0 if kind == "TARCH" else 2.0
    return ZooModel(
        "GARCH" if kind == "TARCH" else kind,
        tuple(body.p) if isinstance(body.p, list) else body.p,
        USUAL_O.get(kind, 0) if body.o is None else body.o,
        (0 if kind in WITHOUT_Q else 1) if body.q is None else body.q,
        usual_power if body.power is None else body.power,
        body.mean,
        tuple(body.lags) if isinstance(body.lags, list) else body.lags,
        body.distribution,
    )
