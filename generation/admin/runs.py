"""The runs of a job's task: who ran it, when, and what became of it."""

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from django_ray_runtime.admin import words
from django_ray_runtime.admin.cells import badge, moment
from django_ray_runtime.results import error_line
from generation.models import GenerationJob

MOST_RUNS = 20


@dataclass(frozen=True, slots=True)
class ShownRun:
    """One run. What is not recorded of it is "—"."""

    number: int
    worker: str
    started: SafeString | str
    finished: SafeString | str
    outcome: SafeString | str
    error: str


def runs_of(job: GenerationJob) -> list[ShownRun]:
    """The latest runs, newest first.

    The queue keeps a record of those that failed or printed something. Of the last one the task
    itself tells, of another that left nothing only who had it.
    """
    task = job.task
    latest = range(task.attempt, max(0, task.attempt - MOST_RUNS), -1)
    records = {run.number: run for run in task.attempts.filter(number__in=latest)}
    found = []
    for number in latest:
        run, is_last = records.get(number), number == task.attempt
        ended = run.finished_at if run else task.finished_at if is_last else None
        began = run.started_at if run else task.last_attempted_at if is_last else None
        worker = run.worker if run else _worker(task.worker_ids, number, task.attempt)
        error = error_line(run) if _failed(run) else ""
        shown = (moment(began), moment(ended), _outcome(job, run, is_last=is_last))
        found.append(ShownRun(number, worker, *shown, error))
    return found


def _failed(run: Any) -> bool:
    return run is not None and bool(run.exception_class_path)


def _outcome(job: GenerationJob, run: Any, *, is_last: bool) -> SafeString | str:
    if _failed(run):
        return badge("CANCELLED" if run.exception_class_path.endswith(".Cancelled") else "FAILED")
    # A task that waits to run again says nothing of its last run.
    known = is_last and (job.task.finished_at is not None or job.task.state == "RUNNING")
    return badge(job.task.state) if known else words.NOTHING


def _worker(workers: list[str], number: int, last: int) -> str:
    """Who had a run, where the task has noted one worker for each."""
    return workers[number - 1] if len(workers) == last else words.NOTHING
