"""Steps of what becomes of tasks, and what is read of them."""

import io
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.tasks import TaskResult
from django.utils import timezone

from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.records import Claim, Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store import Store, get_waiting
from django_ray_runtime.worker.dispatcher import Dispatcher

QUEUES = ["default"]


def enqueue(store: Store, count: int = 1, **values: object) -> list[QueuedTask]:
    return [store.enqueue(QueuedTask(task_path="tests.tasks.add", **values)) for _ in range(count)]


def success(claim: Claim, value: str = "1") -> Outcome:
    return Outcome(id=claim.id, attempt=claim.attempt, state=State.SUCCESSFUL, return_value=value)


def make_silent(worker: str, seconds: float = 60) -> None:
    past = timezone.now() - timedelta(seconds=seconds)
    Worker.objects.filter(id=worker).update(last_beat=past)


def run_all(dispatcher: Dispatcher, *, with_retries: bool = False) -> None:
    while True:
        if with_retries:
            QueuedTask.objects.scheduled().update(run_after=timezone.now() - timedelta(seconds=1))
            get_waiting().promote()
        if not dispatcher.fill() and dispatcher.idle:
            return
        dispatcher.flush()


def errors_of(result: TaskResult) -> list[type[BaseException]]:
    result.refresh()
    return [error.exception_class for error in result.errors]


def printed(*command: str, **options: Any) -> str:
    """What a management command prints."""
    out = io.StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue()


def states() -> dict[uuid.UUID, str]:
    return dict(QueuedTask.objects.values_list("id", "state"))


def ended(state: State, days: float = 0, **values: Any) -> QueuedTask:
    finished_at = timezone.now() - timedelta(days=days)
    values = {"task_path": "a.task", **values}
    return QueuedTask.objects.create(state=state, finished_at=finished_at, **values)


def later(**distance: float) -> datetime:
    return timezone.now() + timedelta(**distance)
