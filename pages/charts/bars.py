"""Bars side by side."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET  # only written here, never read

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
    place,
    text,
    ticks,
    value_axis,
    written,
)
from pages.templatetags.shown import grouped


def bar_chart(
    title: str,
    bars: Sequence[tuple[str, float]],
    *,
    described: str,
    x_label: str = "",
    unit: str = "",
    color: str = "c1",
) -> SafeString:
    """A bar for each name and value, also below zero; whole numbers count something. `unit` `%`
    shows shares as percent."""
    svg = document(title, described)
    if not bars:
        return finished(svg)
    heights = [value for _, value in bars]
    whole = all(isinstance(value, int) for value in heights)
    values = ticks(min(0.0, *heights), max(0.0, *heights), whole=whole)
    to_y = Scale(values[0], values[-1], HEIGHT - BOTTOM, TOP)
    value_axis(svg, to_y, values, unit)
    axis_label(svg, x_label)
    room = (WIDTH - LEFT - RIGHT) / len(bars)
    wide = min(room * 0.8, 56)
    longest = max(len(name) for name, _ in bars)
    every = -(-int(longest * 7 + 8) // max(1, int(room)))  # labels must not touch
    for number, (name, value) in enumerate(bars):
        middle = LEFT + room * (number + 0.5)
        top, bottom = sorted((to_y(value), to_y(0.0)))
        bar = ET.SubElement(svg, "rect", {
            "class": color, "x": place(middle - wide / 2), "y": place(top),
            "width": place(wide), "height": place(max(0.5, bottom - top)),
            "fill": "currentColor",
        })  # fmt: skip
        ET.SubElement(bar, "title").text = f"{name}: {_said(value, unit)}"
        if number % every == 0:
            text(svg, middle, HEIGHT - BOTTOM + 18, name, **{"text-anchor": "middle"})
    return finished(svg)


def _said(value: float, unit: str) -> str:
    """A bar's own value."""
    if isinstance(value, int):
        return grouped(value)
    return written(value, [0, value / 50 or 1], unit)
