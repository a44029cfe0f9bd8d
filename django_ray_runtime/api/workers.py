"""`/workers`: who is at work, and who was."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Q, Subquery
from django.db.models.functions import Now
from django.http import HttpRequest
from ninja import Query, Router

from django_ray_runtime.api.schemas import WorkerOut, WorkerQuery
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.control import tasks
from django_ray_runtime.models import Worker, WorkerQuerySet
from django_ray_runtime.rest.access import staff_only
from django_ray_runtime.rest.pages import Page, PageOf
from django_ray_runtime.rest.problems import Problem, described, invalid

router = Router()
router.add_decorator(staff_only)

_NO_WORKER = "There is no worker with this id; those that ended are deleted after a while."


@router.get(
    "",
    response=Page[WorkerOut],
    summary="List workers",
    openapi_extra=described({200: "A page of workers."}),
)
def list_workers(request: HttpRequest, query: Query[WorkerQuery]) -> PageOf[WorkerOut]:
    """Every boot of a worker, the latest first, those that ended too. One that should live but
    whose heartbeat stays away is declared DEAD by another worker after DEAD_AFTER_SECONDS."""
    rows = _workers() if query.state is None else _workers().filter(state=query.state)
    if query.cursor is not None:
        rows = _after(rows, query.cursor)
    # One more than asked for tells whether there is a next page.
    found = list(rows.order_by("-started_at", "-id")[: query.limit + 1])
    items = found[: query.limit]
    return {"items": _shown(items), "next": items[-1].id if len(found) > len(items) else None}


@router.get(
    "/{worker_id}",
    response=WorkerOut,
    summary="One worker",
    openapi_extra=described({200: "The worker.", 404: _NO_WORKER}),
)
def one_worker(request: HttpRequest, worker_id: str) -> WorkerOut:
    """One boot of a worker. Its id is `host:pid:random`, new with each boot."""
    row = _workers().filter(id=worker_id).first() if _storable(worker_id) else None
    if row is None:
        raise Problem(404, _NO_WORKER)
    return _shown([row])[0]


def _after(rows: WorkerQuerySet, cursor: str) -> WorkerQuerySet:
    """What comes after the worker `cursor`. Their ids do not follow time, as those of tasks do,
    and several may have started in the same moment."""
    last = _workers().filter(id=cursor)
    if not _storable(cursor) or not last.exists():
        raise invalid(
            "query", "cursor", "expected `next` of the page before, or no cursor for the first page"
        )
    # Compared within the database: SQLite keeps times as texts, with or without microseconds.
    started = Subquery(last.values("started_at")[:1])
    return rows.filter(Q(started_at__lt=started) | Q(started_at=started, id__lt=cursor))


def _shown(rows: Collection[Any]) -> list[WorkerOut]:
    running = tasks().running().filter(worker__in=[row.id for row in rows])
    counts = dict(running.order_by().values_list("worker").annotate(n=Count("id")))
    return [
        WorkerOut(
            id=row.id,
            state=row.state,
            queues=row.queues,
            executor=row.executor,
            concurrency=row.concurrency,
            heartbeat_age_seconds=max(0.0, (row.moment - row.last_beat).total_seconds()),
            started_at=row.started_at,
            ended_at=row.ended_at,
            running=counts.get(row.id, 0),
            released=row.released,
        )
        for row in rows
    ]


def _workers() -> WorkerQuerySet:
    return Worker.objects.using(runtime_settings().database).annotate(moment=Now())


def _storable(text: str) -> bool:
    # PostgreSQL refuses a text with a NUL outright.
    return "\x00" not in text
