"""Half an hour of everything at once: `python -m benchmarks.load.soak`, or `make soak`.

People who look at pages and watch jobs, programs that ask, order, calculate and download slowly;
meanwhile it is noted what the processes hold, and whether that grows after they have warmed up.
"""

import sys
from collections.abc import Callable
from typing import Any

import psutil

from benchmarks.environment import clean_up_when_terminated
from benchmarks.load.chart import drawn
from benchmarks.load.growth import Samples, Series
from benchmarks.load.ledger import outcome
from benchmarks.load.site import Running, running, users
from benchmarks.report import Report, options_parser
from benchmarks.sampling import client_connections
from benchmarks.web_site import GAMES

KINDS = {
    "SteadyAsking": 16, "Reading": 8, "Watching": 20, "SteadyDownloading": 4,
    "SteadySubmitting": 2, "Calculating": 2,
}  # fmt: skip
MB = 1_000_000
SAMPLES = 200


def measured(where: Running) -> list[tuple[Series, Callable[[], float]]]:
    """What is looked at, and by how much it may grow."""

    def web() -> list[psutil.Process]:
        return where.web.workers

    def work() -> list[psutil.Process]:
        return [where.worker.supervisor, where.worker.child]

    return [
        (Series("web processes, unshared memory", "MB", 24), _sum(web, _uss)),
        (Series("web processes, resident memory", "MB", 48), _sum(web, _rss)),
        (Series("web processes, open files", "files", 16), _sum(web, lambda p: p.num_fds())),
        (Series("web processes, threads", "threads", 8), _sum(web, lambda p: p.num_threads())),
        (Series("worker, unshared memory", "MB", 24), _sum(work, _uss)),
        (Series("worker, open files", "files", 8), _sum(work, lambda p: p.num_fds())),
        (Series("worker, threads", "threads", 8), _sum(work, lambda p: p.num_threads())),
        (Series("connections to PostgreSQL", "connections", 4), client_connections),
    ]  # fmt: skip


def _sum(
    processes: Callable[[], list[psutil.Process]], of: Callable[[Any], float]
) -> Callable[[], float]:
    return lambda: float(sum(of(process) for process in processes()))


def _uss(process: Any) -> float:
    return float(process.memory_full_info().uss) / MB


def _rss(process: Any) -> float:
    return float(process.memory_info().rss) / MB


def main() -> int:
    clean_up_when_terminated()
    parser = options_parser(__doc__ or "", chart=True)
    parser.add_argument("--minutes", type=float, default=30, help="how long it lasts (30)")
    options = parser.parse_args()
    minutes = min(options.minutes, 1.5) if options.quick else options.minutes
    report = Report(f"Soak: everything at once for {minutes:g} minutes")
    executor, warm = ("sequential", False) if options.quick else ("ray", True)
    with running(executor, GAMES // 10, warm=warm) as where:
        seconds = int(60 * minutes)
        with Samples(measured(where), seconds / SAMPLES) as samples:
            rows = users(where, KINDS, seconds, LOAD_SUBMISSIONS="1000000")
        found = outcome(where.ledger, others=1)
    for row in rows:
        report.add(f"{row['name']}: requests", row["num_requests"], "requests", at_least=1)
    failed = sum(row["num_failures"] for row in rows)
    report.add("requests that failed", failed, "requests", at_most=0)
    report.add("orders accepted, but not made", found.accepted - found.made, "jobs", at_most=0)
    report.add("orders made twice, or never given", found.twice, "jobs", at_most=0)
    for series in samples.series:
        report.add(f"{series.name}, at the end", series.values[-1], series.unit)
        # A short one is all warm-up.
        at_most = None if options.quick else series.at_most
        report.add(f"{series.name}, growth after the first third", series.growth, series.unit,
                   at_most=at_most)  # fmt: skip
    ended = report.finish(options)  # first: the picture is a change of the commit that it names
    if options.svg:
        options.svg.write_text(drawn(samples.series, minutes))
    return ended


if __name__ == "__main__":
    sys.exit(main())
