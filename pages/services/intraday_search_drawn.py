"""A search for parameters, to look at: a heat map, the best sets, how much of it is luck."""

from collections.abc import Collection
from typing import Any, cast

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pages.charts import cell_chart
from pages.services.answered import Answered
from pages.services.intraday_drawn import (
    day_of,
    equity_chart,
    falls_chart,
    in_sight,
    parameters_of,
    plain,
)
from pages.services.intraday_words import (
    NONE,
    SHARES,
    metric_written,
    metrics_words,
    parameter_words,
)
from ray_services.common.rows import as_objects
from ray_services.intraday_strategy.search_bodies import GridIn

COLUMNS = ("sharpe", "annual_return", "volatility", "max_drawdown", "trades")
"""Metrics of the tables."""
FOLDS = 60
"""Choices of a table, the last ones."""


def sweep_drawn(answered: Answered) -> dict[str, Any]:
    """Of an answer of sweep-parameters with a heat map."""
    answer = answered.answer
    best, metric = answer["best"], answer["metric"]
    columns = shown_metrics(metric)
    drawn = answer["heat_map"]
    axes = [drawn["x"], drawn["y"]] if drawn else []
    return {
        "sets": answer["sets"],
        "left_out": answer["left_out"],
        "first": day_of(answer["first_day"]),
        "last": day_of(answer["last_day"]),
        "metric": metrics_words()[metric],
        "columns": [metrics_words()[name] for name in columns],
        "axes": [parameter_words(name) for name in axes],
        "best": [
            {
                "rank": one["rank"],
                "axes": [plain(one["parameters"][name]) for name in axes],
                "metrics": in_sight(columns, one["metrics"]),
            }
            for one in best
        ],
        "parameters": parameters_of(best[0]["parameters"]) if best else [],
        "luck": answer["luck"],
        "heat": _heat(drawn, best) if drawn else None,
    }


def shown_metrics(metric: str) -> tuple[str, ...]:
    """The usual ones, and what was searched by in front."""
    return COLUMNS if metric in COLUMNS else (metric, *COLUMNS)


def _heat(drawn: dict[str, Any], best: list[dict[str, Any]]) -> SafeString:
    metric = drawn["metric"]
    # Shares are written as percent: a factor of 100 keeps the cells short.
    factor, digits = (100.0, 1) if metric in SHARES else (1.0, 0 if metric == "trades" else 2)
    columns, rows = ([plain(value) for value in drawn[name]] for name in ("x_values", "y_values"))
    values: dict[tuple[object, object], float] = {
        (column, row): factor * value
        for row, line in zip(rows, drawn["values"], strict=True)
        for column, value in zip(columns, line, strict=True)
        if value is not None
    }
    title = metrics_words()[metric] + (" (%)" if metric in SHARES else "")
    x, y = parameter_words(drawn["x"]), parameter_words(drawn["y"])
    chosen: tuple[object, object] | None = None
    told = _("No set has a value.")
    if best:
        places = [plain(best[0]["parameters"][drawn[axis]]) for axis in ("x", "y")]
        chosen = (places[0], places[1])
        told = _("Best, and framed: %(value)s at %(x)s %(column)s and %(y)s %(row)s.") % {
            "value": metric_written(metric, best[0]["metrics"][metric]),
            "x": x, "column": places[0], "y": y, "row": places[1],
        }  # fmt: skip
    return cell_chart(
        title, columns, rows, values,
        described=told, x_label=x, y_label="", digits=digits, chosen=chosen,
    )  # fmt: skip


def split_drawn(answered: Answered) -> dict[str, Any]:
    """Of an answer of out-of-sample."""
    answer, body = answered.answer, cast(GridIn, answered.body)
    fold = answer["fold"]
    return {
        "sets": answer["sets"],
        "metric": metrics_words()[answer["metric"]],
        "fold": _fold(fold, answer["metric"], body.grid),
        "compared": _compared(fold),
        "parameters": parameters_of(fold["parameters"] or {}),
        "luck": fold["luck"],
        **_curves(as_objects(answer["curve"]), _("The choice on days that had no part in it")),
    }


def walk_drawn(answered: Answered) -> dict[str, Any]:
    """Of an answer of walk-forward."""
    answer, body = answered.answer, cast(GridIn, answered.body)
    return {
        "sets": answer["sets"],
        "metric": metrics_words()[answer["metric"]],
        "figures": [
            {"name": words, "value": metric_written(name, answer["metrics"][name])}
            for name, words in metrics_words().items()
        ],
        "folds": [_fold(one, answer["metric"], body.grid) for one in answer["folds"][-FOLDS:]],
        "left_out": max(0, len(answer["folds"]) - FOLDS),
        **_curves(as_objects(answer["curve"]), _("All tests, one after the other")),
    }


def _curves(curve: list[dict[str, Any]], title: str) -> dict[str, Any]:
    if not curve:
        return {"equity": None, "falls": None}
    days = [day_of(one["day"]) for one in curve]
    return {
        "equity": equity_chart(days, [one["equity"] for one in curve], title),
        "falls": falls_chart(days, [one["drawdown"] for one in curve]),
    }


def _fold(fold: dict[str, Any], metric: str, searched: Collection[str]) -> dict[str, Any]:
    """A choice, of the parameters that were searched, and its test, in a line."""
    chosen = fold["parameters"] or {}
    parameters = parameters_of({name: chosen[name] for name in chosen if name in searched})
    return {
        "train_days": [day_of(day) for day in fold["train_days"]],
        "test_days": [day_of(day) for day in fold["test_days"]],
        "parameters": parameters,
        "train": metric_written(metric, (fold["train"] or {}).get(metric)),
        "test": metric_written(metric, (fold["test"] or {}).get(metric)),
    }


def _compared(fold: dict[str, Any]) -> list[dict[str, str]]:
    """Each metric on the days of the choice and of the test."""
    train, test = fold["train"] or {}, fold["test"] or {}
    return [
        {
            "name": words,
            "train": metric_written(name, train.get(name)) if train else NONE,
            "test": metric_written(name, test.get(name)) if test else NONE,
        }
        for name, words in metrics_words().items()
    ]
