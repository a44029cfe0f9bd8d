"""Which workers are at work: for programs that wait for one, and for people."""

from dataclasses import dataclass

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import Worker
from django_ray_runtime.states import WorkerState


@dataclass(frozen=True, slots=True)
class ActiveWorker:
    """A worker that takes tasks."""

    id: str
    executor: str
    concurrency: int
    queues: tuple[str, ...]


def active_workers() -> list[ActiveWorker]:
    """Those that are ACTIVE in the database, oldest first."""
    rows = Worker.objects.using(runtime_settings().database).filter(state=WorkerState.ACTIVE)
    return [
        ActiveWorker(row.id, row.executor, row.concurrency, tuple(row.queues))
        for row in rows.order_by("started_at")
    ]
