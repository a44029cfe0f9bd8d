"""The page of all figures, with its charts, from benchmarks/results: `python -m benchmarks.page`.

`make bench-full` measures all of them again and then renders it. A test tells when page and results
differ.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ratio_chart import TIMES, draw

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "explanation" / "benchmarks.md"
CHARTS = PAGE.parent / "benchmarks"

HEAD = """\
# All figures

<!-- Made by `python -m benchmarks.page` from benchmarks/results; change those, not this. -->

What the benchmarks measured last, as they wrote it. Baselines are measured in the same run on the
same machine; *ratio* is how many times better a figure is than its baseline. A *bound* is what the
script demands: it ends with code 1 where one is missed. Figures of different machines cannot be
compared.

```text
make bench          all of them, briefly, for a look
make bench-full     all of them as here, into benchmarks/results, and this page; hours, alone
```

What one machine measures says little about a cluster, and what is said of clusters here is measured
on nodes that this machine plays. Figures in which we come out worse than a baseline are here too.
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """One file of results, and what is said about it."""

    name: str
    title: str
    module: str
    words: str
    picture: str = ""  # one that a script of its own draws; else the ratios are drawn
    terse: bool = False  # only figures that are compared or bounded: the others are steps to them


SUITES = (
    Suite(
        "generation", "Making games", "bench_generation",
        "One core, warm, beside rejection sampling in numpy: as one writes it, and tuned.",
    ),
    Suite(
        "constraints", "Dearer constraints", "bench_constraints",
        "Many counters at once, past draws, overlap between games. The baseline of overlap is a "
        "loop with a set.",
    ),
    Suite(
        "jobs", "Whole jobs", "bench_jobs",
        "From submission to the file on disk, through queue, worker and Ray.",
    ),
    Suite(
        "fanout", "Fan-out", "bench_fanout",
        "`parallel_map` beside a loop, Ray by hand, processes, joblib, Dask and django-ray; the "
        "baseline is the best of them all, so 1 is as good as the best. "
        "[What fan-out costs](fanout.md) has each.",
        picture="fanout.svg", terse=True,
    ),
    Suite(
        "queue", "The queue, beside others", "bench_queue",
        "Ours through real workers with results stored, what bounds it, and other queues. "
        "[How fast the queue is](queue-speed.md) says what was measured and how.",
        picture="queue.svg",
    ),
    Suite(
        "faults", "While workers are killed", "bench_faults",
        "Workers are killed with `kill -9` all the time; then everything is counted.",
    ),
    Suite(
        "services", "Analytic services", "ray_comparison_benchmark",
        "Beside loops over the usual libraries. [What the services gain](services.md).",
        picture="services.svg", terse=True,
    ),
    Suite(
        "pages", "Pages", "bench_pages",
        "Server time with a hundred thousand jobs in the database, beside the same with one job.",
    ),
    Suite(
        "scaling", "Where one PostgreSQL ends", "simulate_scaling",
        "Statements measured; a fleet worked out from them. [The whole of it](scaling.md).",
        picture="scaling.svg", terse=True,
    ),
)  # fmt: skip


def render() -> dict[Path, str]:
    """The page and its charts, each at its place."""
    made: dict[Path, str] = {}
    parts = [HEAD]
    for suite in SUITES:
        measured = json.loads((RESULTS / f"{suite.name}.json").read_text())
        picture = suite.picture
        if not picture and (chart := draw(measured["rows"])):
            picture = f"benchmarks/{suite.name}.svg"
            made[PAGE.parent / picture] = chart
        parts.append(_section(suite, measured, picture))
    made[PAGE] = "\n".join(parts)
    return made


def _section(suite: Suite, measured: dict[str, Any], picture: str) -> str:
    lines = [f"## {suite.title}", "", suite.words, ""]
    if picture:
        lines += [f"![{suite.title}: each figure beside its baseline]({picture})", ""]
    lines += [
        "| figure | value | ratio | beside | bound |", "|---|--:|--:|---|---|",
        *(_row(row) for row in measured["rows"] if not suite.terse or _matters(row)), "",
    ]  # fmt: skip
    lines += [_origin(suite, measured), ""]
    return "\n".join(lines)


def _matters(row: dict[str, Any]) -> bool:
    return row["ratio"] is not None or row["bound"] is not None


def _row(row: dict[str, Any]) -> str:
    ratio = "" if row["ratio"] is None else f"{number(row['ratio'])} {TIMES}"
    bound = (row["bound"] or "").replace(">=", "≥").replace("<=", "≤")
    if row["holds"] is False:
        bound += " **missed**"
    cells = (row["figure"], f"{number(row['value'])} {row['unit']}".strip(), ratio,
             row["baseline"] or "", bound)  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _origin(suite: Suite, measured: dict[str, Any]) -> str:
    machine, commit = measured["machine"], measured["commit"] or "unknown"
    changed = " with changes" if commit.endswith("-dirty") else ""
    packages = ", ".join(
        f"{name} {version}"
        for name, version in machine.items()
        if name not in ("cpu", "cores", "platform", "python") and version
    )
    return (
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}; {packages}. "
        f"Commit {commit[:7]}{changed}. Again: "
        f"`.venv/bin/python -m benchmarks.{suite.module} --json FILE`."
    )


def number(value: float) -> str:
    """Three digits that count, in groups of three."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def main() -> int:
    """Write what differs."""
    for path, text in render().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(path.relative_to(HERE.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
