"""Whole jobs, through queue, worker and Ray to a file: `python -m benchmarks.bench_jobs`.

Chunks over two cores against one, jobs from submission to the file on disk on a worker that is
up, and the memory of its processes. Needs two cores.
"""

import statistics
import sys
import time
from typing import Any

from benchmarks.environment import project
from benchmarks.report import Report, parse_options
from benchmarks.worker import Worker

DEMO = {"min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240, "seed": 1}
MIB = 2**20


def fan_out(report: Report, quantity: int, repeat: int) -> None:
    """Chunks through `parallel_imap` over Ray on two CPUs against the same call on one core."""
    from django_ray_runtime import ray_cluster
    from django_ray_runtime.conf import read
    from django_ray_runtime.distributed import sequentially

    with sequentially():
        _make(1_000_000)  # loads the kernel here
    cluster = ray_cluster.start(read({"RAY_NUM_CPUS": 2}))
    try:
        _make(10_000_000)  # and in Ray's processes
        one: list[float] = []
        two: list[float] = []
        for _ in range(repeat):
            with sequentially():
                one.append(_make(quantity))
            two.append(_make(quantity))
    finally:
        cluster.close()
    rate, alone = quantity / statistics.median(two), quantity / statistics.median(one)
    report.add(f"{quantity:,} games, one core", alone, "games/s")
    report.add(
        f"{quantity:,} games, Ray on two cores", rate, "games/s",
        baseline="one core", ratio=rate / alone, ratio_at_least=1.6,
    )  # fmt: skip


def _make(quantity: int) -> float:
    from django_ray_runtime.distributed import parallel_imap
    from generation.chunks import run_chunk
    from generation.constraints import GameConstraints
    from generation.lotteries import get_lottery
    from generation.planning import plan_chunks

    wanted: Any = {"lottery": get_lottery("mega-sena"), "constraints": GameConstraints(seed=1)}
    began = time.perf_counter()
    made = sum(
        len(games)
        for games in parallel_imap.options(chunk_size=1)(run_chunk, plan_chunks(quantity), **wanted)
    )
    if made != quantity:
        raise RuntimeError(f"{made} games instead of {quantity}")
    return time.perf_counter() - began


def whole_jobs(report: Report, repeat: int) -> None:
    """From submission to the file on disk, and the peak of unshared memory meanwhile."""
    for executor in ("ray", "sequential"):
        with Worker("--executor", executor, "--address", "local") as worker:
            for quantity, at_most in ((1_000_000, 3.0), (10_000_000, 12.0)):
                took = statistics.median(_job(quantity) for _ in range(repeat))
                report.add(
                    f"job of {quantity:,} games to CSV, {executor}", took, "s", at_most=at_most
                )
            with worker.peak_memory() as peaks:
                _job(10_000_000)
            highest = max(peaks, key=peaks.__getitem__)
            report.add(
                f"peak USS of a process, 10,000,000 games, {executor} ({highest.split()[0]})",
                peaks[highest] / MIB, "MiB", at_most=400,
            )  # fmt: skip


def _job(quantity: int) -> float:
    from generation.constraints import GameConstraints
    from generation.jobs import follow_job, submit_job
    from generation.models import GenerationJob
    from generation.orders import Order

    began = time.perf_counter()
    job = submit_job(Order("mega-sena", GameConstraints(**DEMO), quantity))
    *_, status = follow_job(job.id)
    took = time.perf_counter() - began
    if status.state != "SUCCESSFUL":
        raise RuntimeError(f"the job ended {status.state}: {status.error}")
    GenerationJob.objects.get(id=job.id).path.unlink()
    return took


def main() -> int:
    options = parse_options(__doc__ or "")
    report = Report("Jobs of lottery games, SQLite")
    with project("sqlite"):
        fan_out(report, 50_000_000, 1 if options.quick else 5)
        whole_jobs(report, 1 if options.quick else 5)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
