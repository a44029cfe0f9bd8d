"""What the processes of a soak hold over time, as a picture: a small frame for each series."""

from html import escape

from benchmarks.load.growth import WARM_UP, Series

WIDTH, HEIGHT, COLUMNS = 440, 130, 2
LEFT, TOP, RIGHT, BOTTOM = 60, 28, 16, 22
STYLE = "text{font:12px sans-serif;fill:#444}.title{font-weight:bold;fill:#111}"


def drawn(series: list[Series], minutes: float) -> str:
    """The SVG."""
    rows = -(-len(series) // COLUMNS)
    frames = "\n".join(
        f'<g transform="translate({number % COLUMNS * WIDTH},{number // COLUMNS * HEIGHT})">'
        f"{_frame(one, minutes)}</g>"
        for number, one in enumerate(series)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLUMNS * WIDTH} {rows * HEIGHT}" '
        f'role="img" aria-label="What the processes hold over time">\n<style>{STYLE}</style>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{frames}\n</svg>\n'
    )


def _frame(series: Series, minutes: float) -> str:
    most = max(series.values) * 1.05 or 1.0
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    points = " ".join(
        f"{LEFT + width * second / (60 * minutes):.1f},{TOP + height * (1 - value / most):.1f}"
        for second, value in zip(series.seconds, series.values, strict=True)
    )
    warm = LEFT + width * WARM_UP
    bottom = TOP + height
    return (
        f'<text class="title" x="{LEFT}" y="16">{escape(series.name)}</text>'
        f'<rect x="{LEFT}" y="{TOP}" width="{warm - LEFT:.1f}" height="{height}" fill="#f2f2f2"/>'
        f'<path d="M{LEFT} {TOP}V{bottom}H{LEFT + width}" fill="none" stroke="#999"/>'
        f'<text x="{LEFT - 6}" y="{TOP + 6}" text-anchor="end">{most:,.0f}</text>'
        f'<text x="{LEFT - 6}" y="{bottom}" text-anchor="end">0</text>'
        f'<text x="{LEFT + width}" y="{bottom + 15}" text-anchor="end">{minutes:g} min, '
        f"{escape(series.unit)}</text>"
        f'<polyline points="{points}" fill="none" stroke="#4a90d9" stroke-width="1.5"/>'
    )
