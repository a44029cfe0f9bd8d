"""Charts of volatility: its past, the cone of its forecast, losses beside what was said of them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pages.charts import Series, xy_chart
from pages.templatetags.shown import percent
from ray_services.garch_predictor.cone import Cone
from ray_services.garch_predictor.volatility import DAYS_A_YEAR

BEFORE = 60
"""Days of the past that a cone begins with."""
USUAL = (25.0, 75.0)
"""Percentiles between which the regime is normal."""


def past_chart(name: str, days: Sequence[dt.date | None], variances: Any, said: Any) -> SafeString:
    """Volatility day by day, and between which values it is usual: `said` are the predictions of
    the last days, which today's is compared with."""
    xs = _places(days, len(variances))
    volatility = np.sqrt(variances * DAYS_A_YEAR)
    low, high = np.sqrt(np.percentile(said, USUAL) * DAYS_A_YEAR)
    since = xs[-len(said) :]
    band = Series(_("usual"), since, [high] * len(since), "band", "c3", low=[low] * len(since))
    line = Series(_("volatility"), xs, volatility.tolist())
    return xy_chart(
        _("%(name)s: volatility a year") % {"name": name},
        [band, line],
        described=_("From %(least)s to %(most)s, now %(now)s; usual is %(low)s to %(high)s.")
        % {
            "least": percent(volatility.min(), 1),
            "most": percent(volatility.max(), 1),
            "now": percent(volatility[-1], 1),
            "low": percent(low, 1),
            "high": percent(high, 1),
        },
        unit="%",
        x_label=_("Row of the prices") if days[0] is None else "",
        zero=True,
    )


def cone_chart(
    name: str, days: Sequence[dt.date | None], variances: Any, cone: Cone, share: float
) -> SafeString:
    """The last days, and what is expected of the next ones."""
    xs = _places(days, len(variances))
    volatility = np.sqrt(variances * DAYS_A_YEAR)
    ahead = [xs[-1], *_ahead(xs, cone.horizons)]
    expected, low, high = (
        [volatility[-1], *np.sqrt(values * DAYS_A_YEAR)]
        for values in (cone.expected, cone.low, cone.high)
    )
    series = [
        Series(_("so far"), xs[-BEFORE:], volatility[-BEFORE:].tolist()),
        Series(_("expected"), ahead, expected, color="c2"),
    ]
    there = [place for place, value in enumerate(low) if np.isfinite(value)]
    if len(there) > 1:
        top, bottom = ([values[place] for place in there] for values in (high, low))
        told = _("%(share)s of the past") % {"share": percent(share)}
        where = [ahead[place] for place in there]
        series.append(Series(told, where, top, "band", "c2", low=bottom))
    return xy_chart(
        _("%(name)s: the next %(n)s days") % {"name": name, "n": cone.horizons[-1]},
        series,
        described=_("Expected in %(n)s days: %(value)s a year.")
        % {"n": cone.horizons[-1], "value": percent(expected[-1], 1)},
        unit="%",
        x_label=_("Row of the prices") if days[0] is None else "",
        zero=True,
    )


def risk_chart(name: str, rows: pa.Table) -> SafeString:
    """Each day's return, the loss that was said to be exceeded rarely, and where it was."""
    xs = _places(rows["day"].to_pylist(), rows.num_rows)
    returns, limit = rows["return"].to_numpy(), -rows["value_at_risk"].to_numpy()
    hit = np.flatnonzero(rows["violation"].to_numpy(zero_copy_only=False))
    series = [
        Series(_("return"), xs, returns.tolist(), color="c3"),
        Series(_("value at risk"), xs, limit.tolist()),
    ]
    if hit.size:
        told = [f"{xs[place]}: {percent(returns[place], 1)}" for place in hit]
        where = [xs[place] for place in hit]
        series.append(Series(_("worse"), where, returns[hit].tolist(), "points", "c2", told=told))
    return xy_chart(
        _("%(name)s: returns and value at risk") % {"name": name},
        series,
        described=_("On %(n)s of %(days)s days the loss was greater than said.")
        % {"n": hit.size, "days": rows.num_rows},
        unit="%",
    )


def _places(days: Sequence[dt.date | None], count: int) -> list[Any]:
    """Days; rows where prices came without days."""
    if days[0] is None:
        return [float(row) for row in range(1, count + 1)]
    return list(days)


def _ahead(xs: Sequence[Any], horizons: Sequence[int]) -> list[Any]:
    """Where the days ahead are: on weekdays, unless the past has weekends too."""
    if not isinstance(xs[-1], dt.date):
        return [xs[-1] + days for days in horizons]
    if any(day.weekday() > 4 for day in xs[-BEFORE:]):
        return [xs[-1] + dt.timedelta(days=days) for days in horizons]
    last = np.datetime64(xs[-1], "D")
    return [np.busday_offset(last, days, roll="backward").item() for days in horizons]
