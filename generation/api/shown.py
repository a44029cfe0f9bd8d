"""Jobs as the API shows them."""

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from django_ray_runtime.prepared import Given, PreparedQuery
from django_ray_runtime.rest import shown
from django_ray_runtime.rest.problems import Problem
from generation.api.schemas import JobDetail, JobOut, LinksOut
from generation.control import jobs_of, may_see
from generation.jobs import games_per_second, job_error
from generation.models import GenerationJob

NO_JOB = "There is no job of yours with this id."
# What is told of one, and asked for again and again while it runs: neither its counts, which may be
# long, nor most of its task.
_TOLD = (
    "owner", "lottery", "quantity", "created_at", "games_done", "complete", "reason", "exact",
    "size", "sha256", "file_expired_at", "file_format", "valid_games", "file_name", "constraints",
    "chunk_size", "seconds", "task__state", "task__started_at", "task__finished_at",
    "task__cancel_asked_at", "task__last_attempted_at",
)  # fmt: skip


def visible_jobs(request: HttpRequest) -> QuerySet[Any]:
    """The caller's jobs, with the time of the database to judge them by. What was ordered may
    hold thousands of draws: where it is not shown, it may be deferred."""
    return _shown(jobs_of(request.user))


def _shown(jobs: QuerySet[GenerationJob]) -> QuerySet[Any]:
    return jobs.annotate(moment=Now(), seed=F("constraints__seed"), counted=Q(tally__isnull=False))


_TOLD_JOB = PreparedQuery(
    lambda: (
        _shown(GenerationJob.objects.select_related("task"))
        .filter(id=Given("id", GenerationJob._meta.pk))
        .only(*_TOLD)
    )
)


def existing_job(request: HttpRequest, job_id: UUID) -> Any:
    """The job, if the caller may see it. Raises Problem 404."""
    try:
        return visible_jobs(request).get(id=job_id)
    except GenerationJob.DoesNotExist:
        raise Problem(404, NO_JOB) from None


def told_job(request: HttpRequest, job_id: UUID) -> JobDetail:
    """All that is told of a job that the caller may see. Raises Problem 404."""
    job = _TOLD_JOB.first(id=job_id)
    if job is None or not may_see(request.user, job):
        raise Problem(404, NO_JOB)
    return job_detail(request, job)


def job_out(request: HttpRequest, job: Any) -> JobOut:
    """A row of `visible_jobs`."""
    return JobOut(**_values(request, job))


def job_detail(request: HttpRequest, job: Any) -> JobDetail:
    """The same with what was ordered and how it ended."""
    ordered = dict(job.constraints)
    draws = ordered.pop("past_draws", None)
    return JobDetail(
        **_values(request, job),
        constraints=ordered,
        past_draws=None if draws is None else len(draws),
        chunk_size=job.chunk_size,
        error=job_error(job),
        seconds=job.seconds,
    )


def address_of(request: HttpRequest, job: GenerationJob, part: str = "job") -> str:
    """The path of the job, or of a part of it."""
    return shown.address_of(request, f"generation_{part}", job.id)


def _values(request: HttpRequest, job: Any) -> dict[str, Any]:
    task = job.task
    same = (
        "id", "lottery", "quantity", "created_at", "games_done", "complete", "reason", "exact",
        "size", "sha256", "file_expired_at",
    )  # fmt: skip
    speed = games_per_second(job, job.moment)
    running = task.state == "RUNNING" and speed
    return {
        **{name: getattr(job, name) for name in same},
        **{name: getattr(task, name) for name in ("state", "started_at", "finished_at")},
        "cancel_asked_at": task.cancel_asked_at,
        "format": job.file_format,
        "progress": 1.0 if task.state == "SUCCESSFUL" else job.games_done / job.quantity,
        "games_per_second": speed,
        "eta_seconds": (job.quantity - job.games_done) / speed if running and speed else None,
        "valid_games": int(job.valid_games),
        "seed": job.seed,
        "links": _links(request, job),
    }


def _links(request: HttpRequest, job: Any) -> LinksOut:
    there = job.has_file
    return LinksOut(
        job=address_of(request, job),
        games=address_of(request, job, "games") if there else None,
        statistics=address_of(request, job, "statistics") if job.counted else None,
        download=address_of(request, job, "download") if there else None,
    )
