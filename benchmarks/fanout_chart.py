"""The figures of bench_fanout as a picture, and as a table on stdout:
`python -m benchmarks.fanout_chart JSON SVG`.

A line for each workload, a dot for each way to run it, by how many times the best of all it took;
parallel_map is the filled one.
"""

import json
import math
import sys
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import Any

OURS = "parallel_map"
LEFT, RIGHT, TOP, LINE, WIDTH = 190, 60, 70, 34, 900
MOST = 10_000.0  # times the best: what is slower stands at the edge
COLOURS = {
    "loop": "#8c8c8c",
    "processes": "#b8860b",
    "Ray, a call per item": "#d1495b",
    "Ray's Pool": "#7b4fa3",
    "joblib on Ray": "#2e8b57",
    "Dask": "#e07b00",
    "django-ray": "#8b4513",
}
BY_HAND = "Ray, chunked by hand"
COLOURS[BY_HAND] = "#4a90d9"
NAIVE = "Ray, a call per item"
BEFORE = {"loop", NAIVE, BY_HAND}


def by_workload(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Milliseconds by workload and way; the best of the chunk sizes by hand."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        workload, colon, way = row["figure"].partition(": ")
        if not colon or row["unit"] != "ms":
            continue
        way = BY_HAND if "chunks per CPU" in way else way
        found[workload][way] = min(row["value"], found[workload].get(way, math.inf))
    return dict(found)


def place(times: float) -> float:
    """Where a ratio stands, on a scale of powers of ten."""
    share = math.log10(min(max(times, 1.0), MOST)) / math.log10(MOST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def draw(workloads: dict[str, dict[str, float]]) -> str:
    """The picture as SVG."""
    height = TOP + LINE * len(workloads) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    parts += legend()
    for power in range(5):
        x = place(10**power)
        told = "as the best" if power == 0 else f"{10**power:,} times"
        parts.append(f'<path d="M{x} {TOP - 8}V{height - 34}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{height - 16}" text-anchor="middle">{told}</text>')
    for number, (workload, took) in enumerate(workloads.items()):
        y = TOP + LINE * number + LINE / 2
        best = min(took.values())
        parts.append(
            f'<text x="{LEFT - 14}" y="{y + 4}" text-anchor="end">{escape(workload)}</text>'
        )
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#eee"/>')
        for way, value in sorted(took.items(), key=lambda one: one[0] == OURS):
            parts.append(dot(place(value / best), y, way, f"{way}: {value:,.1f} ms"))
    return "\n".join([*parts, "</svg>", ""])


def dot(x: float, y: float, way: str, told: str) -> str:
    """A way to run a workload, with its figure as a title."""
    look = (
        'r="7" fill="#111"'
        if way == OURS
        else f'r="5" fill="white" stroke="{COLOURS.get(way, "#555")}" stroke-width="2.5"'
    )
    return f'<circle cx="{x:.1f}" cy="{y}" {look}><title>{escape(told)}</title></circle>'


def legend() -> list[str]:
    """What each dot means."""
    parts = []
    for number, way in enumerate([OURS, *COLOURS]):
        x, y = 20 + 175 * (number % 5), 18 + 20 * (number // 5)
        parts.append(dot(x, y, way, way))
        parts.append(f'<text x="{x + 12}" y="{y + 4}">{escape(way)}</text>')
    return parts


def table(workloads: dict[str, dict[str, float]]) -> str:
    """The same in Markdown, milliseconds; the best of each line is bold."""
    ways = ["loop", NAIVE, BY_HAND, *(way for way in COLOURS if way not in BEFORE), OURS]
    lines = ["| | " + " | ".join(ways) + " |", "|---" * (len(ways) + 1) + "|"]
    for workload, took in workloads.items():
        best = min(took.values())
        cells = [_cell(took.get(way), best) for way in ways]
        lines.append(f"| {workload} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float | None, best: float) -> str:
    if value is None:
        return ""
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"**{text}**" if value == best else text


def main(source: str, target: str) -> None:
    """Draw the figures of `source` to `target`."""
    rows = json.loads(Path(source).read_text())["rows"]
    workloads = by_workload(rows)
    Path(target).write_text(draw(workloads))
    print(table(workloads))


if __name__ == "__main__":
    main(*sys.argv[1:3])
