"""Where one PostgreSQL ends: `python -m benchmarks.simulate_scaling [--quick] [--json FILE]`.

Measures what tasks and workers cost a database, simulates up to 1,000 workers with these costs,
and what each remedy gains. `--costs FILE` takes the costs from the JSON of an earlier run.
"""

import argparse
import json
import math
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from benchmarks.environment import project
from benchmarks.report import Report
from benchmarks.scaling_chart import draw
from benchmarks.scaling_model import Costs, Setup, simulate

WORKERS = (1, 10, 100, 1000)
LOAD = 0.7  # of the slots
DAY, GOAL = 86_400, 100e6
COST, CUT_COST = "cost: ", "cost with the table cut by day: "
SHORTER, SATURATED_SECONDS = 10, 1.5
LARGER = 8  # times the slots, on so many times fewer workers


def options_of() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure and simulate less")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw the remedies there")
    parser.add_argument("--costs", type=Path, metavar="FILE", help="the JSON of an earlier run")
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS, metavar="N")
    parser.add_argument("--slots", type=int, default=16, metavar="N", help="of a worker")
    parser.add_argument("--task-seconds", type=float, default=1.0, metavar="S")
    parser.add_argument("--rate", type=float, metavar="N", help="tasks a second (0.7 of the slots)")
    parser.add_argument("--cores", type=int, default=16, metavar="N", help="of the database")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    return parser.parse_args()


def measured(report: Report, quick: bool) -> tuple[Costs, Costs]:
    """The costs of the table as it is, and of one cut by day; with what is told beside them."""
    with project("postgresql"):
        from benchmarks.scaling_costs import measure
        from benchmarks.scaling_fleet import compare, idle
        from benchmarks.scaling_table import measure_table

        parts = [report] if quick else [report, Report("the same again")]
        rounds = [asdict(measure(part, quick)) for part in parts]
        # What else runs on the machine can only make them larger.
        costs = Costs(**{name: min(one[name] for one in rounds) for name in rounds[0]})
        costs = compare(report, costs, quick)
        costs = idle(report, costs, 5.0 if quick else 20.0)
        return costs, measure_table(report, costs, quick)


def note(report: Report, prefix: str, costs: Costs) -> None:
    """Keep the costs among the figures."""
    for name, seconds in asdict(costs).items():
        report.add(prefix + name, seconds * 1e6, "us")


def noted(path: Path, prefix: str) -> Costs:
    """The costs among the figures of an earlier run."""
    rows = json.loads(path.read_text())["rows"]
    found = {row["figure"]: row["value"] / 1e6 for row in rows}
    return Costs(**{field.name: found[prefix + field.name] for field in fields(Costs)})


def remedies(setup: Setup, costs: Costs, cut: Costs) -> dict[str, tuple[Setup, Costs, int]]:
    """Each by itself, then all: the fleet of each database, its costs, and how many databases."""
    workers = math.ceil(setup.workers / LARGER)
    larger: dict[str, Any] = {
        "workers": workers,
        "slots": math.ceil(setup.slots * setup.workers / workers),
    }
    rare: dict[str, Any] = {"poll_min": 0.5}
    # Ten times a second at least: where little comes, no hundred comes together.
    many: dict[str, Any] = {
        "enqueue_batch": 100 if setup.rate is None else int(min(100, 1 + setup.rate / 10))
    }
    gathered: dict[str, Any] = {"gather": 10 * setup.gather}
    kept = {"admit": costs.admit_prepared}
    part = replace(setup, workers=math.ceil(setup.workers / 4), rate=setup.rate and setup.rate / 4)
    every = replace(setup, **larger, **rare, **many, **gathered)
    return {
        "as it is": (setup, costs, 1),
        "POLL_MIN_SECONDS = 0.5": (replace(setup, **rare), costs, 1),
        "enqueue_many by the hundred": (replace(setup, **many), costs, 1),
        "outcomes gathered for 100 ms": (replace(setup, **gathered), costs, 1),
        "a kept plan for limited keys": (setup, replace(costs, **kept), 1),
        f"{LARGER} times fewer, larger workers": (replace(setup, **larger), costs, 1),
        "table cut by day": (setup, cut, 1),
        "four databases": (part, costs, 4),
        "all of these on one database": (every, replace(cut, **kept), 1),
    }


def by_workers(report: Report, options: argparse.Namespace, costs: Costs, cut: Costs) -> None:
    """Fleets of all sizes, each with tasks for a part of its slots."""
    for workers in options.workers:
        setup = setup_of(options, workers)
        rate = options.rate or LOAD * workers * setup.slots / setup.task_seconds
        ways = remedies(replace(setup, rate=rate), costs, cut)
        for way in ("as it is", "POLL_MIN_SECONDS = 0.5", "all of these on one database"):
            fleet, prices, _ = ways[way]
            found = simulate(fleet, prices)
            name = f"{workers} workers, {rate:,.0f} tasks/s, {way}"
            report.add(f"{name}: finished", found.throughput, "tasks/s")
            report.add(f"{name}: database busy", 100 * found.utilisation, "%")
            report.add(f"{name}: statements", found.statements, "/s")
            report.add(f"{name}: flushes", found.flushes, "/s")
            report.add(f"{name}: claims of nothing", found.empty, "/s")
            for told, seconds in zip(("p50", "p95"), found.latencies, strict=True):
                # Where more comes than is finished, the wait grows for as long as one looks.
                late = found.throughput < 0.9 * rate
                value = seconds * 1e3
                report.add(f"{name}: wait {told}{', growing' if late else ''}", value, "ms")


def by_remedy(
    report: Report, options: argparse.Namespace, costs: Costs, cut: Costs
) -> dict[str, float]:
    """Tasks a day at saturation, by remedy: tasks so short that the slots are not the limit."""
    workers, found = max(options.workers), {}
    setup = setup_of(options, workers)
    seconds = SATURATED_SECONDS / (3 if options.quick else 1)
    setup = replace(setup, task_seconds=setup.task_seconds / SHORTER, seconds=seconds)
    for name, (fleet, prices, databases) in remedies(setup, costs, cut).items():
        outcome = simulate(fleet, prices)
        # Only one is simulated: the others do the same.
        found[name] = databases * outcome.throughput * DAY
        told = f"{workers} workers saturated, {name}"
        report.add(
            f"{told}: tasks a day", found[name] / 1e6, "million",
            baseline="as it is", ratio=found[name] / found["as it is"],
        )  # fmt: skip
        report.add(f"{told}: database busy", 100 * outcome.utilisation, "%")
    return found


def setup_of(options: argparse.Namespace, workers: int) -> Setup:
    """A fleet as the command line wants it; simulated for longer than its tasks take."""
    tasks = options.task_seconds
    seconds = (2.5 if options.quick else 4.5) * max(1.0, tasks) * (1 if workers > 50 else 4)
    return Setup(
        workers, slots=options.slots, task_seconds=tasks, cores=options.cores, seconds=seconds,
        seed=options.seed,
    )  # fmt: skip


def main() -> int:
    options = options_of()
    report = Report(f"One PostgreSQL, {options.cores} cores of it simulated")
    if options.costs:
        costs, cut = noted(options.costs, COST), noted(options.costs, CUT_COST)
    else:
        costs, cut = measured(report, options.quick)
    note(report, COST, costs)
    note(report, CUT_COST, cut)
    by_workers(report, options, costs, cut)
    found = by_remedy(report, options, costs, cut)
    if options.svg:
        workers = max(options.workers)
        told = f"{workers:,} workers and {options.cores} cores"
        options.svg.write_text(draw(found, told, GOAL))
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
