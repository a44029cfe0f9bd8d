"""What is told of tasks that were taken from lost workers."""

from django_ray_runtime.log import log_event
from django_ray_runtime.store import Released


def log_released(released: Released, by: str) -> None:
    """A line for each worker that lost some, and one for each task that is charged with it."""
    for worker, count in released.by_worker.items():
        log_event("rescued", lost=worker, by=by, count=count)
    failed = set(released.failed)
    for task in released.charged:
        then = "FAILED" if task.id in failed else "runs again"
        log_event("lost", task, losses=task.losses + 1, then=then)
