"""Put the figures of bench_web, load and soak into their page: `python -m benchmarks.load.table`.

What stands between the marks of docs/explanation/load.md is written anew from benchmarks/results.
"""

import json
import sys
from typing import Any

from benchmarks.environment import ROOT

PAGE = ROOT / "docs" / "explanation" / "load.md"
PICTURE = PAGE.with_name("soak.svg")
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- figures: {} -->", "<!-- end -->"
NAMES = ("web", "load", "soak")


def table(content: dict[str, Any]) -> str:
    """The figures as Markdown, and where they were taken."""
    machine = content["machine"]
    lines = ["| figure | value | bound | beside it |", "|---|---|---|---|"]
    for row in content["rows"]:
        bound = f"{row['bound']}{'' if row['holds'] else ': **missed**'}" if row["bound"] else ""
        value = f"{row['value']:,.0f}" if abs(row["value"]) >= 100 else f"{row['value']:.3g}"
        lines.append(
            f"| {row['figure']} | {value} {row['unit']} | {bound} | {row['baseline'] or ''} |"
        )
    told = f"{machine['cores']} cores of {machine['cpu']}, Python {machine['python']}."
    return "\n".join([*lines, "", told])


def filled(page: str, name: str, text: str) -> str:
    """The page with this text between its marks. Raises ValueError where there are none."""
    before, begin, rest = page.partition(BEGIN.format(name))
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"Expected {BEGIN.format(name)} and then {END} in {PAGE}.")
    return f"{before}{begin}\n{text}\n{end}{after}"


def rendered() -> str:
    """The page with what was measured last."""
    page = PAGE.read_text()
    for name in NAMES:
        path = RESULTS / f"{name}.json"
        if path.exists():
            text = table(json.loads(path.read_text()))
            if name == "soak" and PICTURE.exists():
                text += f"\n\n![What the processes hold over time]({PICTURE.name})"
            page = filled(page, name, text)
    return page


def main() -> int:
    PAGE.write_text(rendered())
    return 0


if __name__ == "__main__":
    sys.exit(main())
