"""The whole site under load: `python -m benchmarks.load`, or `make load`.

Two web processes, a worker and PostgreSQL on this machine, and Locust's users beside them: statuses
as fast as they come, downloads of a file of a million games all at once, half of them slow, and
orders, of which none may be lost.
"""

import sys
import time

from benchmarks.environment import clean_up_when_terminated
from benchmarks.load.ledger import outcome
from benchmarks.load.site import Running, running, users
from benchmarks.report import Report, parse_options
from benchmarks.sampling import Peak
from benchmarks.web_site import GAMES

LEAST_PER_SECOND = 300.0
MOST_P95_MS = 100.0
MOST_GROWTH_MB = 64.0
ASKERS = 16
LONGEST_SECONDS = 900
MB = 1_000_000


def ask(report: Report, where: Running, seconds: int) -> None:
    """Statuses, by users who ask again at once."""
    users(where, {"Asking": ASKERS}, 5)  # threads and connections are there after it
    [row] = users(where, {"Asking": ASKERS}, seconds)
    took = row["last_request_timestamp"] - row["start_time"]
    report.add("status requests", row["num_requests"] / took, "requests/s",
               at_least=LEAST_PER_SECOND)  # fmt: skip
    report.add("status requests that failed", row["num_failures"], "requests", at_most=0)
    [row] = users(where, {"Asking": 2}, seconds // 2)
    report.add("status, p95 of two users", _p95(row), "ms", at_most=MOST_P95_MS)


def download(report: Report, where: Running, count: int) -> None:
    """The file, all at once."""
    before = where.web.memory()
    with Peak(where.web.memory) as peak:
        rows = users(where, {"Downloading": count}, LONGEST_SECONDS, LOAD_DOWNLOADS=str(count))
    whole = sum(row["num_requests"] for row in rows if row["name"] == "download")
    failed = sum(row["num_failures"] for row in rows)
    size = where.site.job.size / MB
    report.add(f"whole of {count} downloads at once of {size:.0f} MB", whole - failed,
               "downloads", at_least=count)  # fmt: skip
    report.add("what they took of memory, both web processes", (peak.value - before) / MB, "MB",
               at_most=MOST_GROWTH_MB)  # fmt: skip


def submit(report: Report, where: Running, count: int) -> None:
    """Orders, and what was made of them."""
    began = time.perf_counter()
    rows = users(where, {"Submitting": 8}, LONGEST_SECONDS, LOAD_SUBMISSIONS=str(count))
    accepting = time.perf_counter() - began
    found = outcome(where.ledger, others=1)
    ended = time.perf_counter() - began
    report.add("orders that failed", sum(row["num_failures"] for row in rows), "requests",
               at_most=0)  # fmt: skip
    report.add(f"accepted of {count} orders", found.accepted, "jobs", at_least=count)
    report.add("made at the first attempt, with all their games", found.made, "jobs",
               at_least=count)  # fmt: skip
    report.add("made twice, or never ordered", found.twice, "jobs", at_most=0)
    report.add("orders, all accepted after", accepting, "s")
    report.add("orders, all made after", ended, "s")


def _p95(row: dict[str, dict[str, int]]) -> float:
    """In milliseconds, of Locust's rounded ones."""
    times = sorted((float(took), count) for took, count in row["response_times"].items())
    left = 0.95 * sum(count for _, count in times)
    for took, count in times:
        left -= count
        if left <= 0:
            return took
    return 0.0


def main() -> int:
    clean_up_when_terminated()
    options = parse_options(__doc__ or "")
    quick = options.quick
    report = Report("Load: 2 web processes, a worker, PostgreSQL and Locust's users")
    games = GAMES // 10 if quick else GAMES
    with running("sequential" if quick else "ray", games, warm=not quick) as where:
        ask(report, where, 8 if quick else 30)
        download(report, where, 20 if quick else 100)
        submit(report, where, 50 if quick else 1000)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
