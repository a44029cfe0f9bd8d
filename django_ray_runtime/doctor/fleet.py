"""The workers, the queues and the tasks that wait."""

from collections.abc import Iterator

from django_ray_runtime.doctor.report import Check, ok, problem, warning
from django_ray_runtime.overview import (
    QueueView,
    WorkerView,
    queues,
    unfinished_task_paths,
    workers,
)
from django_ray_runtime.results import load_task

OLD_SECONDS = 300.0  # for a ready task to wait


def workers_and_queues() -> Iterator[Check]:
    """Who is alive, and whether somebody serves each queue."""
    found = workers()
    alive = [worker for worker in found if not worker.silent]
    if alive:
        slots = sum(worker.concurrency for worker in alive)
        yield ok("workers", "alive", f"{len(alive)} alive, {slots} tasks at once.")
    else:
        remedy = "Start one: manage.py run_ray_worker."
        yield warning("workers", "alive", "No worker is running.", remedy)
    yield from (_silent(worker, bool(alive)) for worker in found if worker.silent)
    for queue in queues():
        yield _served(queue, alive)


def _silent(worker: WorkerView, others: bool) -> Check:
    told = f"{worker.id} sent no heartbeat for {worker.heartbeat_age_seconds:.0f} s."
    if worker.running and not others:
        told += f" {worker.running:,} of its tasks count as running, and nobody takes them over."
        remedy = "Start a worker: after DEAD_AFTER_SECONDS of its own it runs them again."
        return problem("workers", "silent", told, remedy)
    remedy = "Look at its process and its machine. Another living worker takes its tasks over."
    return warning("workers", "silent", told, remedy)


def _served(queue: QueueView, alive: list[WorkerView]) -> Check:
    name = f"queue {queue.name}"
    waiting = queue.ready + queue.blocked
    told = f"{queue.ready:,} ready, {queue.blocked:,} blocked, {queue.running:,} running."
    if queue.paused:
        remedy = f"Resume it: manage.py pause_queues {queue.name} --resume."
        return warning("workers", name, f"Paused. {told}", remedy)
    if not any(queue.name in worker.queues for worker in alive):
        remedy = f"Start one: manage.py run_ray_worker --queues {queue.name}."
        if waiting:
            return problem("workers", name, f"No worker serves it. {told}", remedy)
        return warning("workers", name, "No worker serves it; nothing waits there.", remedy)
    age = queue.oldest_ready_seconds or 0.0
    if age > OLD_SECONDS:
        remedy = "Add workers or --concurrency, or see what they run (queue_status)."
        told = f"The oldest ready task waits for {age / 60:.0f} min. {told}"
        return warning("workers", name, told, remedy)
    return ok("workers", name, told)


def tasks(paths: list[str]) -> Iterator[Check]:
    """Whether the tasks that wait can be imported here. Their paths are put into `paths`."""
    paths += unfinished_task_paths()
    broken = unimportable(paths)
    for path, error in broken.items():
        remedy = "Deploy the code that declares it, or cancel these tasks."
        yield problem("tasks", path, error, remedy)
    if not broken:
        told = f"{len(paths)} in unfinished rows, all importable." if paths else "None waits."
        yield ok("tasks", "declarations", told)


def unimportable(paths: list[str]) -> dict[str, str]:
    """Those tasks that this process cannot import, and why."""
    broken = {}
    for path in paths:
        try:
            load_task(path)
        except Exception as error:  # a module may raise anything when it is imported
            broken[path] = f"{type(error).__name__}: {error}"
    return broken
