"""Cancel, run again and delete many jobs: recorded in the admin's log, told in words."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, DELETION, LogEntry

from generation.admin.job_report import JobReport, Left
from generation.control import NotPossible, cancel_job, delete_job, requeue_job
from generation.models import GenerationJob

type Jobs = Iterable[GenerationJob]


def cancel(user_id: Any, jobs: Jobs) -> JobReport:
    """Cancel what is unfinished among these jobs."""
    report = JobReport("cancelled")

    def act(job: GenerationJob) -> None:
        if cancel_job(job) == "RUNNING":
            report.asked += 1
            _record(user_id, job, CHANGE, "Told to stop.")
        else:
            report.done += 1
            _record(user_id, job, CHANGE, "Cancelled.")

    return _each(jobs, act, report)


def requeue(user_id: Any, jobs: Jobs) -> JobReport:
    """Run again what has ended without success among these jobs."""
    report = JobReport("requeued")

    def act(job: GenerationJob) -> None:
        requeue_job(job)
        report.done += 1
        _record(user_id, job, CHANGE, "Requeued.")

    return _each(jobs, act, report)


def delete(user_id: Any, jobs: Jobs) -> JobReport:
    """Delete what has ended among these jobs, with their files."""
    report = JobReport("deleted")

    def act(job: GenerationJob) -> None:
        delete_job(job)
        report.done += 1
        _record(user_id, job, DELETION, "Deleted with its file.")

    return _each(jobs, act, report)


def _each(jobs: Jobs, act: Callable[[GenerationJob], None], report: JobReport) -> JobReport:
    for job in jobs:
        try:
            act(job)
        except NotPossible:
            report.left[_why_not(job)] += 1
    return report


def _why_not(job: GenerationJob) -> Left:
    found = GenerationJob.objects.filter(pk=job.pk).values_list("task__state", "task__finished_at")
    state, ended = found.first() or ("GONE", None)
    return state, bool(ended) or state == "GONE"


def _record(user_id: Any, job: GenerationJob, what: int, told: str) -> None:
    LogEntry.objects.log_actions(user_id, [job], what, told)
