"""What the service answers about windows and days, row by row."""

import time
from typing import Any

import numpy as np

from ray_services.common.errors import BadInput
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread
from ray_services.garch_predictor.asset_bodies import ModelIn
from ray_services.garch_predictor.bodies import PremiumIn, RollingIn
from ray_services.garch_predictor.columns import plain, stacked
from ray_services.garch_predictor.premium import PremiumRule, PremiumSignal, premium_signals
from ray_services.garch_predictor.rolling import RollingFits, fits_of_many
from ray_services.garch_predictor.sources import Asset, Returns, sources_of
from ray_services.garch_predictor.spec import GarchSpec, Rolling


def spec_of(body: ModelIn) -> GarchSpec:
    """The model that a request names. Raises BadInput."""
    return GarchSpec(body.p, body.o, body.q, body.mean, body.distribution)


def fit_rolling(body: RollingIn, spread: Spread | None = None) -> dict[str, Any]:
    """The fit of each window of each asset, and its forecasts. Raises BadInput."""
    began = time.perf_counter()
    spec = spec_of(body)
    rolling = Rolling(body.window_size, body.every, tuple(body.horizons), body.errors)
    rolling.fits(spec)
    sources = sources_of(body)
    cut = {one.name: one.returns(rolling.window, body.last) for one in sources.assets}
    returns = {name: one.values for name, one in cut.items()}
    fits = fits_of_many(returns, spec, rolling, spread=spread)
    return {
        "model": str(spec),
        "assets": {name: _fits_summary(one, cut[name]) for name, one in fits.items()},
        "windows": rows_of(stacked((name, fit_columns(fits[name], cut[name])) for name in fits)),
        **sources.named,
        "processing_time": time.perf_counter() - began,
    }


def fit_columns(fits: RollingFits, cut: Returns) -> dict[str, Any]:
    """A row for each window: its last day, what was estimated, and what is forecast."""
    names, days = fits.spec.names, fits.rolling.horizons
    found: dict[str, Any] = {
        "day": cut.days[fits.last_rows],
        "row": cut.rows[fits.last_rows],
        "estimated": fits.estimated,
        "converged": fits.converged,
        "log_likelihood": fits.log_likelihood,
        "aic": fits.aic,
        "bic": fits.bic,
        "variance": fits.last,
    }
    found |= {name: fits.parameters[:, place] for place, name in enumerate(names)}
    if fits.standard_errors is not None:
        errors = fits.standard_errors
        found |= {f"error_{name}": errors[:, place] for place, name in enumerate(names)}
    return found | {f"forecast_{day}": fits.forecasts[:, at] for at, day in enumerate(days)}


def _fits_summary(fits: RollingFits, cut: Returns) -> dict[str, Any]:
    return {
        "prices": cut.values.size + 1,
        "windows": len(fits),
        "estimated": int(fits.estimated.sum()),
        "converged": int((fits.converged & fits.estimated).sum()),
    }


def premium_rows(body: PremiumIn, spread: Spread | None = None) -> dict[str, Any]:
    """The premium signal of each asset, day by day. Raises BadInput."""
    began = time.perf_counter()
    if body.start is not None and body.prices:
        raise BadInput(
            "prices of your own have no days, so nothing begins with one.",
            field="start",
            remedy="Leave out the first prices, or upload them with their days as a data set.",
        )
    rule = PremiumRule(
        spec=spec_of(body),
        window=body.window_size,
        every=body.every,
        variance_window=body.variance_window,
        deviation_window=body.deviation_window,
        threshold=body.threshold,
        start=None if body.start is None else np.datetime64(body.start, "D"),
    )
    sources = sources_of(body)
    for asset in sources.assets:  # by the rows of the prices, and before anything is fitted
        asset.returns(max(rule.window, rule.variance_window))
    series = {one.name: (one.dates(), one.prices) for one in sources.assets}
    found = premium_signals(series, rule, spread=spread)
    return {
        "model": str(rule.spec),
        "assets": {name: _premium_summary(one) for name, one in found.items()},
        "rows": rows_of(
            stacked((one.name, _columns(found[one.name], one)) for one in sources.assets)
        ),
        **sources.named,
        "processing_time": time.perf_counter() - began,
    }


def _columns(found: PremiumSignal, asset: Asset) -> dict[str, Any]:
    first = np.size(np.asarray(asset.prices)) - found.days.size
    days = found.days
    if asset.days is None:
        days = np.full(days.size, np.datetime64("NaT", "D"), dtype="datetime64[D]")
    return {
        "day": days,
        "row": first + 1 + np.arange(days.size),
        "return": found.returns,
        "prediction": found.prediction,
        "variance": found.variance,
        "premium": found.premium,
        "deviation": found.deviation,
        "signal": found.signal,
    }


def _premium_summary(found: PremiumSignal) -> dict[str, Any]:
    return {
        "days": found.days.size,
        "predicted": int(np.isfinite(found.prediction).sum()),
        "rises": int((found.signal == 1).sum()),
        "falls": int((found.signal == -1).sum()),
        "premium": plain(found.premium[-1]),
        "deviation": plain(found.deviation[-1]),
        "next_signal": int(found.decided[-1]),
    }
