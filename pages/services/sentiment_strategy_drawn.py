"""A strategy by engagement, to look at: both curves, their figures, what was held."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pages.charts import Series, xy_chart
from pages.services.answered import Answered
from pages.templatetags.shown import grouped, percent
from ray_services.common.rows import as_objects
from ray_services.sentiment_analyzer.bodies import StrategyIn

YEAR = 365.25
SHOWN = 40
"""Portfolios of a table, the latest first."""
TOLD = 10
"""Holdings of each."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table; the texts are written already."""

    name: str
    strategy: str
    benchmark: str


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is held from one day to another, the first of it; weights are parts of 1."""

    held_from: dt.date
    held_to: dt.date
    holdings: list[dict[str, Any]]
    more: int
    """Holdings beside those that are told."""


def strategy_drawn(answered: Answered) -> dict[str, Any]:
    """Of an answer of run-engagement-strategy."""
    answer, body = answered.answer, cast(StrategyIn, answered.body)
    days, summary, picks = as_objects(answer["days"]), answer["summary"], answer["picks"]
    benchmark = (body.benchmark or "").strip().upper()
    return {
        "summary": summary,
        "first": day_of(summary["start"]),
        "last": day_of(summary["end"]),
        "benchmark": benchmark,
        "curves": _curves(days, benchmark),
        "falls": _falls(days, benchmark),
        "figures": _figures(summary),
        "portfolios": [_portfolio(one) for one in reversed(picks[-SHOWN:])],
        "all_shown": len(picks) <= SHOWN,
    }


def _curves(days: Sequence[dict[str, Any]], benchmark: str) -> SafeString:
    dates = [day_of(one["day"]) for one in days]
    ours = [one["cumulative"] for one in days]
    series = [Series(_("Strategy"), dates, ours)]
    told = _("The strategy ends at %(end)s.") % {"end": percent(ours[-1], 1)}
    if benchmark:
        theirs = [one["benchmark_cumulative"] for one in days]
        series.append(Series(benchmark, dates, theirs, color="c2"))
        told += " " + _("%(name)s ends at %(end)s.") % {
            "name": benchmark,
            "end": percent(theirs[-1], 1),
        }
    return xy_chart(_("Return since the first day"), series, described=told, unit="%", zero=True)


def _falls(days: Sequence[dict[str, Any]], benchmark: str) -> SafeString:
    dates = [day_of(one["day"]) for one in days]
    ours = falls_of([one["cumulative"] for one in days])
    series = [Series(_("Strategy"), dates, ours, kind="area")]
    if benchmark:
        theirs = falls_of([one["benchmark_cumulative"] for one in days])
        series.append(Series(benchmark, dates, theirs, color="c2"))
    told = _("How far each is below its highest so far; the strategy at most %(fall)s.")
    return xy_chart(
        _("Below the highest so far"),
        series,
        described=told % {"fall": percent(min(ours), 1)},
        unit="%",
    )


def falls_of(cumulative: Sequence[float | None]) -> list[float]:
    """How far wealth is below its highest so far, the start's included; 0 or negative."""
    peak, found = 1.0, []
    for value in cumulative:
        wealth = 1.0 + (value or 0.0)
        peak = max(peak, wealth)
        found.append(wealth / peak - 1.0)
    return found


def _figures(summary: dict[str, Any]) -> list[Figure]:
    ours, theirs = summary["strategy"], summary["benchmark"] or {}
    years = (day_of(summary["end"]) - day_of(summary["start"])).days / YEAR
    lines = [
        (_("Total return"), "total_return", _percent),
        (_("Volatility of a year"), "annual_volatility", _percent),
        (_("Sharpe ratio of a year"), "sharpe", ratio),
        (_("Deepest fall"), "max_drawdown", _percent),
        (_("Days that gained"), "share_of_days_up", _percent),
    ]
    found = [Figure(name, told(ours[key]), told(theirs.get(key))) for name, key, told in lines]
    growth = [_percent(growth_of(one.get("total_return"), years)) for one in (ours, theirs)]
    return [found[0], Figure(_("Growth of a year (CAGR)"), *growth), *found[1:]]


def growth_of(total: float | None, years: float) -> float | None:
    """What a total return comes to in each year; None for less than a quarter of one, which says
    nothing of a year."""
    if total is None or years < 0.25 or total <= -1:
        return None
    return float((1 + total) ** (1 / years) - 1)


def ratio(value: float | None) -> str:
    """A figure with two digits, or a dash."""
    return "-" if value is None else grouped(value, 2)


def _percent(value: float | None) -> str:
    return "-" if value is None else percent(value, 1)


def _portfolio(one: dict[str, Any]) -> Portfolio:
    held = one["holdings"]
    days = day_of(one["held_from"]), day_of(one["held_to"])
    return Portfolio(*days, held[:TOLD], max(0, len(held) - TOLD))


def day_of(value: dt.date | str) -> dt.date:
    """A day as answers have it: computed here as a date, from the queue as text."""
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
