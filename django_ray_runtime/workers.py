"""Which workers are at work: for programs that wait for one, and for people."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now

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


def has_recent_worker() -> bool:
    """Whether a living worker's heartbeat is younger than `DEAD_AFTER_SECONDS`, by the
    database's clock."""
    settings = runtime_settings()
    since = Now() - Value(timedelta(seconds=settings.dead_after_seconds))
    oldest = ExpressionWrapper(since, output_field=DateTimeField())
    living = Worker.objects.using(settings.database).living()
    return living.filter(last_beat__gte=oldest).exists()
