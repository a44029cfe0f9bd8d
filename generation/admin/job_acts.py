"""Cancel, run again and delete many jobs: each recorded, told in words."""

from collections.abc import Callable, Iterable

from django.contrib.admin.models import DELETION
from django.db import transaction
from django.http import HttpRequest

from django_ray_runtime.admin.recording import record
from generation.admin.job_report import JobReport, Left
from generation.control import NotPossible, cancel_job, delete_job, requeue_job
from generation.models import GenerationJob

type Jobs = Iterable[GenerationJob]


def cancel(request: HttpRequest, jobs: Jobs) -> JobReport:
    """Cancel what is unfinished among these jobs."""
    report = JobReport("cancelled")

    def act(job: GenerationJob) -> None:
        if cancel_job(job) == "RUNNING":
            report.asked += 1
            record(request, "cancel", "job", [job], "Told to stop.")
        else:
            report.done += 1
            record(request, "cancel", "job", [job], "Cancelled.")

    return _each(jobs, act, report)


def requeue(request: HttpRequest, jobs: Jobs) -> JobReport:
    """Run again what has ended without success among these jobs."""
    report = JobReport("requeued")

    def act(job: GenerationJob) -> None:
        requeue_job(job)
        report.done += 1
        record(request, "retry", "job", [job], "Requeued.")

    return _each(jobs, act, report)


def delete(request: HttpRequest, jobs: Jobs) -> JobReport:
    """Delete what has ended among these jobs, with their files."""
    report = JobReport("deleted")

    def act(job: GenerationJob) -> None:
        delete_job(job)
        report.done += 1
        record(request, "delete", "job", [job], "Deleted with its file.", DELETION)

    return _each(jobs, act, report)


def _each(jobs: Jobs, act: Callable[[GenerationJob], None], report: JobReport) -> JobReport:
    for job in jobs:
        try:
            with transaction.atomic():
                act(job)
        except NotPossible:
            report.left[_why_not(job)] += 1
    return report


def _why_not(job: GenerationJob) -> Left:
    found = GenerationJob.objects.filter(pk=job.pk).values_list("task__state", "task__finished_at")
    state, ended = found.first() or ("GONE", None)
    return state, bool(ended) or state == "GONE"
