"""Generation jobs: the one function behind every door that submits, and what they show."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Any

from django.db import transaction

from django_ray_runtime.results import error_line
from generation.limits import demand_quantity
from generation.models import GenerationJob
from generation.orders import CheckedOrder, Order, check_order
from generation.tasks import generate_games

POLL_SECONDS = 0.1


class JobFailed(Exception):
    """The job ended without its file."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as users see it: its task's state and its own progress."""

    state: str
    games_done: int
    quantity: int
    error: str
    waited: float | None  # seconds from submission to the start, once it has started
    took: float | None  # seconds from submission to the end, once it has ended

    @property
    def finished(self) -> bool:
        return self.state not in {"SCHEDULED", "BLOCKED", "READY", "RUNNING"}


def submit_job(order: Order, *, owner: Any = None, queue_name: str = "default") -> GenerationJob:
    """Check an order and queue it: both the job and its task are stored, or neither.

    Raises ValueError, before anything is stored, when the order cannot be delivered.
    """
    return store_job(check_order(order), owner=owner, queue_name=queue_name)


def store_job(
    checked: CheckedOrder, *, owner: Any = None, queue_name: str = "default", **columns: Any
) -> GenerationJob:
    """Queue an order that was checked, and set further `columns` of its job.

    Raises ValueError for more games than GENERATION_MAX_QUANTITY.
    """
    demand_quantity(checked.order.quantity)
    job = GenerationJob(
        id=uuid.uuid4(),
        owner=owner,
        valid_games=str(checked.valid_games),
        exact=checked.exact,
        **columns,
    )
    job.set_order(checked.order)
    with transaction.atomic():
        result = generate_games.using(queue_name=queue_name).enqueue(str(job.id))
        job.task_id = uuid.UUID(result.id)
        job.save(force_insert=True)
    return job


def job_status(job_id: uuid.UUID) -> JobStatus:
    """State and progress of a job, read in one statement. Raises GenerationJob.DoesNotExist."""
    job = GenerationJob.objects.select_related("task").get(id=job_id)
    task = job.task
    started, ended = task.started_at, task.finished_at
    return JobStatus(
        state=task.state,
        games_done=job.games_done,
        quantity=job.quantity,
        error=job_error(job),
        waited=(started - task.enqueued_at).total_seconds() if started else None,
        took=(ended - task.enqueued_at).total_seconds() if ended else None,
    )


def follow_job(job_id: uuid.UUID) -> Iterator[JobStatus]:
    """The job's status again and again, until it has finished."""
    while True:
        status = job_status(job_id)
        yield status
        if status.finished:
            return
        sleep(POLL_SECONDS)


def job_error(job: GenerationJob) -> str:
    """What its last run failed with, in one line; empty while it goes on, and where it did not."""
    if job.task.state in {"RUNNING", "READY", "SUCCESSFUL"}:
        return ""
    last = job.task.attempts.last()
    return error_line(last) if last is not None else ""


def games_per_second(job: GenerationJob, moment: datetime) -> float | None:
    """Speed of the latest run; `moment` is now, by the database's clock."""
    since: datetime | None = job.task.last_attempted_at
    if since is None or not job.games_done:
        return None
    elapsed = ((job.task.finished_at or moment) - since).total_seconds()
    return job.games_done / elapsed if elapsed > 0 else None
