"""How answers of `garch-predictor` look: volatility with its cone, models, value at risk."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pages.charts import bar_chart
from pages.services.answered import Answered, Result
from pages.services.garch_charts import cone_chart, past_chart, risk_chart
from ray_services.garch_predictor.cone import Cone, cone_of
from ray_services.garch_predictor.volatility import (
    DAYS_A_YEAR,
    Regime,
    percentile_of,
    regime_of,
)

BESIDE = 252
"""Predictions that today's is compared with, itself among them: those of a year."""
SHOWN_MODELS = 12
SHARE = 0.8
"""Of what followed past forecasts, inside of the cone."""
PLAIN = {
    "asset",
    "day",
    "row",
    "estimated",
    "converged",
    "log_likelihood",
    "aic",
    "bic",
    "variance",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One asset's volatility; all a year, as shares."""

    name: str
    now: float
    tomorrow: float
    later: float
    percentile: float
    regime: Regime
    compared: int
    parameters: dict[str, float]
    converged: bool
    past: SafeString
    cone: SafeString
    banded: bool
    """Whether the cone has bounds: there was enough past to take them from."""


def _volatility(answered: Answered) -> dict[str, Any]:
    table: pa.Table = answered.answer["windows"]
    names = list(answered.answer["assets"])
    assets = [_seen(name, table.filter(pc.equal(table["asset"], name))) for name in names]
    horizons = _horizons(table)
    return {
        "assets": assets,
        "model": answered.answer["model"],
        "horizon": horizons[-1],
        "share": SHARE,
        "lacks_bounds": not all(one.banded for one in assets),
    }


def _horizons(table: pa.Table) -> list[int]:
    names = (name for name in table.column_names if name.startswith("forecast_"))
    return sorted(int(name.removeprefix("forecast_")) for name in names)


def _seen(name: str, rows: pa.Table) -> Seen:
    days = rows["day"].to_pylist()
    variances = rows["variance"].to_numpy()
    forecasts = {days: rows[f"forecast_{days}"].to_numpy() for days in _horizons(rows)}
    cone = cone_of(variances, forecasts, SHARE)
    # The shortest forecast is always tomorrow's.
    said = forecasts[cone.horizons[0]][-BESIDE:]
    percentile = percentile_of(said)
    last = rows.slice(rows.num_rows - 1).to_pylist()[0]
    return Seen(
        name,
        now=yearly(variances[-1]),
        tomorrow=yearly(cone.expected[0]),
        later=yearly(cone.expected[-1]),
        percentile=percentile,
        regime=regime_of(percentile),
        compared=said.size,
        parameters={
            one: value for one, value in last.items()
            if one not in PLAIN and not one.startswith("forecast_")
        },
        converged=bool(last["converged"]),
        past=past_chart(name, days, variances, said),
        cone=cone_chart(name, days, variances, cone, SHARE),
        banded=_is_banded(cone),
    )  # fmt: skip


def _is_banded(cone: Cone) -> bool:
    return bool(np.isfinite(cone.low).all())


def yearly(variance: float) -> float:
    """The volatility of a year of such days."""
    return float(np.sqrt(variance * DAYS_A_YEAR))


def _models(answered: Answered) -> dict[str, Any]:
    rows = answered.answer["models"].slice(0, SHOWN_MODELS).to_pylist()
    for row in rows:
        row["use"] = urlencode(_prefilled(answered, row))
    heaviest = [(row["model"].removeprefix("GARCH"), row["weight"]) for row in rows[:6]]
    best = answered.answer["best"]["model"]
    chart = bar_chart(
        _("How much speaks for each model"),
        heaviest,
        unit="%",
        described=_("%(best)s has the most evidence, %(share)s per cent of it.")
        % {"best": best, "share": round(100 * rows[0]["weight"])},
    )
    return {"models": rows, "chart": chart}


def _prefilled(answered: Answered, row: dict[str, Any]) -> dict[str, Any]:
    """The form with a model of the comparison."""
    body = answered.body.model_dump(include={"asset", "data", "daily"}, exclude_none=True)
    wish = {name: row[name] for name in ("p", "o", "q", "distribution")}
    source = body.get("daily") or body.get("data")
    return {"assets": body["asset"], **({"own": source} if source else {}), **wish}


def _risk(answered: Answered) -> dict[str, Any]:
    return {"chart": risk_chart(answered.answer["asset"], answered.answer["rows"])}


RESULTS = {
    "fit-rolling": Result(
        lambda one: _("Volatility of %(names)s") % {"names": ", ".join(one.answer["assets"])},
        "pages/services/garch_volatility.html",
        _volatility,
    ),
    "compare-orders": Result(
        lambda one: _("Models of %(name)s") % {"name": one.answer["asset"]},
        "pages/services/garch_models.html",
        _models,
    ),
    "backtest-value-at-risk": Result(
        lambda one: _("Value at risk of %(name)s, tested") % {"name": one.answer["asset"]},
        "pages/services/garch_risk.html",
        _risk,
    ),
}
