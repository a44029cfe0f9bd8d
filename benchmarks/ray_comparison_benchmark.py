"""The four analytic services beside what one would write without them, in one run:
`python -m benchmarks.ray_comparison_benchmark`.

Each workload is done as one writes it naturally, one thing after the other, with the usual library;
by ours on one core; by ours on a Ray of two CPUs, which is started once and warm; and by ours as a
request that goes through the queue, PostgreSQL's, to a worker of the same Ray, and is read back.
Needs what `make setup-dev` installs, and half an hour. With --quick the natural way does a part of
its work, one round is taken, and a bound that is missed is told but is no failure; a wrong result
always is.
"""

import argparse
import math
import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from benchmarks import (
    services_garch_predictor,
    services_intraday,
    services_portfolio_manager,
    services_sentiment_analyzer,
)
from benchmarks.environment import project
from benchmarks.fanout_chart import Grid
from benchmarks.report import Report
from benchmarks.side_by_side import Measured, measure
from benchmarks.through_the_queue import worker_of

# Always in this order: after the texts, which leave much memory in pieces, numpy's bootstrap takes
# twice as long.
SERVICES = {
    "garch": services_garch_predictor.cases,
    "portfolio": services_portfolio_manager.cases,
    "intraday": services_intraday.cases,
    "sentiment": services_sentiment_analyzer.cases,
}
RAY = {"RAY_NUM_CPUS": 2, "RAY_OBJECT_STORE_MEMORY": 500_000_000}
COLOURS = {"one core": "#4a90d9", "Ray on 2 CPUs": "#2e8b57", "through the queue": "#8a6bbf"}
BOUND = "#d1495b"
BAR = 12


@dataclass(slots=True)
class Comparison(Report):
    """A report that is printed with a line for each workload."""

    measured: list[Measured] = field(default_factory=list)

    def note(self, one: Measured) -> None:
        """Add a workload, all ways that it has."""
        self.measured.append(one)
        self.add(f"{one.title}: natural", one.natural, "s")
        for way, took, bound in one.ways:
            if took is not None:
                self.add(
                    f"{one.title}: {way}", took, "s",
                    baseline=one.case.baseline, ratio=one.natural / took, ratio_at_least=bound,
                )  # fmt: skip

    def _print(self) -> None:
        print(table(self.measured))


def table(measured: Sequence[Measured]) -> str:
    """In Markdown, with columns that are aligned."""
    columns = [f"{way} s | ratio | bound | holds" for way in COLOURS]
    lines = [" | ".join(["workload | natural s", *columns]).split(" | ")]
    for one in measured:
        lines.append([one.title, number(one.natural)])
        for _, took, bound in one.ways:
            lines[-1] += cells(one.natural, took, bound)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


def cells(natural: float, took: float | None, bound: float | None) -> list[str]:
    """Seconds, ratio, bound, and whether it holds."""
    if took is None:
        return ["-"] * 4
    ratio = natural / took
    verdict = ["-", "-"] if bound is None else [number(bound), "yes" if ratio >= bound else "NO"]
    return [number(took), number(ratio), *verdict]


def number(value: float) -> str:
    """Three digits, or all of those before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw(measured: Sequence[Measured]) -> str:
    """A bar for each way by its ratio, and a mark where its bound is, as SVG."""
    best = max(one.natural / took for one in measured for _, took, _ in one.ways if took)
    powers = max(1, math.ceil(math.log10(best)))
    grid = Grid(len(measured), left=410, top=40, line=4 * BAR, powers=powers)
    parts = [*grid.begin(), *legend(grid)]
    parts += grid.scale(lambda times: "as natural" if times == 1 else f"{times:,} times")
    for line, one in enumerate(measured):
        parts += grid.name(line, one.title)
        for y, (way, took, bound) in zip(
            (-3 * BAR // 2, -BAR // 2, BAR // 2), one.ways, strict=True
        ):
            if took is not None:
                parts += bar(grid, grid.middle(line) + y, way, one.natural / took, bound)
    return "\n".join([*parts, "</svg>", ""])


def bar(grid: Grid, y: float, way: str, ratio: float, bound: float | None) -> list[str]:
    """From 1 to the ratio, which is written behind; the bound as a line through it."""
    end = grid.place(ratio)
    free = max(end, grid.place(bound)) if bound else end
    told = f"{way}: {number(ratio)} times" + (f", at least {number(bound)}" if bound else "")
    parts = [
        f'<rect x="{grid.left}" y="{y}" width="{end - grid.left:.1f}" height="{BAR - 1}" '
        f'fill="{COLOURS[way]}"><title>{escape(told)}</title></rect>',
        f'<text x="{free + 5:.1f}" y="{y + BAR - 2}" font-size="11">{number(ratio)}</text>',
    ]
    return [*parts, mark(grid.place(bound), y)] if bound else parts


def mark(x: float, y: float) -> str:
    """Where a bound is."""
    return f'<path d="M{x:.1f} {y - 1}V{y + BAR}" stroke="{BOUND}" stroke-width="3"/>'


def legend(grid: Grid) -> list[str]:
    """What bars and marks mean."""
    parts = []
    for place, (way, colour) in enumerate([*COLOURS.items(), ("at least", BOUND)]):
        x, y = grid.left + 140 * place, 12
        parts.append(
            mark(x + 6, y)
            if colour == BOUND
            else f'<rect x="{x}" y="{y}" width="{BAR}" height="{BAR - 1}" fill="{colour}"/>'
        )
        parts.append(f'<text x="{x + BAR + 6}" y="{y + BAR - 2}">{way}</text>')
    return parts


def parse_options() -> argparse.Namespace:
    """As all benchmarks have them, with the picture and a choice of services."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="finish within a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw the ratios there")
    parser.add_argument(
        "--only", type=services, default=list(SERVICES), metavar="SERVICES",
        help=f"some of {','.join(SERVICES)}",
    )  # fmt: skip
    return parser.parse_args()


def services(text: str) -> list[str]:
    """The names in a list with commas."""
    names = text.split(",")
    if unknown := [name for name in names if name not in SERVICES]:
        raise argparse.ArgumentTypeError(
            f"expected some of {','.join(SERVICES)}, got {','.join(unknown)!r}"
        )
    return names


def main() -> int:
    """Measure and report; 1 when a bound is missed, but for --quick."""
    options = parse_options()
    warnings.simplefilter("ignore")  # of the optimisers, about single windows and targets
    report = Comparison("Analytic services beside their natural implementations")
    with ExitStack() as leaving:
        leaving.enter_context(project("postgresql"))
        from django_ray_runtime import ray_cluster
        from django_ray_runtime.conf import read
        from django_ray_runtime.distributed import parallel_map

        cluster = ray_cluster.start(read(RAY))
        leaving.callback(cluster.close)
        leaving.enter_context(worker_of(cluster.address))
        for name in [name for name in SERVICES if name in options.only]:
            for case in SERVICES[name](parallel_map):
                if case.in_quick or not options.quick:
                    report.note(measure(case, options.quick))
    if options.svg:
        options.svg.write_text(draw(report.measured))
    code = report.finish(options)
    return 0 if options.quick else code


if __name__ == "__main__":
    sys.exit(main())
