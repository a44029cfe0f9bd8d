"""What all charts share: the document, scales, ticks, a legend."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from xml.etree import ElementTree as ET  # only written here, never read

from django.utils.safestring import SafeString, mark_safe

from pages.templatetags.shown import grouped

# Narrow, so that letters can be read on a phone, where all of it is scaled down.
WIDTH, HEIGHT = 560, 280
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 50, 44
FONT = "system-ui, sans-serif"

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values of [least, most] to places of [start, stop]."""

    least: float
    most: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        span = self.most - self.least or 1.0
        return self.start + (value - self.least) / span * (self.stop - self.start)


def document(title: str, described: str, height: int = HEIGHT) -> ET.Element:
    """An empty chart with its title and what it shows in words."""
    name = f"chart{next(_numbers)}"
    svg = ET.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {height}",
        "class": "chart", "role": "img", "aria-labelledby": f"{name}-title {name}-desc",
        "font-family": FONT, "font-size": "12", "fill": "currentColor",
    })  # fmt: skip
    ET.SubElement(svg, "title", id=f"{name}-title").text = title
    ET.SubElement(svg, "desc", id=f"{name}-desc").text = described
    text(svg, LEFT, 18, title, **{"font-size": "15", "font-weight": "600"})
    return svg


def finished(svg: ET.Element) -> SafeString:
    """The document as text, which a template may show: all of it was serialized, so escaped."""
    return mark_safe(ET.tostring(svg, encoding="unicode"))  # noqa: S308  # nosec


def text(parent: ET.Element, x: float, y: float, said: str, **more: str) -> None:
    ET.SubElement(parent, "text", {"x": place(x), "y": place(y), **more}).text = said


def place(value: float) -> str:
    """A coordinate with no more digits than a screen shows."""
    return f"{value:.1f}".removesuffix(".0")


def ticks(least: float, most: float, *, whole: bool = False) -> list[float]:
    """From below `least` to above `most` in four to nine even steps of 1, 2 or 5 and zeros; of
    `whole` things in fewer, where there are few."""
    if not (isfinite(least) and isfinite(most)):
        raise ValueError(f"expected finite bounds of a chart, got {least} and {most}")
    span = most - least or abs(most) or 1.0
    power = 10.0 ** floor(log10(span / 4))
    step = next(power * n for n in (1, 2, 5, 10) if span <= power * n * 8)
    if whole:
        step = max(1.0, step)
    first = floor(least / step)
    last = -floor(-most / step)
    return [step * count for count in range(first, max(last, first + 1) + 1)]


def written(value: float, values: Sequence[float], unit: str = "") -> str:
    """A tick's value with as many digits as its neighbours need; with `%` as a share of 100."""
    step = abs(values[1] - values[0]) if len(values) > 1 else abs(value) or 1.0
    factor = 100 if unit == "%" else 1
    digits = max(0, -floor(log10(step * factor) + 1e-9))
    told = grouped(round(value * factor, digits), digits)
    return f"{told}\u00a0%" if unit == "%" else f"{told}{unit}"


def value_axis(svg: ET.Element, scale: Scale, values: Sequence[float], unit: str = "") -> None:
    """Horizontal lines with their values at the left."""
    for value in values:
        y = scale(value)
        opacity = "0.55" if value == 0 else "0.15"
        line = {"d": f"M{LEFT} {place(y)}H{WIDTH - RIGHT}", "stroke": "currentColor"}
        ET.SubElement(svg, "path", line | {"stroke-opacity": opacity})
        text(svg, LEFT - 8, y + 4, written(value, values, unit), **{"text-anchor": "end"})


def axis_label(svg: ET.Element, label: str, height: int = HEIGHT) -> None:
    """Below the chart."""
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    text(svg, middle, height - 8, label, **{"text-anchor": "middle"})


def legend(svg: ET.Element, names: Iterable[tuple[str, str]]) -> None:
    """Names with the class of their colour, in a line below the title."""
    x = float(LEFT)
    for name, kind in names:
        ET.SubElement(svg, "rect", {
            "class": kind, "x": place(x), "y": "28", "width": "12", "height": "12",
            "rx": "2", "fill": "currentColor",
        })  # fmt: skip
        text(svg, x + 18, 38, name)
        x += 36 + 6.6 * len(name)
