"""Bar charts of a job's statistics as SVG: bars for what was observed, marks for what was expected.

Only presentation attributes, no style and no script, so that a page under ``style-src 'self'`` may
embed them; text has the colour of the page around it. Equal statistics give equal bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import batched
from math import floor, log10
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET  # only written here, never read

WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, BOTTOM = 68, 12, 56, 46
MOST_BARS = 128
BAR, MARK = "#4a86c8", "#d9661f"  # told apart on light and dark pages
FONT = "system-ui, sans-serif"

TITLES = {
    "numbers": ("Games that hold each number", "number"),
    "second": ("Games that hold each number of the second group", "number"),
    "odd": ("Odd numbers of a game", "odd numbers"),
    "sum": ("Sum of a game's numbers", "sum"),
    "overlap": ("Numbers that games share with the first", "numbers shared"),
}


def _grouped(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}"


class Voice(NamedTuple):
    """How a chart speaks: ``say`` translates its English, ``number(value, digits)`` writes
    numbers."""

    say: Callable[[str], str] = str
    number: Callable[..., str] = _grouped


ENGLISH = Voice()


class _Bar(NamedTuple):
    """Of one value, or of several neighbours: then as high as they are on average."""

    label: str
    observed: int
    expected: float | None
    values: int = 1
    last: str = ""


def charts_of(statistics: Mapping[str, Any], voice: Voice = ENGLISH) -> dict[str, str]:
    """An SVG document for each of the statistics' ``numbers``, ``odd``, ``sum``, ``overlap``."""
    return {
        name: ET.tostring(_chart(name, statistics[name]["values"], voice), encoding="unicode")
        for name in TITLES
        if name in statistics
    }


def sheet_of(statistics: Mapping[str, Any]) -> str:
    """All charts one below the other, as one SVG document."""
    names = [name for name in TITLES if name in statistics]
    sheet = _svg(HEIGHT * len(names))
    for place, name in enumerate(names):
        chart = _chart(name, statistics[name]["values"], ENGLISH)
        chart.set("y", str(place * HEIGHT))
        sheet.append(chart)
    return ET.tostring(sheet, encoding="unicode")


def _svg(height: int) -> ET.Element:
    size = {"width": str(WIDTH), "height": str(height), "viewBox": f"0 0 {WIDTH} {height}"}
    return ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})


def _chart(name: str, values: Sequence[Mapping[str, Any]], voice: Voice) -> ET.Element:
    title, axis = map(voice.say, TITLES[name])
    bars = _bars(values)
    if bars and bars[0].values > 1:
        axis += voice.say(" (%(n)s to a bar, their average)") % {"n": bars[0].values}
    elif any(":" in bar.label for bar in bars):
        axis = voice.say("column:digit")
    svg = _svg(HEIGHT)
    svg.attrib |= {
        "role": "img", "aria-labelledby": f"chart-{name}-title chart-{name}-desc",
        "font-family": FONT, "font-size": "12", "fill": "currentColor",
    }  # fmt: skip
    ET.SubElement(svg, "title", id=f"chart-{name}-title").text = title
    ET.SubElement(svg, "desc", id=f"chart-{name}-desc").text = _described(bars, axis, voice)
    _text(svg, LEFT, 20, title, **{"font-size": "15", "font-weight": "600"})
    _text(svg, LEFT + (WIDTH - RIGHT - LEFT) / 2, HEIGHT - 8, axis, **{"text-anchor": "middle"})
    _legend(svg, any(bar.expected is not None for bar in bars), voice)
    highest = max((max(bar.observed, bar.expected or 0) / bar.values for bar in bars), default=0)
    ticks = _ticks(highest)
    _grid(svg, ticks, voice)
    _draw(svg, bars, ticks[-1], voice)
    return svg


def _bars(values: Sequence[Mapping[str, Any]]) -> list[_Bar]:
    """A bar for each value, or for each few neighbouring values where they are many."""
    wide = next(width for width in (1, 2, 5, 10, 20, 50, 100) if len(values) <= width * MOST_BARS)
    if wide == 1:
        return [_Bar(str(one["value"]), one["observed"], one["expected"]) for one in values]
    return [
        _Bar(
            str(some[0]["value"]),
            sum(one["observed"] for one in some),
            None if some[0]["expected"] is None else sum(one["expected"] for one in some),
            len(some),
            str(some[-1]["value"]),
        )
        for some in batched(values, wide, strict=False)  # the last may be of fewer
    ]


def _described(bars: Sequence[_Bar], axis: str, voice: Voice) -> str:
    if not bars:
        return voice.say("No games.")
    most = max(bars, key=lambda bar: bar.observed / bar.values)
    return voice.say("%(n)s bars from %(axis)s %(first)s to %(last)s; the tallest is %(it)s.") % {
        "n": len(bars), "axis": axis, "first": bars[0].label, "last": bars[-1].label,
        "it": _told(most, voice),
    }  # fmt: skip


def _told(bar: _Bar, voice: Voice) -> str:
    values = {"from": bar.label, "to": bar.last}
    where = voice.say("%(from)s to %(to)s") % values if bar.values > 1 else bar.label
    told = voice.say("%(where)s: %(n)s games")
    expected = ""
    if bar.expected is not None:
        expected = voice.say(", %(n)s expected") % {"n": voice.number(bar.expected, 1)}
    return told % {"where": where, "n": voice.number(bar.observed)} + expected


def _ticks(highest: float) -> list[float]:
    """From 0 to above ``highest`` in four to eight even steps of 1, 2 or 5 and zeros."""
    power = 10.0 ** floor(log10(max(highest, 1) / 4))
    step = max(1.0, next(power * n for n in (1, 2, 5, 10) if highest <= power * n * 8))
    return [step * count for count in range(int(-(-highest // step)) + 1)] if highest else [0, 1]


def _legend(svg: ET.Element, expected: bool, voice: Voice) -> None:
    ET.SubElement(svg, "rect", x=str(LEFT), y="31", width="12", height="12", fill=BAR)
    mine = voice.say("this job")
    _text(svg, LEFT + 18, 41, mine)
    if expected:
        place = LEFT + 36 + 6 * max(8, len(mine))
        _mark(svg, place, place + 16, 37)
        _text(svg, place + 22, 41, voice.say("expected of as many games drawn blindly"))


def _grid(svg: ET.Element, ticks: Sequence[float], voice: Voice) -> None:
    for tick in ticks:
        y = _height(tick, ticks[-1])
        opacity = "0.15" if tick else "0.6"
        line = {"d": f"M{LEFT} {y}H{WIDTH - RIGHT}", "stroke": "currentColor"}
        ET.SubElement(svg, "path", line | {"stroke-opacity": opacity})
        _text(svg, LEFT - 8, float(y) + 4, voice.number(tick), **{"text-anchor": "end"})


def _draw(svg: ET.Element, bars: Sequence[_Bar], top: float, voice: Voice) -> None:
    room = (WIDTH - LEFT - RIGHT) / max(1, len(bars))
    wide = min(room * 0.8, 48)
    longest = max((len(bar.label) for bar in bars), default=1)
    every = -(-int(longest * 7 + 8) // int(max(room, 1)))  # labels must not touch
    for place, bar in enumerate(bars):
        middle = LEFT + room * (place + 0.5)
        y = _height(bar.observed / bar.values, top)
        group = ET.SubElement(svg, "g")
        ET.SubElement(group, "title").text = _told(bar, voice)
        ET.SubElement(
            group, "rect", x=_short(middle - wide / 2), y=y, width=_short(wide),
            height=_short(HEIGHT - BOTTOM - float(y)), fill=BAR,
        )  # fmt: skip
        if bar.expected is not None:
            reach = min(room / 2, wide * 0.65)
            at = float(_height(bar.expected / bar.values, top))
            _mark(group, middle - reach, middle + reach, at)
        if place % every == 0:
            _text(svg, middle, HEIGHT - BOTTOM + 16, bar.label, **{"text-anchor": "middle"})


def _mark(parent: ET.Element, start: float, stop: float, y: float) -> None:
    line = {"d": f"M{_short(start)} {_short(y)}H{_short(stop)}", "stroke": MARK}
    ET.SubElement(parent, "path", line | {"stroke-width": "2"})


def _text(parent: ET.Element, x: float, y: float, text: str, **more: str) -> None:
    ET.SubElement(parent, "text", {"x": _short(x), "y": _short(y), **more}).text = text


def _height(value: float, top: float) -> str:
    return _short(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top)


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
