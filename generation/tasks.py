"""The queued tasks: what makes a job's file, and what deletes files by the clock."""

import logging
from typing import Any

from django.db import Error
from django.db.models import QuerySet
from django.tasks import task

from django_ray_runtime.periodic import periodic
from generation import storing
from generation.lotteries import get_lottery
from generation.models import GenerationJob
from generation.retention import tidy

logger = logging.getLogger(__name__)


class JobGone(Exception):
    """The job was cancelled or deleted, or another run of its task has taken over."""


@task(takes_context=True)
def generate_games(context: Any, job_id: str) -> dict[str, Any]:
    """Make the file of a GenerationJob and point the job to it.

    Each attempt writes a file of its own name. The pointer is set in one statement that
    names the attempt, so that a stale or cancelled attempt never publishes.
    """
    from generation.results import make_file  # with numpy, which other tasks' workers do without

    job = GenerationJob.objects.get(id=job_id)
    attempt = context.attempt
    storing.delete_attempts(job, below=attempt)

    def note_progress(done: int) -> None:
        try:
            GenerationJob.objects.filter(id=job.id).update(games_done=done)
        except Error as error:  # of no weight against the file itself
            logger.warning("Progress of job %s could not be stored: %s", job_id, error)

    note_progress(0)
    name = storing.attempt_name(job, attempt)
    published = 0
    try:
        with storing.staged(name) as path:
            made = make_file(job.order, path, note_progress)
            name = storing.store(path, name)
        published = _ours(job, context).update(
            file_name=name,
            file_expired_at=None,
            size=made.size,
            sha256=made.sha256,
            seconds=made.seconds,
            tally=made.tally,
            games_done=made.games,
            complete=made.games == job.quantity,
            reason=made.reason,
        )
    finally:
        if not published:
            storing.delete(name)
    if not published:
        raise JobGone(
            f"Job {job_id} was cancelled, or is no longer attempt {attempt}'s; its file is dropped."
        )
    outcome = {"games": made.games, "complete": made.games == job.quantity, "reason": made.reason}
    return {**outcome, "size": made.size, "sha256": made.sha256}


@task
def hits_of(job_id: str, numbers: list[int]) -> dict[str, int]:
    """How many games of a finished job hit how many of these numbers (`generation.hits`)."""
    from generation.converting import blocks_of
    from generation.hits import count_hits

    job = GenerationJob.objects.get(id=job_id)
    order = job.order
    with storing.open_file(job.file_name) as file:
        _, blocks = blocks_of(file, job.file_format)
        found = count_hits(
            blocks, get_lottery(order.lottery), order.constraints.numbers_per_game, numbers
        )
    return {str(hit): count for hit, count in found.items()}


@periodic(cron="17 4 * * *", timezone="UTC", missed="once", name="tidy files")
@task
def tidy_files() -> dict[str, int]:
    """Delete the files that have had their time, and those that no job points to."""
    return tidy()


def _ours(job: GenerationJob, context: Any) -> QuerySet[GenerationJob]:
    """The job while this very run may still give it a file."""
    return GenerationJob.objects.filter(
        id=job.id,
        task_id=context.task_result.id,
        task__state="RUNNING",
        task__attempt=context.attempt,
        task__worker=context.task_result.worker_ids[-1],
        task__cancel_asked_at__isnull=True,
    )
