"""Small charts as SVG, with presentation attributes only: pages of any content policy take them."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET  # only written here, never read

WIDTH, HEIGHT, EDGE = 360, 110, 18
COLOUR = "#4a86c8"  # on light and dark pages


def svg_of(chart: Mapping[str, Any], title: str) -> str:
    """A `line`, `bars` or `dots` of `values` (and `others`), with `labels` below."""
    size = {"width": str(WIDTH), "height": str(HEIGHT), "viewBox": f"0 0 {WIDTH} {HEIGHT}"}
    font = {"font-family": "system-ui, sans-serif", "font-size": "10", "fill": "currentColor"}
    told = {"role": "img", "aria-label": title}
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, **font, **told})
    ET.SubElement(svg, "title").text = title
    draw = {"line": _line, "bars": _bars, "dots": _dots}[chart["kind"]]
    draw(svg, chart)
    return ET.tostring(svg, encoding="unicode")


def sparkline(values: Sequence[float]) -> str:
    """The same in one line of text."""
    blocks = "▁▂▃▄▅▆▇█"
    low, high = min(values), max(values)
    share = (len(blocks) - 1) / (high - low) if high > low else 0
    return "".join(blocks[round((one - low) * share)] for one in values)


def _line(svg: ET.Element, chart: Mapping[str, Any]) -> None:
    values = chart["values"]
    across = _scale(range(len(values)), 2, WIDTH - 2)
    points = zip(across, _scale(values, HEIGHT - EDGE, 4), strict=True)
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    ET.SubElement(svg, "polyline", points=drawn, fill="none", stroke=COLOUR)
    _below(svg, chart["labels"])


def _dots(svg: ET.Element, chart: Mapping[str, Any]) -> None:
    across, up = _scale(chart["values"], 4, WIDTH - 4), _scale(chart["others"], HEIGHT - EDGE, 4)
    for x, y in zip(across, up, strict=True):
        ET.SubElement(svg, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2", fill=COLOUR)
    _below(svg, [f"{chart['labels'][0]} →", f"{chart['labels'][1]} ↑"])


def _bars(svg: ET.Element, chart: Mapping[str, Any]) -> None:
    values, labels = chart["values"], chart["labels"]
    heights = _scale([0.0, *values], HEIGHT - EDGE, 12)
    zero, width = heights[0], WIDTH / max(1, len(values))
    for place, (top, label) in enumerate(zip(heights[1:], labels, strict=True)):
        ET.SubElement(
            svg, "rect", x=f"{place * width + 2:.1f}", y=f"{min(top, zero):.1f}",
            width=f"{width - 4:.1f}", height=f"{max(0.5, abs(top - zero)):.1f}", fill=COLOUR,
        )  # fmt: skip
        middle = {"x": f"{(place + 0.5) * width:.1f}", "y": str(HEIGHT - 4)}
        ET.SubElement(svg, "text", {**middle, "text-anchor": "middle"}).text = str(label)


def _below(svg: ET.Element, labels: Sequence[str]) -> None:
    places = [("2", "start"), (str(WIDTH - 2), "end")]
    for label, (x, anchor) in zip(labels, places, strict=False):
        where = {"x": x, "y": str(HEIGHT - 4), "text-anchor": anchor}
        ET.SubElement(svg, "text", where).text = str(label)


def _scale(values: Sequence[float], start: float, end: float) -> list[float]:
    """From their smallest at `start` to their largest at `end`."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return [start + (one - low) / span * (end - start) for one in values]
