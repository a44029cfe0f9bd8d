"""How answers of `portfolio-manager` look: a frontier with its portfolio, and a backtest."""

import logging
from functools import partial
from typing import Any

import pyarrow as pa
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pages.charts import Series, bar_chart, xy_chart
from pages.services.answered import Answered, Result
from pages.templatetags.shown import percent
from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.data_sets import content_of
from ray_services.portfolio_manager.bodies import MetricsIn

logger = logging.getLogger(__name__)

SHOWN_WEIGHTS = 20
LEAST_WEIGHT = 5e-4
"""Below it a weight is rounding."""
SHOWN_AS_ONE = 0.005
LATEST_CHANGES = 12


def _best(answered: Answered) -> dict[str, Any]:
    answer = answered.answer
    weights = {name: one for name, one in answer["weights"].items() if abs(one) >= LEAST_WEIGHT}
    heaviest = sorted(weights.items(), key=lambda one: -one[1])
    return {
        "weights": heaviest,
        "frontier": _frontier(answer),
        "bars": _bars(_("Weights"), heaviest[:SHOWN_WEIGHTS]),
        "metrics": _metrics(answered),
        "left_out": len(answer["weights"]) - len(heaviest),
    }


def _metrics(answered: Answered) -> dict[str, Any] | None:
    """What these weights were worth over the days that they were chosen by; None where the data
    is gone meanwhile."""
    from ray_services.portfolio_manager.answers import metrics  # it takes a second to import

    same = answered.body.model_dump(
        include={"tickers", "data", "start", "end", "risk_free", "level"}, exclude_none=True
    )
    try:
        with own_data.fetched_by(partial(content_of, answered.owner)):
            return metrics(MetricsIn(**same, weights=answered.answer["weights"]))
    except BadInput as error:
        logger.info("no figures of a portfolio: %s", error)
        return None


def _frontier(answer: Any) -> SafeString:
    """Risk across, reward up."""
    line, alone = answer["frontier"], answer["assets"]
    chosen = [answer["volatility"]], [answer["expected_return"]]
    told = [
        f"{name}: {percent(one['expected_return'], 1)}, {percent(one['volatility'], 1)}"
        for name, one in alone.items()
    ]
    series = [
        Series(_("frontier"), *_places(line)),
        Series(_("one asset alone"), *_places(alone.values()), "points", "c3", told=told),
        Series(_("chosen"), *chosen, "mark", "c2", told=[_("chosen")]),
    ]
    return xy_chart(
        _("Expected return a year"),
        series,
        described=_("The chosen portfolio: %(reward)s return at %(risk)s volatility.")
        % {
            "reward": percent(answer["expected_return"], 1),
            "risk": percent(answer["volatility"], 1),
        },
        x_label=_("Volatility a year"),
        unit="%",
        x_unit="%",
    )


def _places(portfolios: Any) -> tuple[list[float], list[float | None]]:
    several = list(portfolios)
    return [one["volatility"] for one in several], [one["expected_return"] for one in several]


def _bars(title: str, weights: list[tuple[str, float]]) -> SafeString:
    told = ", ".join(f"{name} {percent(one, 1)}" for name, one in weights)
    return bar_chart(title, weights, described=told, unit="%")


def _backtest(answered: Answered) -> dict[str, Any]:
    answer = answered.answer
    changes = answer["rebalancings"]
    tracks: list[tuple[Any, Any]] = [
        (_("Strategy"), answer["metrics"]),
        (_("Equal weights"), answer["equal_metrics"]),
    ]
    held = sorted(changes[-1]["weights"].items(), key=lambda one: -one[1]) if changes else []
    years = answer["metrics"]["observations"] / 252
    return {
        "tracks": tracks,
        "curve": _curve(answer["curve"], answer["benchmark"]),
        "bars": _bars(_("Weights at last"), held[:SHOWN_WEIGHTS]),
        "changes": [_change(one) for one in changes[: -LATEST_CHANGES - 1 : -1]],
        "turnover": sum(one["turnover"] for one in changes) / years if years else None,
        "count": len(changes),
    }


def _change(one: dict[str, Any]) -> dict[str, Any]:
    """Its heaviest first, without those that are shown as 0 %."""
    held = sorted(one["weights"].items(), key=lambda weight: -weight[1])
    return {**one, "held": [weight for weight in held if abs(weight[1]) >= SHOWN_AS_ONE]}


def _curve(rows: pa.Table, benchmark: str | None) -> SafeString:
    """What 1 has become."""
    days = rows["day"].to_pylist()
    names = {"strategy": (_("strategy"), "c1"), "equal": (_("equal weights"), "c3"),
             "benchmark": (benchmark or "", "c2")}  # fmt: skip
    series = [
        Series(name, days, rows[f"{track}_value"].to_pylist(), color=color)
        for track, (name, color) in names.items()
        if f"{track}_value" in rows.column_names
    ]
    return xy_chart(
        _("What 1 has become, after costs"),
        series,
        described=", ".join(f"{one.name}: {one.ys[-1]:.2f}" for one in series),
    )


RESULTS = {
    "optimize-portfolio": Result(
        lambda one: _("The portfolio of %(n)s tickers") % {"n": len(one.answer["weights"])},
        "pages/services/portfolio_best.html",
        _best,
    ),
    "backtest-portfolio": Result(
        lambda one: _("What it would have earned"),
        "pages/services/portfolio_backtest.html",
        _backtest,
    ),
}
