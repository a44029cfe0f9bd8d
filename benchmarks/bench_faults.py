"""What becomes of tasks while workers are killed all the time, on PostgreSQL:
`python -m benchmarks.bench_faults`.

One worker lives; beside it others are started, work for some seconds, and are killed with
`kill -9`, supervisor and all, so that nobody is left to say so. Each task notes its runs in a
table of its own, in a transaction of its own. At the end every task must be in one final state,
with its outcome; the outcome of each run that was cut off is told once more, and must be refused.
The time of a restart is taken for every task that a killed worker held, begun or not, until it runs
or is lost again. Tasks of 10 ms, 20 held at once; `--quick` leaves out Ray.
"""

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.environment import project
from benchmarks.report import Report, parse_options

TASK_SECONDS = 0.01
BACKLOG = 500
WORK_SECONDS = 2.5  # of a worker before it is killed
RESTART_SECONDS = 20.0


def feed(enqueued: int) -> int:
    """Keep a backlog; returns how many are enqueued in all."""
    from django_ray_runtime.models import QueuedTask
    from tests.faults.tasks import work

    lacking = BACKLOG - QueuedTask.objects.ready().count()
    if lacking > 0:
        work.enqueue_many([(TASK_SECONDS,)] * lacking)
    return enqueued + max(0, lacking)


def kill_for(seconds: float, arguments: list[str], folder: Path) -> tuple[int, int, Any]:
    """Kill workers for so long. Returns kills, tasks, and what was killed when."""
    from tests.faults.killing import Killed
    from tests.faults.ledger import wait_until_final
    from tests.support import WorkerProcess, worker_process

    killed, kills, enqueued = Killed(), 0, feed(0)
    with ExitStack() as stack:
        stack.enter_context(worker_process(folder / "survivor", *arguments))
        until = time.monotonic() + seconds
        while time.monotonic() < until or not kills:
            victim = WorkerProcess(folder / "victim", *arguments)
            stack.callback(victim.stop)
            victim.wait_until_active()
            end = time.monotonic() + WORK_SECONDS
            while time.monotonic() < end:
                enqueued = feed(enqueued)
                time.sleep(0.1)
            killed.kill(victim)
            kills += 1
        wait_until_final(enqueued, 240)
    return kills, enqueued, killed


def measure(report: Report, executor: str, seconds: float) -> None:
    """The figures of one executor."""
    from django_ray_runtime.models import QueuedTask
    from tests.faults.ledger import check_laws, count_refused, ledger, runs

    arguments = ["--executor", executor, "--address", "local", "--concurrency", "20"]
    QueuedTask.objects.all().delete()
    with ledger(), tempfile.TemporaryDirectory() as folder:
        kills, tasks, killed = kill_for(seconds, arguments, Path(folder))
        lost = tasks - QueuedTask.objects.filter(state="SUCCESSFUL").count()
        twice = sum(len(its_runs) - 1 for its_runs in runs().values())
        if not lost:
            check_laws(tasks, killed.boots)
        ledger_of = runs()
        refused = count_refused(ledger_of)
        restarts = killed.restarts(ledger_of) or [0.0]
    report.add(f"{executor}: workers killed", kills, "")
    report.add(f"{executor}: tasks", tasks, "")
    report.add(f"{executor}: lost", lost, "tasks", at_most=0)
    report.add(f"{executor}: run again, having been in flight at a kill", twice, "runs")
    report.add(
        f"{executor}: their late outcomes refused", refused, "outcomes",
        at_least=twice, at_most=twice,
    )  # fmt: skip
    report.add(
        f"{executor}: kill to run again, p50", statistics.median(restarts), "s",
    )  # fmt: skip
    report.add(f"{executor}: kill to run again, max", max(restarts), "s", at_most=RESTART_SECONDS)


def main() -> int:
    options = parse_options(__doc__ or "")
    report = Report("Workers killed with kill -9, supervisor and all, again and again")
    with project("postgresql"):
        measure(report, "sequential", 15 if options.quick else 300)
        if not options.quick:
            measure(report, "ray", 180)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
