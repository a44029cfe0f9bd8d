"""The figures of bench_fanout as a picture, and as a table on stdout:
`python -m benchmarks.fanout_chart JSON SVG`.

A line for each workload, a dot for each way to run it, by how many times the best of all it took;
parallel_map is the filled one.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

OURS = "parallel_map"
WIDTH = 900
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


@dataclass(frozen=True)
class Grid:
    """A line for each workload over the powers of ten from 1 on; what is beyond the last of them
    stands at the edge."""

    lines: int
    left: int = 190
    right: int = 60
    top: int = 70
    line: int = 34
    powers: int = 4

    @property
    def height(self) -> int:
        return self.top + self.line * self.lines + 40

    def place(self, times: float) -> float:
        """Where a ratio stands."""
        share = math.log10(min(max(times, 1.0), 10.0**self.powers)) / self.powers
        return self.left + share * (WIDTH - self.left - self.right)

    def middle(self, number: int) -> float:
        """How far down a line is."""
        return self.top + self.line * number + self.line / 2

    def begin(self) -> list[str]:
        """The beginning of the picture."""
        return [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{self.height}" fill="white"/>',
        ]

    def scale(self, told: Callable[[int], str]) -> list[str]:
        """The powers of ten, and what is told below each."""
        parts = []
        for power in range(self.powers + 1):
            x, below = self.place(10**power), told(10**power)
            parts.append(f'<path d="M{x} {self.top - 8}V{self.height - 34}" stroke="#ddd"/>')
            parts.append(
                f'<text x="{x}" y="{self.height - 16}" text-anchor="middle">{below}</text>'
            )
        return parts

    def name(self, number: int, workload: str) -> list[str]:
        """A workload's name and its line."""
        y = self.middle(number)
        return [
            f'<text x="{self.left - 14}" y="{y + 4}" text-anchor="end">{escape(workload)}</text>',
            f'<path d="M{self.left} {y}H{WIDTH - self.right}" stroke="#eee"/>',
        ]


def draw(workloads: dict[str, dict[str, float]]) -> str:
    """The picture as SVG."""
    grid = Grid(len(workloads))
    parts = [*grid.begin(), *legend()]
    parts += grid.scale(lambda times: "as the best" if times == 1 else f"{times:,} times")
    for number, (workload, took) in enumerate(workloads.items()):
        best = min(took.values())
        parts += grid.name(number, workload)
        for way, value in sorted(took.items(), key=lambda one: one[0] == OURS):
            told = f"{way}: {value:,.1f} ms"
            parts.append(dot(grid.place(value / best), grid.middle(number), way, told))
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
