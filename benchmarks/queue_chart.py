"""The rates of bench_queue as a picture, and as tables on stdout:
`python -m benchmarks.queue_chart JSON SVG`.

A bar for each way, as long as the logarithm of how many tasks a second it does.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

NOTHING = "no-op tasks drained"
CPU = "10 ms of CPU drained"
SLEEP = "10 ms asleep drained"
ONE_BY_ONE = "enqueued one by one"
BULK = "enqueued in bulk"
GROUPS = (NOTHING, CPU, SLEEP, ONE_BY_ONE, BULK)

OURS, FLOOR, PEER = "#111", "#9aa5b1", "#d1495b"
LEGEND = (
    (OURS, "ours"),
    (FLOOR, "without a queue of ours: what bounds it"),
    (PEER, "other queues"),
)
OUR_NAMES = ("Ray on ", "sequential on ", "PostgreSQL", "SQLite")

WIDTH, LEFT, RIGHT, TOP, LINE = 900, 230, 90, 60, 22
POWERS = range(1, 7)

type Rates = dict[str, dict[str, float]]


def by_group(rows: Iterable[Mapping[str, Any]]) -> Rates:
    """Tasks a second by what is measured and by way, the fastest first."""
    found: Rates = defaultdict(dict)
    for row in rows:
        group, _, way = row["figure"].partition(": ")
        if group in GROUPS:
            found[group][way] = row["value"]
    return {
        group: dict(sorted(found[group].items(), key=lambda one: -one[1]))
        for group in GROUPS
        if group in found
    }


def draw(rows: Iterable[Mapping[str, Any]]) -> str:
    """The picture as SVG."""
    parts: list[str] = []
    top = float(TOP)
    for group, ways in by_group(rows).items():
        parts.append(_text(20, top + 15, f"{group}, a second", 'font-weight="bold"'))
        top += 26
        for way, rate in ways.items():
            parts += _bar(top, way, rate)
            top += LINE
        top += 14
    bottom = top - 8
    frame = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 30:.0f}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{bottom + 30:.0f}" fill="white"/>',
    ]
    return "\n".join([*frame, *_legend(), *_scale(bottom), *parts, "</svg>", ""])


def _place(rate: float) -> float:
    """Where a rate stands: the powers of ten are equally far apart."""
    share = (math.log10(max(rate, 10.0)) - POWERS[0]) / (POWERS[-1] - POWERS[0])
    return LEFT + min(share, 1.0) * (WIDTH - LEFT - RIGHT)


def _bar(top: float, way: str, rate: float) -> list[str]:
    end, name = _place(rate), escape(way)
    told = escape(f"{way}: {rate:,.0f} a second")
    return [
        _text(LEFT - 10, top + 13, name, 'text-anchor="end"'),
        f'<rect x="{LEFT}" y="{top + 2:.0f}" width="{max(1.0, end - LEFT):.1f}" height="15" '
        f'fill="{_colour(way)}"><title>{told}</title></rect>',
        _text(end + 6, top + 13, f"{rate:,.0f}"),
    ]


def _colour(way: str) -> str:
    if way.startswith("only "):
        return FLOOR
    return OURS if way.startswith(OUR_NAMES) else PEER


def _scale(bottom: float) -> list[str]:
    parts = []
    for power in POWERS:
        x = _place(10**power)
        parts.append(f'<path d="M{x:.1f} {TOP - 8}V{bottom:.0f}" stroke="#ddd"/>')
        parts.append(_text(x, bottom + 18, f"{10**power:,}", 'text-anchor="middle"'))
    return parts


def _legend() -> list[str]:
    parts = []
    for number, (colour, meaning) in enumerate(LEGEND):
        x = 20 + 130 * number + (170 if number == len(LEGEND) - 1 else 0)
        parts.append(f'<rect x="{x}" y="14" width="14" height="14" fill="{colour}"/>')
        parts.append(_text(x + 20, 26, meaning))
    return parts


def _text(x: float, y: float, text: str, how: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.0f}" {how}>{text}</text>'


def tables(rows: Iterable[Mapping[str, Any]]) -> str:
    """All figures in Markdown: the rates by group, then what else was measured, with the bounds."""
    rows = list(rows)
    lines: list[str] = []
    for group, ways in by_group(rows).items():
        lines += [f"| {group} | a second |", "|---|---|"]
        lines += [f"| {way} | {_number(rate)} |" for way, rate in ways.items()] + [""]
    lines += ["| | figure | bound |", "|---|---|---|"]
    for row in rows:
        if row["bound"] or row["figure"].partition(": ")[0] not in GROUPS:
            ratio = "" if row["ratio"] is None else f", {row['ratio']:.2f}x {row['baseline']}"
            figure = f"{_number(row['value'])} {row['unit']}".strip() + ratio
            lines.append(f"| {row['figure']} | {figure} | {row['bound'] or ''} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def main(source: str, target: str) -> None:
    """Draw the figures of `source` to `target`."""
    rows = json.loads(Path(source).read_text())["rows"]
    Path(target).write_text(draw(rows))
    print(tables(rows))


if __name__ == "__main__":
    main(*sys.argv[1:3])
