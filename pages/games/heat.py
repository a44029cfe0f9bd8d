"""How often each number came, on the ticket itself."""

from typing import Any
from xml.etree import ElementTree as ET  # only written here, never read

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from generation.lotteries import Lottery
from pages.games.tickets import cells_of, columns_of, rows_of
from pages.templatetags.shown import grouped

CELL = 44
FAINTEST = 0.08


def heat_map(lottery: Lottery, statistics: dict[str, Any]) -> SafeString:
    """An SVG document: the more often a number came, the darker; its title has the figures."""
    values = statistics["numbers"]["values"]
    counts = dict(enumerate(values, start=1))
    if not lottery.digits:
        counts = {int(item["value"]): item for item in values}
    seen = [item["observed"] for item in counts.values()]
    least, most = min(seen, default=0), max(seen, default=0)
    columns, rows = columns_of(lottery), rows_of(lottery)
    box = f"0 0 {columns * CELL} {rows * CELL}"
    svg = ET.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": box, "class": "chart heat", "role": "img",
        "aria-label": _("How often each number came: from %(least)s to %(most)s games") % {
            "least": grouped(least), "most": grouped(most)},
        "font-size": "14", "text-anchor": "middle",
    })  # fmt: skip
    for cell in cells_of(lottery):
        item = counts.get(cell.number)
        observed = item["observed"] if item else 0
        heat = FAINTEST + (0.8 - FAINTEST) * (observed - least) / (most - least or 1)
        group = ET.SubElement(svg, "g")
        ET.SubElement(group, "title").text = _title(cell.face, observed, item)
        x, y = cell.column * CELL, cell.row * CELL
        ET.SubElement(group, "rect", {
            "class": "c3", "x": str(x + 2), "y": str(y + 2), "width": str(CELL - 4),
            "height": str(CELL - 4), "rx": "8", "fill": "currentColor",
            "fill-opacity": f"{heat:.2f}",
        })  # fmt: skip
        label = ET.SubElement(group, "text", {
            "x": str(x + CELL // 2), "y": str(y + CELL // 2 + 5), "fill": "currentColor",
        })  # fmt: skip
        label.text = cell.face
    return mark_safe(ET.tostring(svg, encoding="unicode"))  # noqa: S308  # nosec


def _title(face: str, observed: int, item: dict[str, Any] | None) -> str:
    told = _("%(number)s: in %(n)s games") % {"number": face, "n": grouped(observed)}
    if item and item["expected"] is not None:
        told += _(", %(n)s expected") % {"n": grouped(item["expected"], 1)}
    return told
