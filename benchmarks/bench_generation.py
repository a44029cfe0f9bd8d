"""How fast games are made, and files of them written: ``python -m benchmarks.bench_generation``.

One core, warm. The baseline is rejection sampling in numpy, measured in turns with ours. Whole
jobs, over two cores and to a file, are measured by ``benchmarks.bench_jobs``.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rejection import Wishes, games_by_rejection, plain, tuned
from benchmarks.report import Report, median_seconds, parse_options, seconds
from generation.chunks import job_space, run_chunk, warm_up
from generation.constraints import GameConstraints
from generation.formats import FORMATS, open_writer
from generation.lotteries import LOTTERIES, Lottery
from generation.planning import plan_chunks
from generation.space import GameSpace

MEGA_SENA = LOTTERIES["mega-sena"]
LOTOFACIL = Lottery(key="25-15", name="15 of 25", pool=25, draw=15, min_picks=15, max_picks=20)
DEMO = {"min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240}
DISTINCT = prod(range(55, 61)) / 60**6  # of six numbers drawn with replacement
UNIT = "games/s"


@dataclass(frozen=True, slots=True)
class Case:
    """Constraints, what ours must reach, and the same wishes for the baseline."""

    name: str
    wanted: dict[str, Any]
    at_least: float
    ratio_at_least: float
    wishes: Wishes


CASES = [
    Case("6 of 60", {}, 12e6, 4, Wishes(None, None, DISTINCT)),
    Case(
        "6 of 60, odd 2-4, sum 120-240",
        DEMO,
        10e6,
        6,
        Wishes((2, 4), (120, 240), DISTINCT * 34_628_783 / 50_063_860),
    ),
]

OTHERS: list[tuple[str, Lottery, dict[str, Any]]] = [
    ("6 of 60, odd 2-4", MEGA_SENA, {"min_odd": 2, "max_odd": 4}),
    ("6 of 60, odd 2-4, sum 120-240, run 2", MEGA_SENA, {**DEMO, "max_run": 2}),
    ("6 of 60, two fixed", MEGA_SENA, {"fixed_numbers": (7, 33)}),
    ("15 of 60", MEGA_SENA, {"numbers_per_game": 15}),
    (
        "15 of 60, odd 6-9, sum 400-520, run 3",
        MEGA_SENA,
        {
            "numbers_per_game": 15,
            "min_odd": 6,
            "max_odd": 9,
            "min_sum": 400,
            "max_sum": 520,
            "max_run": 3,
        },
    ),
    (
        "15 of 25, odd 7-9, sum 180-210",
        LOTOFACIL,
        {"numbers_per_game": 15, "min_odd": 7, "max_odd": 9, "min_sum": 180, "max_sum": 210},
    ),
]


def make(
    quantity: int, wanted: dict[str, Any], lottery: Lottery = MEGA_SENA, compiled: bool = True
) -> None:
    """Make a job's games chunk by chunk, as a worker does, and let each chunk go."""
    constraints = GameConstraints(seed=1, **wanted)
    numbers = constraints.numbers_per_game
    for chunk in plan_chunks(quantity, numbers_per_game=numbers):
        run_chunk(chunk, lottery=lottery, constraints=constraints, compiled=compiled)


def against_rejection(report: Report, case: Case, repeat: int) -> None:
    """Ours and two forms of rejection sampling in turns, so that all meet the same machine."""
    ours_quantity, quantity = 4_000_000, 1_000_000
    rng = np.random.default_rng(1)
    ways: dict[str, Callable[[], object]] = {
        "ours": partial(make, ours_quantity, case.wanted),
        "plain": partial(games_by_rejection, plain, quantity, case.wishes, rng),
        "tuned": partial(games_by_rejection, tuned, quantity, case.wishes, rng),
    }
    for way in ways.values():
        way()
    turns = [{name: seconds(way) for name, way in ways.items()} for _ in range(repeat)]
    took = {name: statistics.median(turn[name] for turn in turns) for name in ways}
    rate = ours_quantity / took["ours"]
    plain_rate, tuned_rate = quantity / took["plain"], quantity / took["tuned"]
    report.add(
        case.name,
        rate,
        UNIT,
        baseline="numpy rejection",
        ratio=rate / plain_rate,
        at_least=case.at_least,
        ratio_at_least=case.ratio_at_least,
    )
    report.add(f"{case.name}: numpy rejection", plain_rate, UNIT)
    report.add(
        f"{case.name}: numpy rejection, tuned",
        tuned_rate,
        UNIT,
        baseline="numpy rejection",
        ratio=tuned_rate / plain_rate,
    )


def other_constraints(report: Report, repeat: int) -> None:
    """What further counters and longer games cost."""
    for name, lottery, wanted in OTHERS:
        space, _ = job_space(lottery, GameConstraints(seed=1, **wanted))
        quantity = min(1_000_000, space.count)
        took = median_seconds(partial(make, quantity, wanted, lottery), repeat)
        report.add(name, quantity / took, UNIT)


def without_numba(report: Report, repeat: int) -> None:
    """numpy alone, as on machines where numba is missing."""
    quantity = 500_000
    took = median_seconds(partial(make, quantity, {}, compiled=False), repeat)
    report.add("6 of 60 by numpy", quantity / took, UNIT, at_least=2e6)


def tables(report: Report, repeat: int) -> None:
    """Counting the games and building their table, as every new job does in every process."""
    for name, lottery, wanted in [("6 of 60, odd 2-4, sum 120-240", MEGA_SENA, DEMO), OTHERS[4]]:
        constraints = GameConstraints(**wanted)
        took = median_seconds(partial(GameSpace, lottery, constraints), repeat)
        size = GameSpace(lottery, constraints).table_bytes
        report.add(f"{name}: table of {size / 2**20:.1f} MiB", took * 1000, "ms")


def files(report: Report, repeat: int) -> None:
    """Writing and hashing games that are already made."""
    games = run_chunk((0, 1_000_000), lottery=MEGA_SENA, constraints=GameConstraints(seed=1))

    def write(file_format: str, path: Path) -> None:
        with open_writer(file_format, path, [f"n{n}" for n in range(1, 7)]) as writer:
            for start, stop in plan_chunks(len(games)):
                writer.write(games[start:stop])

    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS:
            path = Path(folder) / f"games.{name}"
            took = median_seconds(partial(write, name, path), repeat)
            bound = 0.45 if name == "csv" else None
            report.add(f"1,000,000 games to {name}", took, "s", at_most=bound)


def main() -> int:
    options = parse_options(__doc__ or "")
    repeat = 5 if options.quick else 15
    if not warm_up():
        print("numba is missing or switched off, so there is no kernel to measure", file=sys.stderr)
        return 2
    report = Report("Generation of games, one core")
    for case in CASES:
        against_rejection(report, case, repeat)
    without_numba(report, repeat)
    other_constraints(report, repeat)
    tables(report, repeat)
    files(report, repeat)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
