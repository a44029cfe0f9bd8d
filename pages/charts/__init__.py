"""Charts as SVG: only presentation attributes and classes, so that a strict policy may show them.

Each has a title and a description for those who cannot see it. Colours are those of the page
(classes c1, c2, c3). Figures are written in the reader's language.
"""

from pages.charts.bars import bar_chart
from pages.charts.cells import cell_chart
from pages.charts.xy import Series, xy_chart

__all__ = ["Series", "bar_chart", "cell_chart", "xy_chart"]
