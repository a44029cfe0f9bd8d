"""`/generation/jobs`: submit, list, look, cancel, delete."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status

from django_ray_runtime.rest.audit import audit
from django_ray_runtime.rest.pages import Page, PageOf, paginate
from django_ray_runtime.rest.problems import Problem, described, invalid
from django_ray_runtime.rest.values import Text
from generation.api.bodies import JobIn, JobQuery
from generation.api.schemas import JobDetail, JobOut
from generation.api.shown import (
    NO_JOB,
    address_of,
    existing_job,
    job_detail,
    job_out,
    told_job,
    visible_jobs,
)
from generation.api.wanted import checked_order
from generation.control import NotPossible, cancel_job, delete_job
from generation.jobs import store_job
from generation.limits import TooManyJobs, demand_turn
from generation.models import GenerationJob

router = Router()


@router.get(
    "",
    response=Page[JobOut],
    summary="List jobs",
    openapi_extra=described({200: "A page of jobs."}),
)
def list_jobs(request: HttpRequest, query: Query[JobQuery]) -> PageOf[JobOut]:
    """Your jobs, newest first; for staff those of everybody. Every filter given must hold."""
    filters = {
        "task__state": query.state,
        "lottery": query.lottery,
        "created_at__gte": query.since,
        "created_at__lt": query.until,
    }
    wanted = {name: value for name, value in filters.items() if value is not None}
    # Their tasks' ids say which is newer.
    rows = visible_jobs(request).filter(**wanted).defer("constraints", "tally", "seconds")
    page = paginate(rows, query, field="task_id")
    return {"items": [job_out(request, row) for row in page["items"]], "next": page["next"]}


@router.post(
    "",
    response={202: JobDetail, 200: JobDetail},
    summary="Submit a job",
    openapi_extra=described(
        {
            202: "The job is queued; `Location` is its address.",
            200: "There is a job with this Idempotency-Key already: this one.",
            422: "body.quantity: 60,000,000 games wanted, but only 50,063,860 games of Mega-Sena "
            "satisfy numbers_per_game=6; ask for at most that many or loosen one",
            429: "10 of your jobs wait or run, as many as may (MAX_ACTIVE_JOBS); wait until one "
            "has ended, or cancel one.",
        }
    ),
)
def submit_job(
    request: HttpRequest,
    response: HttpResponse,
    body: JobIn,
    idempotency_key: Text | None = Header(  # type: ignore[type-arg]  # noqa: B008
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Your name of this request: sent again, it makes no second job.",
    ),
) -> Status[JobDetail]:
    """Games are counted and the order is checked first; then the job waits for a worker.

    A key that was used for another body is refused. Limits are those of the user.
    """
    digest = _digest(request)
    job, status = _earlier(request, idempotency_key, digest), 200
    if job is None:
        job, status = _submitted(request, body, idempotency_key, digest)
    found = existing_job(request, job.id)
    response["Location"] = address_of(request, found)
    return Status(status, job_detail(request, found))


@router.get(
    "/{uuid:job_id}",
    response=JobDetail,
    url_name="generation_job",
    summary="One job",
    openapi_extra=described({200: "The job.", 404: NO_JOB}),
)
def one_job(request: HttpRequest, job_id: UUID) -> JobDetail:
    """Its state, progress, and what was ordered."""
    return told_job(request, job_id)


@router.delete(
    "/{uuid:job_id}",
    response={202: JobDetail, 204: None},
    summary="Cancel or delete a job",
    openapi_extra=described(
        {
            202: "It had not ended: it is CANCELLED, or runs and is told to stop.",
            204: "It had ended: the job and its file are deleted.",
            404: NO_JOB,
            409: "It is SUCCESSFUL already: only an unfinished job can be cancelled.",
        }
    ),
)
def end_job(request: HttpRequest, job_id: UUID) -> Status[Any]:
    """A job that waits or runs is cancelled, and stays to be looked at; one that has ended is
    deleted."""
    with transaction.atomic():
        job = existing_job(request, job_id)
        try:
            if job.task.finished_at is None:
                if job.task.cancel_asked_at is None:
                    audit(request, "cancel", "job", job_id)
                cancel_job(job)
                return Status(202, job_detail(request, existing_job(request, job_id)))
            audit(request, "delete", "job", job_id)
            delete_job(job)
        except NotPossible as error:
            raise Problem(409, str(error)) from None
    return Status(204, None)


def _submitted(
    request: HttpRequest, body: JobIn, key: str | None, digest: str
) -> tuple[GenerationJob, int]:
    checked = checked_order(body)
    try:
        with transaction.atomic():
            demand_turn(request.user)
            job = store_job(
                checked, owner=request.user, idempotency_key=key, idempotency_hash=digest
            )
            audit(request, "submit", "job", job.id)
    except TooManyJobs as error:
        headers = {"Retry-After": str(error.retry_after)}
        raise Problem(429, str(error), headers=headers) from None
    except IntegrityError:
        # The same request came twice at once, and the other one was faster.
        earlier = _earlier(request, key, digest)
        if earlier is None:
            raise
        return earlier, 200
    return job, 202


def _earlier(request: HttpRequest, key: str | None, digest: str) -> GenerationJob | None:
    """The caller's job of this key. Raises Problem 422 when it was ordered otherwise."""
    if key is None:
        return None
    job = GenerationJob.objects.filter(owner_id=request.user.pk, idempotency_key=key).first()
    if job is not None and job.idempotency_hash != digest:
        raise invalid(
            "header",
            "Idempotency-Key",
            f"job {job.id} was submitted with this key and another body; use a key of its own",
        )
    return job


def _digest(request: HttpRequest) -> str:
    """Of the body as JSON, whatever the order of its keys and its white space."""
    same = json.dumps(json.loads(request.body), sort_keys=True)
    return hashlib.sha256(same.encode()).hexdigest()
