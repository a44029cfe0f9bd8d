"""Single tasks as people are shown them: what runs, what failed. Without sensitive values.

Below the admin, the pages and whoever else shows tasks. Ages are told by the database's clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, ExpressionWrapper, Q, Value
from django.db.models.functions import Now

from django_ray_runtime.control import tasks
from django_ray_runtime.masking import masked_text
from django_ray_runtime.models import Attempt, QueuedTask, QueuedTaskQuerySet
from django_ray_runtime.options import readable_options
from django_ray_runtime.results import Progress, error_line
from django_ray_runtime.states import FINAL, State

# What may be megabytes wide stays in the database where a page does not show it.
WIDE = ("args", "kwargs", "return_value", "worker_ids")
LONGEST_ERROR = 300  # characters


@dataclass(frozen=True, slots=True)
class RunningView:
    """A task that runs. `seconds`: how long by now; `stopping`: it was told to stop."""

    id: UUID
    task_path: str
    queue: str
    worker: str
    attempt: int
    seconds: float
    progress: Progress | None
    stopping: bool


@dataclass(frozen=True, slots=True)
class FailedView:
    """A task that failed. `error` is the line that names its last exception, cut where long."""

    id: UUID
    task_path: str
    queue: str
    attempt: int
    error: str
    seconds_ago: float


def running(most: int) -> list[RunningView]:
    """The tasks that have been running longest, at most so many."""
    rows = list(shown_tasks().running().order_by("last_attempted_at", "id")[:most])
    messages = progress_messages(rows)
    return [
        RunningView(
            id=row.id,
            task_path=row.task_path,
            queue=row.queue_name,
            worker=row.worker or "",
            attempt=row.attempt,
            seconds=_age(row.last_attempted_at, row),
            progress=_with(progress_in(row), messages.get(row.id, "")),
            stopping=row.cancel_asked_at is not None,
        )
        for row in rows
    ]


def failed(task_path: str, exception: str, seconds: float, most: int) -> list[FailedView]:
    """The latest that failed within `seconds`, of one task by one exception ("": none recorded),
    at most so many. A kind of `overview.failures`, looked at closely."""
    since = ExpressionWrapper(
        Now() - Value(timedelta(seconds=seconds)), output_field=DateTimeField()
    )
    rows = shown_tasks().finished(State.FAILED).filter(finished_at__gte=since)
    found = list(
        rows.filter(task_path=task_path)
        .with_last_exception()
        .filter(Q(exception=exception) if exception else Q(exception=None))
        .order_by("-finished_at", "-id")[:most]
    )
    errors = _errors(found)
    return [
        FailedView(
            id=row.id,
            task_path=row.task_path,
            queue=row.queue_name,
            attempt=row.attempt,
            error=errors.get(row.id, ""),
            seconds_ago=_age(row.finished_at, row),
        )
        for row in found
    ]


def shown_tasks() -> QueuedTaskQuerySet:
    """Tasks with what a row of a list needs: one query whatever their number."""
    rows = tasks().select_related("progress").defer(*WIDE)
    return rows.annotate(clock=Now())


def progress_in(row: QueuedTask) -> Progress | None:
    """What the present or last run reported, without a query where the row was read with it."""
    found = getattr(row, "progress", None)
    # A task that waits to run again keeps the report of a run that no longer counts.
    if found is None or found.attempt != row.attempt or row.state not in {*FINAL, State.RUNNING}:
        return None
    return Progress(found.done, found.total, found.message, found.started_at, found.updated_at)


def progress_messages(rows: Iterable[QueuedTask]) -> dict[Any, str]:
    """The message of each task's progress, without sensitive values. One query at most."""
    known = {row.id: row for row in rows}
    reports = {row.id: report.message for row in known.values() if (report := progress_in(row))}
    return _cleaned(known, reports)


def _errors(rows: Iterable[QueuedTask]) -> dict[Any, str]:
    """The error of each task's last failure."""
    known = {row.id: row for row in rows}
    runs = Attempt.objects.using(tasks().db).filter(task__in=list(known))
    runs = runs.exclude(exception_class_path="").order_by("number").defer("output")
    last = {run.task_id: run for run in runs}
    # Before a line is taken out: a value with several lines is found as a whole.
    texts = _cleaned(known, {task_id: run.traceback for task_id, run in last.items()})
    for task_id, run in last.items():
        run.traceback = texts[task_id]
    return {task_id: error_line(run)[:LONGEST_ERROR] for task_id, run in last.items()}


def _cleaned(rows: dict[Any, QueuedTask], texts: dict[Any, str]) -> dict[Any, str]:
    """The texts of tasks without their sensitive values. Arguments are read where needed only."""
    careful = [one for one, text in texts.items() if text and rows[one].options.get("sensitive")]
    found = tasks().filter(id__in=careful).values_list("id", "args", "kwargs") if careful else ()
    arguments = {task_id: (args, kwargs) for task_id, args, kwargs in found}
    # What is gone meanwhile is not shown: nobody could tell what of it is sensitive.
    shown = {one: "" if one in careful else text for one, text in texts.items()}
    for one, (args, kwargs) in arguments.items():
        shown[one] = masked_text(texts[one], args, kwargs, readable_options(rows[one].options))
    return shown


def _with(progress: Progress | None, message: str) -> Progress | None:
    return None if progress is None else replace(progress, message=message)


def _age(since: Any, row: Any) -> float:
    seconds: float = (row.clock - (since or row.clock)).total_seconds()
    return max(0.0, seconds)
