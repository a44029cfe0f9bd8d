"""A job's statistics as a file to keep: JSON, a page with charts, or the charts alone."""

import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from generation.charts import charts_of, sheet_of
from generation.lotteries import get_lottery

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font-family: system-ui, sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 1.5rem }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem }}
dd {{ margin: 0 }}
svg {{ max-width: 100%; height: auto; margin-top: 1.5rem }}
</style>
</head>
<body>
<h1>{title}</h1>
<dl>
{summary}
</dl>
{charts}
</body>
</html>
"""


class UnknownReport(ValueError):
    """The file's name does not end as a report's does."""


def demand_report(path: Path) -> None:
    """Raise ``UnknownReport`` for a name that does not say what to write."""
    if path.suffix.lower() not in _REPORTS:
        raise UnknownReport(
            f"{path.name} does not end in {' or '.join(_REPORTS)}; give the statistics such a name"
        )


def write_report(path: Path, statistics: Mapping[str, Any]) -> None:
    """Write the statistics as the file's ending says. Raises ``UnknownReport``, ``OSError``."""
    demand_report(path)
    path.write_text(_REPORTS[path.suffix.lower()](statistics), encoding="utf-8")


def summary(statistics: Mapping[str, Any]) -> dict[str, str]:
    """What the statistics say, in a few lines of text by name."""
    valid, score = statistics["valid_games"], statistics["score"]
    lines = {
        "games counted": f"{statistics['games']:,}",
        "drawn from": "more than can be counted" if valid is None else f"{valid:,} valid games",
    }
    if statistics["theory"] != "exact":
        lines["expectations"] = f"those of games {statistics['theory']}"
    if score:
        usual = "" if score["usual"] else "; more than chance explains in 19 of 20 jobs"
        lines["largest deviation"] = (
            f"{score['largest_deviation']:.2f} standard deviations, at {score['of']}"
            f" ({score['compared']} values compared, usually below"
            f" {score['usually_below']:.2f}{usual})"
        )
    for name in ("odd", "sum", "overlap"):
        if test := statistics[name]["chi_square"]:
            lines[f"chi-square of {name}"] = (
                f"{test['statistic']:,.1f} of {test['degrees']} degrees of freedom, p = {test['p']}"
            )
    return lines


def _json(statistics: Mapping[str, Any]) -> str:
    return json.dumps(statistics, indent=1) + "\n"


def _page(statistics: Mapping[str, Any]) -> str:
    lottery = get_lottery(statistics["lottery"])
    lines = summary(statistics).items()
    return _PAGE.format(
        title=escape(f"Statistics of {statistics['games']:,} games of {lottery.name}"),
        summary="\n".join(
            f"<dt>{escape(name)}</dt><dd>{escape(line)}</dd>" for name, line in lines
        ),
        charts="\n".join(charts_of(statistics).values()),
    )


_REPORTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    ".json": _json,
    ".html": _page,
    ".svg": lambda statistics: sheet_of(statistics) + "\n",
}
