"""How many times better figures are than their baselines, as a picture."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, LEFT, RIGHT, TOP, LINE = 900, 330, 190, 40, 24
TIMES = "\N{MULTIPLICATION SIGN}"
BETTER, WORSE = "#1b6e4b", "#d1495b"


def draw(rows: Sequence[dict[str, Any]]) -> str:
    """A bar for each figure that has a ratio, from the line of its baseline, as long as the
    logarithm of the ratio; an empty text where there is none."""
    shown = [row for row in rows if row["ratio"]]
    if not shown:
        return ""
    logs = [math.log10(row["ratio"]) for row in shown]
    low, high = min(0.0, *map(math.floor, logs)), max(1.0, *map(math.ceil, logs))
    height = TOP + LINE * len(shown) + 20

    def place(log: float) -> float:
        return LEFT + (log - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(place(0), 18, "as good as the baseline", 'text-anchor="middle" fill="#555"'),
    ]
    for power in range(int(low), int(high) + 1):
        colour = "#555" if power == 0 else "#ddd"
        parts.append(
            f'<line x1="{place(power):.1f}" x2="{place(power):.1f}" y1="{TOP - 14}" '
            f'y2="{height - 18}" stroke="{colour}"/>'
        )
        parts.append(
            _text(
                place(power),
                height - 4,
                f"{10.0**power:g} {TIMES}",
                'text-anchor="middle" fill="#555"',
            )
        )
    for line, (row, log) in enumerate(zip(shown, logs, strict=True)):
        parts += _bar(TOP + LINE * line, row, place(0), place(log))
    return "\n".join([*parts, "</svg>", ""])


def _bar(top: float, row: dict[str, Any], start: float, end: float) -> list[str]:
    left, width = min(start, end), max(abs(end - start), 1)
    colour = BETTER if end >= start else WORSE
    beside = f"{row['ratio']:.3g} {TIMES} {row['baseline'] or ''}"
    return [
        _text(LEFT - 10, top + 12, row["figure"], 'text-anchor="end" fill="#111"'),
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="16" fill="{colour}"/>',
        _text(max(start, end) + 6, top + 12, beside, 'fill="#555"'),
    ]


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" {style}>{escape(words)}</text>'
