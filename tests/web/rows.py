"""Rows as workers leave them, in each state."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from django_ray_runtime.models import Attempt, QueuedTask, TaskProgress, Worker
from django_ray_runtime.states import FINAL, State, WorkerState

LIST = "/admin/django_ray_runtime/queuedtask/"
WORKERS = "/admin/django_ray_runtime/worker/"
QUEUES = "/admin/django_ray_runtime/queue/"
WORKER = "host:1:a"


def add(state: State, **values: Any) -> QueuedTask:
    """A task in a state, with the columns that go with it."""
    now = timezone.now()
    values.setdefault("task_path", "tests.tasks.add")
    if state in FINAL:
        values.setdefault("finished_at", now)
    if state in {State.RUNNING, State.SUCCESSFUL, State.FAILED}:
        began = now - timedelta(seconds=90)
        values = {"attempt": 1, "started_at": began, "last_attempted_at": began} | values
        values.setdefault("worker_ids", [WORKER])
    if state == State.RUNNING:
        values.setdefault("worker", WORKER)
    return QueuedTask.objects.create(state=state, **values)


def add_failed(error: str = "builtins.ValueError", **values: Any) -> QueuedTask:
    """A task that failed with this exception."""
    row = add(State.FAILED, failures=1, **values)
    Attempt.objects.create(
        task=row,
        number=row.attempt,
        worker=WORKER,
        started_at=row.last_attempted_at,
        exception_class_path=error,
        traceback=f"Traceback …\n{error}: it broke\n",
        output="what it printed",
    )
    return row


def add_worker(state: WorkerState = WorkerState.ACTIVE, **values: Any) -> Worker:
    """A worker's boot."""
    values = {"id": WORKER, "queues": ["default"], "executor": "ray", "concurrency": 4} | values
    return Worker.objects.create(state=state, **values)


def report(row: QueuedTask, done: int, total: int | None, message: str = "") -> TaskProgress:
    """What its present run reported."""
    return TaskProgress.objects.create(
        task=row, attempt=row.attempt, done=done, total=total, message=message
    )
