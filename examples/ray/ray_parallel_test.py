"""Many items: serial beside parallel, in chunks, and results by their importance.

python ray_parallel_test.py
"""

import time
from collections import defaultdict
from collections.abc import Sequence

import cluster
import ray

type Row = tuple[str, float]


def heavy(number: int) -> int:
    """A tenth of a second of work, or about that."""
    until = time.process_time() + 0.1
    steps = 0
    while time.process_time() < until:
        steps += 1
    return number % 7


remote_heavy = ray.remote(heavy)


# Sending a row costs more than adding it: rows travel in chunks, and what comes back is small.
@ray.remote
def sums_of(rows: Sequence[Row]) -> dict[str, float]:
    return serial_sums(rows)


def serial_sums(rows: Sequence[Row]) -> dict[str, float]:
    """The sum for each name."""
    found: dict[str, float] = defaultdict(float)
    for name, value in rows:
        found[name] += value
    return dict(found)


def chunked_sums(rows: Sequence[Row], size: int = 1_000) -> dict[str, float]:
    """The same, a call for each chunk; the parts are added in the order of the chunks."""
    chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
    found: dict[str, float] = defaultdict(float)
    for part in ray.get([sums_of.remote(chunk) for chunk in chunks]):
        for name, value in part.items():
            found[name] += value
    return dict(found)


def by_priority(results: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The highest score first; those with the same score as they came (Python's sort is stable)."""
    return sorted(results, key=lambda one: -one[1])


def serial_and_parallel() -> None:
    """Ten items, one after the other and all at once."""
    began = time.perf_counter()
    one_by_one = [heavy(number) for number in range(10)]
    serial = time.perf_counter() - began
    began = time.perf_counter()
    at_once = ray.get([remote_heavy.remote(number) for number in range(10)])
    parallel = time.perf_counter() - began
    print(f"  {serial:.2f} s and {parallel:.2f} s: {serial / parallel:.1f} times as fast")
    cluster.check("both give the same", one_by_one == at_once)


def chunks() -> None:
    """Rows in chunks, added up."""
    for count in (0, 1, 999, 1_000, 1_001, 25_000):
        rows = [(f"name {n % 5}", float(n)) for n in range(count)]
        cluster.check(
            f"{count:,} rows: as the loop has it", chunked_sums(rows) == serial_sums(rows)
        )


def priorities() -> None:
    """Results as they come, shown by their importance."""
    scores = {"a typo": 2, "a leak": 9, "an idea": 5, "an outage": 9, "a question": 2}

    @ray.remote
    def judge(name: str) -> tuple[str, int]:
        return name, scores[name]

    pending, finished = [judge.remote(name) for name in scores], []
    while pending:  # ray.wait tells which are done, so that nobody waits for the slowest
        done, pending = ray.wait(pending)
        finished += ray.get(done)
    print(f"  {by_priority(finished)}")
    in_order = [(name, scores[name]) for name in scores]
    cluster.check("all are there", sorted(finished) == sorted(in_order))
    cluster.check(
        "the highest come first, equal ones as they were",
        [name for name, _ in by_priority(in_order)]
        == ["a leak", "an outage", "an idea", "a typo", "a question"],
    )


if __name__ == "__main__":
    cluster.run(serial_and_parallel, chunks, priorities)
