"""Lines, areas, bands and points over numbers, days or moments."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TypeIs
from xml.etree import ElementTree as ET  # only written here, never read

from django.utils import timezone
from django.utils.safestring import SafeString

from pages.charts.frame import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    axis_label,
    document,
    finished,
    legend,
    place,
    text,
    ticks,
    value_axis,
    written,
)

MOST_POINTS = 480
"""Of a line: more do not show at this width."""

type X = float | dt.date


@dataclass(frozen=True, slots=True)
class Series:
    """`kind`: `line`, `dashes`, `area` (down to zero), `band` (between `low` and `ys`), `points`,
    `mark` (large points). `ys` of None are gaps. `told` are titles of points."""

    name: str
    xs: Sequence[X]
    ys: Sequence[float | None]
    kind: str = "line"
    color: str = "c1"
    low: Sequence[float] | None = None
    told: Sequence[str] | None = None


def xy_chart(
    title: str,
    series: Sequence[Series],
    *,
    described: str,
    x_label: str = "",
    unit: str = "",
    x_unit: str = "",
    zero: bool = False,
) -> SafeString:
    """A chart of several series. `unit` `%` shows shares as percent; `zero` has 0 in sight.

    Series without a finite value are left out; with none at all only the title is shown.
    """
    svg = document(title, described)
    shown = [one for one in series if any(map(_is_there, one.ys))]
    if not shown:
        return finished(svg)
    ys = [value for one in shown for value in (*one.ys, *(one.low or ())) if _is_there(value)]
    ys += [0.0] if zero or any(one.kind == "area" for one in shown) else []
    values = ticks(min(ys), max(ys))
    to_y = Scale(values[0], values[-1], HEIGHT - BOTTOM, TOP)
    to_x = _across(svg, shown, x_unit)
    value_axis(svg, to_y, values, unit)
    axis_label(svg, x_label)
    legend(svg, [(one.name, one.color) for one in shown if one.name])
    for one in shown:
        _draw(svg, one, to_x, to_y)
    return finished(svg)


def _across(svg: ET.Element, series: Sequence[Series], unit: str) -> Scale:
    """The scale of x, with its ticks drawn."""
    xs = [_number(x) for one in series for x in one.xs]
    start, stop = LEFT + 6.0, WIDTH - RIGHT - 6.0
    if isinstance(series[0].xs[0], dt.datetime):
        scale = Scale(min(xs), max(xs), start, stop)
        _clock(svg, scale, sorted(set(xs)))
        return scale
    if isinstance(series[0].xs[0], dt.date):
        scale = Scale(min(xs), max(xs), start, stop)
        count = min(5, len(set(xs)))
        for step in range(count):
            day = round(min(xs) + (max(xs) - min(xs)) * step / max(1, count - 1))
            anchor = {0: "start", count - 1: "end"}.get(step, "middle")
            label = dt.date.fromordinal(day).isoformat()
            text(svg, scale(day), HEIGHT - BOTTOM + 18, label, **{"text-anchor": anchor})
        return scale
    values = ticks(min(xs), max(xs))
    scale = Scale(values[0], values[-1], start, stop)
    for value in values:
        label = written(value, values, unit)
        text(svg, scale(value), HEIGHT - BOTTOM + 18, label, **{"text-anchor": "middle"})
    return scale


def _clock(svg: ET.Element, scale: Scale, moments: Sequence[float]) -> None:
    """The time of day, at some of these moments."""
    count = min(5, len(moments))
    for step in range(count):
        moment = moments[round(step * (len(moments) - 1) / max(1, count - 1))]
        anchor = {0: "start", count - 1: "end"}.get(step, "middle")
        label = timezone.localtime(dt.datetime.fromtimestamp(moment, dt.UTC)).strftime("%H:%M")
        text(svg, scale(moment), HEIGHT - BOTTOM + 18, label, **{"text-anchor": anchor})


def _draw(svg: ET.Element, one: Series, to_x: Scale, to_y: Scale) -> None:
    segments = _segments(one, to_x, to_y)
    if one.kind in {"points", "mark"}:
        _points(svg, one, [at for segment in segments for at in segment])
        return
    if one.kind == "band" and one.low is not None:
        above = [at for segment in segments for at in segment]
        below = [(to_x(_number(x)), to_y(y)) for x, y in zip(one.xs, one.low, strict=True)]
        _filled(svg, one.color, [*_thinned(above), *reversed(_thinned(below))])
        return
    for segment in segments:
        _line(svg, one, _thinned(segment), to_y)


def _segments(one: Series, to_x: Scale, to_y: Scale) -> list[list[tuple[float, float]]]:
    """The places between gaps."""
    found: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(one.xs, one.ys, strict=True):
        if _is_there(y):
            found[-1].append((to_x(_number(x)), to_y(y)))
        elif found[-1]:
            found.append([])
    return [segment for segment in found if segment]


def _line(svg: ET.Element, one: Series, line: list[tuple[float, float]], to_y: Scale) -> None:
    if len(line) == 1:  # which is no line yet
        _points(svg, one, line)
        return
    if one.kind == "area":
        floor = to_y(0.0)
        _filled(svg, one.color, [(line[0][0], floor), *line, (line[-1][0], floor)])
    look = {"class": one.color, "fill": "none", "stroke": "currentColor", "stroke-width": "1.8",
            "stroke-linejoin": "round"}  # fmt: skip
    if one.kind == "dashes":
        look["stroke-dasharray"] = "5 4"
    ET.SubElement(svg, "polyline", {"points": _path(line), **look})


def _points(svg: ET.Element, one: Series, places: Sequence[tuple[float, float]]) -> None:
    radius = "6" if one.kind == "mark" else "2.6"
    for number, (x, y) in enumerate(places):
        circle = ET.SubElement(svg, "circle", {
            "class": one.color, "cx": place(x), "cy": place(y), "r": radius,
            "fill": "currentColor",
        })  # fmt: skip
        if one.told is not None:
            ET.SubElement(circle, "title").text = one.told[number]


def _filled(svg: ET.Element, color: str, places: Sequence[tuple[float, float]]) -> None:
    look = {"class": color, "fill": "currentColor", "fill-opacity": "0.22"}
    ET.SubElement(svg, "polygon", {"points": _path(places), **look})


def _thinned(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of each few neighbours the lowest and the highest: what a line looks like stays."""
    if len(places) <= MOST_POINTS:
        return places
    each = -(-2 * len(places) // MOST_POINTS)
    kept = [places[0]]
    for start in range(0, len(places), each):
        some = places[start : start + each]
        ends = {min(some, key=lambda one: one[1]), max(some, key=lambda one: one[1])}
        kept += sorted(ends)
    return [*kept, places[-1]]


def _path(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{place(x)},{place(y)}" for x, y in places)


def _number(x: X) -> float:
    if isinstance(x, dt.datetime):
        return x.timestamp()
    return float(x.toordinal()) if isinstance(x, dt.date) else float(x)


def _is_there(value: float | None) -> TypeIs[float]:
    return value is not None and isfinite(value)
