"""A busy runtime for the tests of its dashboard."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from django_ray_runtime.models import Attempt, QueuedTask, Worker
from django_ray_runtime.states import State, WorkerState
from tests.web.rows import add, add_failed, add_worker, report

PAGE = "/runtime/"
SECRET = "hunter-two-and-more"
CAREFUL: dict[str, Any] = {"kwargs": {"token": SECRET}, "options": {"sensitive": ["token"]}}


def finish(count: int, state: State = State.SUCCESSFUL) -> None:
    """So many tasks that ended just now, after a second of waiting and two of running."""
    cache.clear()  # all who watch share a reading for some seconds
    end = timezone.now()
    began = end - timedelta(seconds=2)
    times = {"started_at": began, "last_attempted_at": began, "finished_at": end, "attempt": 1}
    times["enqueued_at"] = began - timedelta(seconds=1)
    rows = [QueuedTask(state=state, task_path="tests.tasks.add", **times) for _ in range(count)]
    QueuedTask.objects.bulk_create(rows)


def fill() -> None:
    """More of everything than the page shows."""
    now = timezone.now()
    path = "ray_services.tasks.backtest_many_portfolios_over_windows"
    for number in range(30):
        name = f"web-{number}.example.com:4711:k3x9"
        add_worker(id=name, queues=["default", "bulk"])
        row = add(State.RUNNING, task_path=f"{path}_{number}", worker=name)
        report(row, 12_345, 100_000, "importing the quotes of the day before yesterday")
        add_failed(f"requests.exceptions.Error{number}", task_path=path)
        add(State.READY, queue_name="bulk")
    add_worker(WorkerState.DEAD, id="old:1:a", ended_at=now, released=3)
    Worker.objects.filter(id="old:1:a").update(last_beat=now - timedelta(minutes=5))
    finish(500)
    finish(20, State.FAILED)


def fail_with_secret() -> QueuedTask:
    """A failed task whose error quotes its sensitive argument."""
    row = add_failed(**CAREFUL)
    Attempt.objects.filter(task=row).update(traceback=f"Traceback\nValueError: no {SECRET}\n")
    return row
