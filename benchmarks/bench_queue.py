"""How fast the queue is emptied, on PostgreSQL: `python -m benchmarks.bench_queue`.

No-op tasks, results stored, each its own Ray call. The baselines in the same run are Ray calls
without any queue, and claims and finishes without running anything.
"""

import statistics
import subprocess
import sys
import time

from benchmarks.environment import project
from benchmarks.report import Report, parse_options
from benchmarks.worker import ROOT, Worker

# Run in a process of its own, because Ray is started for it.
RAY_CALLS = """
import sys, time, ray
ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
         configure_logging=False)
call = ray.remote(max_retries=0)(lambda: None)
quantity, repeat = int(sys.argv[1]), int(sys.argv[2])
ray.get([call.remote() for _ in range(200)])
for _ in range(repeat):
    began = time.perf_counter()
    ray.get([call.remote() for _ in range(quantity)])
    print(quantity / (time.perf_counter() - began))
"""


def fill(quantity: int) -> None:
    """Queue no-op tasks, in bulk."""
    from django_ray_runtime.models import QueuedTask

    QueuedTask.objects.all().delete()
    rows = (QueuedTask(task_path="benchmarks.tasks.nothing") for _ in range(quantity))
    QueuedTask.objects.bulk_create(rows, batch_size=5_000)


def drain(quantity: int) -> float:
    """Tasks a second that the worker finishes, from the first claim to the last outcome, by the
    database's clock."""
    from django.db.models import Max, Min

    from django_ray_runtime.models import QueuedTask

    fill(quantity)
    while QueuedTask.objects.finished().count() < quantity:
        time.sleep(0.1)
    ends = QueuedTask.objects.aggregate(first=Min("started_at"), last=Max("finished_at"))
    return float(quantity / (ends["last"] - ends["first"]).total_seconds())


def batches_alone(quantity: int, batch: int = 100) -> float:
    """Tasks a second through claims and finishes of `batch`, nothing run."""
    from django_ray_runtime.records import Outcome
    from django_ray_runtime.states import State, WorkerState
    from django_ray_runtime.store import get_liveness, get_store

    store, liveness, worker = get_store(), get_liveness(), f"bench:{time.monotonic_ns()}"
    liveness.register(worker, ["default"])
    liveness.move(worker, WorkerState.ACTIVE)
    fill(quantity)
    began = time.perf_counter()
    while claims := store.claim(["default"], batch, worker):
        done = [
            Outcome(id=c.id, attempt=c.attempt, state=State.SUCCESSFUL, return_value="null")
            for c in claims
        ]
        store.finish_many(worker, done)
    rate = quantity / (time.perf_counter() - began)
    liveness.move(worker, WorkerState.STOPPED)
    return rate


def ray_calls(quantity: int, repeat: int) -> float:
    """Ray calls a second, in bulk, without a queue."""
    command = [sys.executable, "-c", RAY_CALLS, str(quantity), str(repeat)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return statistics.median(map(float, run.stdout.split()))


def main() -> int:
    options = parse_options(__doc__ or "")
    quantity, repeat = (2_000, 3) if options.quick else (10_000, 5)
    report = Report("The queue on PostgreSQL, no-op tasks")
    with project("postgresql"):
        bulk = ray_calls(quantity, repeat)
        report.add("Ray calls in bulk, no queue", bulk, "calls/s")
        floor = statistics.median(batches_alone(quantity) for _ in range(repeat))
        report.add("claim and finish in batches of 100, nothing run", floor, "tasks/s")
        for executor, at_least in (("ray", 800), ("sequential", None)):
            with Worker("--executor", executor, "--address", "local", "--concurrency", "100"):
                drain(500)
                rate = statistics.median(drain(quantity) for _ in range(repeat))
            report.add(
                f"drain through a worker, {executor}", rate, "tasks/s",
                baseline="Ray in bulk", ratio=rate / bulk, at_least=at_least,
            )  # fmt: skip
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
