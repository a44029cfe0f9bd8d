"""Whether finished and deferred tasks slow the claim, on PostgreSQL:
`python -m benchmarks.bench_backlog`.

The same claims on a table that holds nothing else, and on one with a million finished and a
million deferred tasks. Also what maintenance's look costs there, and a batch of pruning.
"""

import statistics
import sys
import time
from collections.abc import Sequence

from benchmarks.environment import project
from benchmarks.report import Report, parse_options
from benchmarks.worker import Worker

FILL = """
INSERT INTO django_ray_runtime_queuedtask
    (id, state, task_path, args, kwargs, backend, queue_name, priority, options, attempt,
     failures, losses, worker_ids, enqueued_at, run_after, started_at, finished_at, return_value)
SELECT gen_random_uuid(), %s, 'benchmarks.tasks.nothing', '[]', '{}', 'default', 'default', 0,
       '{}', 1, 0, 0, '["w"]', now() - interval '1 day', %s, now(), %s, 'null'
FROM generate_series(1, %s)
"""


def fill(quantity: int) -> None:
    """So many finished, and so many deferred tasks, as after a long time of work."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    now, later = timezone.now(), timezone.now() + timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(FILL, ["SUCCESSFUL", None, now, quantity])
        cursor.execute(FILL, ["SCHEDULED", later, None, quantity])
        cursor.execute("VACUUM ANALYZE django_ray_runtime_queuedtask")
        cursor.execute("CHECKPOINT")  # what the filling left to write must not count


def claims(worker: str, batch: int, repeat: int) -> float:
    """Median milliseconds of a claim of `batch` tasks."""
    from benchmarks.tasks import nothing
    from django_ray_runtime.records import Outcome
    from django_ray_runtime.states import State
    from django_ray_runtime.store import get_store

    store, taken = get_store(), []
    for _ in range(repeat):
        nothing.enqueue_many([()] * batch)
        began = time.perf_counter()
        got = store.claim(["default"], batch, worker)
        taken.append(time.perf_counter() - began)
        assert len(got) == batch
        store.finish_many(
            worker, [Outcome(id=c.id, attempt=c.attempt, state=State.SUCCESSFUL) for c in got]
        )
    return statistics.median(taken) * 1000


def claims_without_and_beside(
    quantity: int, repeat: int, batches: Sequence[int]
) -> dict[int, tuple[float, float]]:
    """By batch: milliseconds of a claim on the empty table, and beside so many finished and so
    many deferred tasks."""
    from django_ray_runtime.states import WorkerState
    from django_ray_runtime.store import get_liveness

    liveness, worker = get_liveness(), f"bench:{time.monotonic_ns()}"
    liveness.register(worker, ["default"])
    liveness.move(worker, WorkerState.ACTIVE)
    claims(worker, 1, 20)
    empty = [claims(worker, batch, repeat) for batch in batches]
    fill(quantity)
    claims(worker, 1, 20)
    beside = [claims(worker, batch, repeat) for batch in batches]
    liveness.move(worker, WorkerState.STOPPED)
    return dict(zip(batches, zip(empty, beside, strict=True), strict=True))


def lateness(quantity: int) -> float:
    """Milliseconds from when a deferred task was due to when a worker claimed it, the worst of
    so many, by the database's clock."""
    from datetime import timedelta

    from django.utils import timezone

    from benchmarks.tasks import nothing
    from django_ray_runtime.models import QueuedTask

    start = timezone.now() + timedelta(seconds=1)
    ids = [
        nothing.using(run_after=start + timedelta(seconds=0.23 * n)).enqueue().id
        for n in range(quantity)
    ]
    rows = QueuedTask.objects.filter(id__in=ids)
    while rows.finished().count() < quantity:
        time.sleep(0.1)
    late = [(row.started_at - row.run_after).total_seconds() for row in rows]
    return max(late) * 1000


def main() -> int:
    options = parse_options(__doc__ or "")
    quantity, repeat = (100_000, 100) if options.quick else (1_000_000, 300)
    report = Report(f"Claims beside {quantity:,} finished and {quantity:,} deferred tasks")
    with project("postgresql"):
        from django_ray_runtime.states import State
        from django_ray_runtime.store import get_pruning, get_waiting

        found = claims_without_and_beside(quantity, repeat, (1, 10, 100))
        for batch, (alone, beside) in found.items():
            report.add(f"claim of {batch}, empty table", alone, "ms")
            report.add(
                f"claim of {batch}, beside them", beside, "ms",
                baseline="empty table", ratio=alone / beside, ratio_at_least=1 / 1.5,
            )  # fmt: skip
        began = time.perf_counter()
        for _ in range(repeat):
            get_waiting().seconds_until_next()
        look = (time.perf_counter() - began) / repeat
        report.add("maintenance looks for what is due", look * 1000, "ms")
        with Worker("--executor", "sequential"):
            report.add(
                "a deferred task starts late by, worst of 30", lateness(30), "ms", at_most=1000
            )
        began = time.perf_counter()
        pruned = get_pruning().prune({State.SUCCESSFUL: 0.001})
        took = time.perf_counter() - began
        report.add(f"pruning a batch of {pruned}", took * 1000, "ms")
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
