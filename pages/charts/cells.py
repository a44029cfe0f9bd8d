"""A heat map: a value for each pair of two parameters."""

from collections.abc import Mapping, Sequence
from math import isfinite
from xml.etree import ElementTree as ET  # only written here, never read

from django.utils.safestring import SafeString

from pages.charts.frame import (
    LEFT,
    RIGHT,
    WIDTH,
    axis_label,
    document,
    finished,
    place,
    text,
)
from pages.templatetags.shown import grouped

ROW = 34
TOP, BOTTOM = 34, 52


def cell_chart(
    title: str,
    columns: Sequence[object],
    rows: Sequence[object],
    values: Mapping[tuple[object, object], float],
    *,
    described: str,
    x_label: str = "",
    y_label: str = "",
    digits: int = 2,
    chosen: tuple[object, object] | None = None,
) -> SafeString:
    """`values` by (column, row): above zero in one colour, below in another, the farther the
    darker. `chosen` has a frame."""
    height = TOP + ROW * len(rows) + BOTTOM
    svg = document(title, described, height)
    if y_label:
        text(svg, LEFT - 8, TOP - 4, y_label, **{"text-anchor": "end", "font-size": "11"})
    wide = (WIDTH - LEFT - RIGHT) / max(1, len(columns))
    farthest = max((abs(value) for value in values.values() if isfinite(value)), default=0) or 1.0
    for line, row in enumerate(rows):
        y = TOP + ROW * line
        text(svg, LEFT - 8, y + 22, str(row), **{"text-anchor": "end"})
        for number, column in enumerate(columns):
            value = values.get((column, row))
            if value is None or not isfinite(value):
                continue
            group = ET.SubElement(svg, "g")
            told = f"{column}, {row}: {grouped(value, digits)}"
            ET.SubElement(group, "title").text = told
            x = LEFT + wide * number
            look = {
                "class": "c3" if value >= 0 else "c2", "x": place(x + 1), "y": place(y + 1),
                "width": place(wide - 2), "height": str(ROW - 2), "rx": "4",
                "fill": "currentColor", "fill-opacity": f"{0.06 + 0.6 * abs(value) / farthest:.2f}",
            }  # fmt: skip
            if (column, row) == chosen:
                look |= {"stroke": "currentColor", "stroke-width": "3"}
            ET.SubElement(group, "rect", look)
            if wide >= 34:
                label = {"text-anchor": "middle", "font-size": "11"}
                text(group, x + wide / 2, y + 22, grouped(value, digits), **label)
    for number, column in enumerate(columns):
        middle = LEFT + wide * (number + 0.5)
        text(svg, middle, height - BOTTOM + 18, str(column), **{"text-anchor": "middle"})
    axis_label(svg, x_label, height)
    return finished(svg)
