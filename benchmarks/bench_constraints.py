"""What the dearer constraints cost: ``python -m benchmarks.bench_constraints``.

One core, warm: many counters at once, past draws, pairwise overlap, filters, and counting before
anything is made. The baseline of overlap is the way one writes it by hand: the same
games, and the sets of numbers that no two may share in a Python set.
"""

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

from benchmarks.report import Report, median_seconds, parse_options
from generation.chunks import job_space, run_chunk, warm_up
from generation.constraints import GameConstraints
from generation.lotteries import LOTTERIES
from generation.making import Making
from generation.orders import count_games
from generation.planning import plan_chunks
from generation.space import GameSpace

MEGA_SENA = LOTTERIES["mega-sena"]
UNIT = "games/s"
DRAWS = 2_900
MANY = {
    "min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240, "max_run": 2, "max_primes": 3,
}  # fmt: skip
FIFTEEN = {
    "numbers_per_game": 15, "min_odd": 6, "max_odd": 9, "min_sum": 400, "max_sum": 520,
    "max_run": 3,
}  # fmt: skip
COLUMNS = {"max_per_column": 3, "min_sum": 120, "max_sum": 240, "max_primes": 3}


def made_up_draws() -> tuple[tuple[int, ...], ...]:
    """As many draws as Mega-Sena has had, always the same."""
    dice = random.Random(1)
    return tuple(tuple(sorted(dice.sample(range(1, 61), 6))) for _ in range(DRAWS))


def chunks_of(quantity: int, wanted: dict[str, Any]) -> None:
    """A job's games chunk by chunk, each let go."""
    constraints = GameConstraints(seed=1, **wanted)
    for chunk in plan_chunks(quantity, numbers_per_game=constraints.numbers_per_game):
        run_chunk(chunk, lottery=MEGA_SENA, constraints=constraints, compiled=True)


def deliver(quantity: int, wanted: dict[str, Any]) -> None:
    """A job's games as a job makes them, its second stage included."""
    making = Making(MEGA_SENA, GameConstraints(seed=1, **wanted), quantity)
    for _ in making:
        pass
    assert making.complete, making.reason


def speeds(report: Report, quantity: int, repeat: int) -> None:
    """Counters, past draws and filters against games without constraints."""
    draws = made_up_draws()
    cases: list[tuple[str, dict[str, Any], Callable[..., None], float | None]] = [
        ("odd, sum, run and primes", MANY, chunks_of, 10e6),
        ("15 of 60, odd, sum and run", FIFTEEN, chunks_of, 4e6),
        ("without past winners", {"exclude_past": "all", "past_draws": draws}, chunks_of, 3e6),
        ("without 5 numbers of one", {"exclude_past": 5, "past_draws": draws}, chunks_of, None),
        ("columns, sum and primes, filtered", COLUMNS, deliver, None),
    ]
    plain = quantity / median_seconds(partial(chunks_of, quantity, {}), repeat)
    report.add("6 of 60", plain, UNIT)
    for name, wanted, way, at_least in cases:
        way(1000, wanted)  # builds the table
        rate = quantity / median_seconds(partial(way, quantity, wanted), repeat)
        report.add(name, rate, UNIT, baseline="6 of 60", ratio=rate / plain, at_least=at_least)


def counting(report: Report, repeat: int) -> None:
    """How many games there are: with the table at hand, and with a new one."""
    lottery = MEGA_SENA.key
    for name, wanted in (("6 of 60, four constraints", MANY), ("15 of 60, three", FIFTEEN)):
        constraints = GameConstraints(**wanted)
        space = GameSpace(MEGA_SENA, constraints)
        took = median_seconds(partial(GameSpace, MEGA_SENA, constraints), repeat)
        bound = 500 if wanted is FIFTEEN else None
        report.add(
            f"{name}: counted anew, {space.table_bytes / 2**20:.0f} MiB", took * 1000, "ms",
            at_most=bound,
        )  # fmt: skip
        count_games(lottery, constraints)
        took = median_seconds(partial(count_games, lottery, constraints), repeat)
        report.add(f"{name}: counted again", took * 1000, "ms", at_most=50)


def by_hand(quantity: int) -> None:
    """Greedy overlap as one writes it: each set of five numbers may come once."""
    seen: set[tuple[int, ...]] = set()
    kept = at = 0
    constraints = GameConstraints(seed=1)
    while kept < quantity:
        chunk = (at, at + 4096)
        for game in run_chunk(chunk, lottery=MEGA_SENA, constraints=constraints).tolist():
            fives = list(combinations(game, 5))
            if kept < quantity and seen.isdisjoint(fives):
                seen.update(fives)
                kept += 1
        at += 4096


def overlap(report: Report, repeat: int, quick: bool) -> None:
    """Games of which no two share more than so many numbers."""
    few = 20_000
    hand = few / median_seconds(partial(by_hand, few), repeat)
    report.add(f"at most 4 shared, {few:,} games by hand", hand, UNIT)
    cases = [(4, 100_000, 0.5), (4, 800_000, None), (3, 10_000, None), (3, 15_000, None)]
    for most, quantity, at_most in cases[: 3 if quick else None]:
        wanted = {"max_repetition": most}
        deliver(100, wanted)
        took = median_seconds(partial(deliver, quantity, wanted), repeat)
        baseline = {"baseline": "by hand", "ratio": quantity / took / hand} if most == 4 else {}
        report.add(
            f"at most {most} shared, {quantity:,} games", took, "s", at_most=at_most, **baseline
        )


def main() -> int:
    """Measure everything and print it; returns the exit code."""
    options = parse_options(__doc__)
    repeat = 3 if options.quick else 5
    report = Report("Constraints of games")
    began = time.perf_counter()
    warm_up()
    job_space(MEGA_SENA, GameConstraints(seed=1))
    report.add("loading the kernel", time.perf_counter() - began, "s")
    speeds(report, 1_000_000 if options.quick else 4_000_000, repeat)
    counting(report, repeat)
    overlap(report, repeat, options.quick)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
