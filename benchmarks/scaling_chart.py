"""What each remedy gains, as a picture: drawn by `simulate_scaling --svg FILE`.

A bar for each, by the tasks that one fleet finishes in a day; a mark at the goal.
"""

from collections.abc import Mapping
from html import escape

WIDTH, LEFT, RIGHT, TOP, LINE = 900, 240, 90, 56, 34
BAR, FIRST, BEST = "#4a90d9", "#8c8c8c", "#111"
STEPS = 5


def draw(found: Mapping[str, float], fleet: str, goal: float) -> str:
    """The picture as SVG: tasks a day by remedy, and a goal."""
    height = TOP + LINE * len(found) + 50
    widest = max(goal, *found.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="20" y="24">Million tasks a day that {escape(fleet)} finish at most '
        "(simulated)</text>",
    ]
    for step in range(STEPS + 1):
        value = widest * step / STEPS
        x = place(value, widest)
        parts.append(f'<path d="M{x:.1f} {TOP - 8}V{height - 40}" stroke="#ddd"/>')
        told = f"{value / 1e6:,.0f}"
        parts.append(f'<text x="{x:.1f}" y="{height - 22}" text-anchor="middle">{told}</text>')
    for number, (name, value) in enumerate(found.items()):
        colour = FIRST if number == 0 else BEST if number == len(found) - 1 else BAR
        parts += bar(number, name, value, place(value, widest), colour)
    x = place(goal, widest)
    parts += [
        f'<path d="M{x:.1f} {TOP - 8}V{height - 40}" stroke="#d1495b" stroke-dasharray="4 3"/>',
        f'<text x="{x:.1f}" y="{TOP - 14}" text-anchor="middle" fill="#d1495b">'
        f"{goal / 1e6:,.0f}</text>",
    ]
    return "\n".join([*parts, "</svg>", ""])


def place(value: float, widest: float) -> float:
    """Where a value stands."""
    return LEFT + value / widest * (WIDTH - LEFT - RIGHT)


def bar(number: int, name: str, value: float, end: float, colour: str) -> list[str]:
    """A remedy's name, its bar and its figure."""
    y = TOP + LINE * number
    told = f"{value / 1e6:,.0f}"
    return [
        f'<text x="{LEFT - 14}" y="{y + 20}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{LEFT}" y="{y + 6}" width="{end - LEFT:.1f}" height="{LINE - 14}" '
        f'fill="{colour}"><title>{escape(name)}: {told} million tasks a day</title></rect>',
        f'<text x="{end + 6:.1f}" y="{y + 20}">{told}</text>',
    ]
