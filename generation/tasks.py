"""The queued task that makes a job's file."""

import contextlib
import logging
import shutil
from typing import Any

from django.db import Error
from django.tasks import task

from generation.models import GenerationJob, results_dir
from generation.results import make_file

logger = logging.getLogger(__name__)


class JobGone(Exception):
    """The job was deleted, or another run of its task has taken over."""


@task(takes_context=True)
def generate_games(context: Any, job_id: str) -> dict[str, Any]:
    """Make the file of a GenerationJob and point the job to it.

    Each attempt writes a file of its own name. The pointer is set in one statement that
    names the attempt, so that a stale attempt never publishes.
    """
    job = GenerationJob.objects.get(id=job_id)
    attempt = context.attempt
    folder = results_dir()
    folder.mkdir(parents=True, exist_ok=True)
    _remove_files(job, below=attempt)
    name = _file_name(job, attempt)

    def note_progress(done: int) -> None:
        try:
            GenerationJob.objects.filter(id=job.id).update(games_done=done)
        except Error as error:  # of no weight against the file itself
            logger.warning("Progress of job %s could not be stored: %s", job_id, error)

    note_progress(0)
    made = make_file(job.order, folder / name, note_progress)
    ours = GenerationJob.objects.filter(
        id=job.id,
        task_id=context.task_result.id,
        task__state="RUNNING",
        task__attempt=attempt,
        task__worker=context.task_result.worker_ids[-1],
    )
    published = ours.update(
        file_name=name,
        size=made.size,
        sha256=made.sha256,
        seconds=made.seconds,
        tally=made.tally,
        games_done=job.quantity,
    )
    if not published:
        (folder / name).unlink(missing_ok=True)
        raise JobGone(f"Job {job_id} is no longer attempt {attempt}'s; its file is dropped.")
    return {"games": job.quantity, "size": made.size, "sha256": made.sha256}


def _file_name(job: GenerationJob, attempt: int) -> str:
    return f"{job.id}.{attempt}.{job.file_format}"


def _remove_files(job: GenerationJob, *, below: int) -> None:
    """What earlier attempts left behind, whole or in part."""
    for number in range(1, below):
        name = _file_name(job, number)
        for leftover in [results_dir() / name, *results_dir().glob(f".{name}.*.part*")]:
            with contextlib.suppress(OSError):
                if leftover.is_dir():
                    shutil.rmtree(leftover)
                else:
                    leftover.unlink()
