"""A backtest, to look at: its curves, figures and trades."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pages.charts import Series, xy_chart
from pages.services.answered import Answered
from pages.services.intraday_words import (
    metric_written,
    metrics_words,
    parameter_words,
    reason_words,
    side_words,
)
from pages.templatetags.shown import grouped, percent

SHOWN = 25
"""Trades of a table, the first ones."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is written."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Trade:
    """From entry to exit; gains are parts of 1, of the position."""

    entered: dt.datetime
    left: dt.datetime
    side: str
    entry: float
    exit: float
    net: float
    bars: int
    reason: str


def backtest_drawn(answered: Answered) -> dict[str, Any]:
    """Of an answer of backtest-strategy."""
    answer = answered.answer
    metrics = answer["metrics"]
    days = [day_of(day) for day in answer["days"]]
    return {
        "figures": figures_of(metrics),
        "parameters": parameters_of(answer["parameters"]),
        "first": days[0],
        "last": days[-1],
        "days": len(days),
        "equity": equity_chart(days, answer["equity"]),
        "falls": falls_chart(days, answer["drawdown"]),
        "trades": [_trade(one) for one in answer["trades"][:SHOWN]],
        "trades_count": int(metrics["trades"] or 0),
    }


def equity_chart(days: Sequence[dt.date], equity: Sequence[float], title: str = "") -> SafeString:
    """What one unit becomes."""
    told = _("One unit becomes %(end)s; at the highest it was %(most)s, at the lowest %(least)s.")
    return xy_chart(
        title or _("What one unit becomes"),
        [Series("", days, equity)],
        described=told
        % {
            "end": grouped(equity[-1], 2),
            "most": grouped(max(equity), 2),
            "least": grouped(min(equity), 2),
        },
    )


def falls_chart(days: Sequence[dt.date], falls: Sequence[float]) -> SafeString:
    """How far it is below the highest so far."""
    deepest = min(range(len(falls)), key=falls.__getitem__)
    return xy_chart(
        _("Below the highest so far"),
        [Series("", days, falls, kind="area", color="c2")],
        described=_("At most %(fall)s, on %(day)s.")
        % {"fall": percent(falls[deepest], 1), "day": days[deepest].isoformat()},
        unit="%",
    )


def figures_of(metrics: Mapping[str, float | None]) -> list[Figure]:
    """All metrics of a run in their order."""
    return [
        Figure(words, metric_written(name, metrics[name]))
        for name, words in metrics_words().items()
    ]


def parameters_of(parameters: Mapping[str, float]) -> list[Figure]:
    """A set of parameters as people read it."""
    return [Figure(parameter_words(name), plain(value)) for name, value in parameters.items()]


def plain(value: float) -> str:
    """A parameter with the digits that it has."""
    return f"{value:g}"


def day_of(value: dt.date | str) -> dt.date:
    """A day as answers have it: computed here as a date, from the queue as text."""
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def in_sight(names: Iterable[str], metrics: Mapping[str, float | None]) -> list[str]:
    """Some metrics of a set, written."""
    return [metric_written(name, metrics[name]) for name in names]


def _trade(one: dict[str, Any]) -> Trade:
    entered, left = (dt.datetime.fromisoformat(one[name]) for name in ("entry_time", "exit_time"))
    return Trade(
        entered,
        left,
        side_words(one["side"]),
        one["entry_price"],
        one["exit_price"],
        one["net"],
        one["bars"],
        reason_words(one["reason"]),
    )
