"""`/queues`: how full they are; pause and resume."""

from django.db.models import Min
from django.db.models.functions import Coalesce, Greatest, Now
from django.http import HttpRequest
from ninja import Router

from django_ray_runtime import control
from django_ray_runtime.api.schemas import QueueCounts, QueueOut
from django_ray_runtime.exceptions import UnknownQueue
from django_ray_runtime.rest import changes
from django_ray_runtime.rest.access import staff_only
from django_ray_runtime.rest.problems import Problem, described

router = Router()
router.add_decorator(staff_only)

_NO_QUEUE = "There is no queue 'x'. Expected one of: bulk, default."


@router.get(
    "",
    response=list[QueueOut],
    summary="List queues",
    openapi_extra=described({200: "Every queue, by name."}),
)
def list_queues(request: HttpRequest) -> list[QueueOut]:
    """The queues of the settings, and others that hold unfinished tasks or are paused."""
    return _queues()


@router.get(
    "/{name}",
    response=QueueOut,
    summary="One queue",
    openapi_extra=described({200: "The queue.", 404: _NO_QUEUE}),
)
def one_queue(request: HttpRequest, name: str) -> QueueOut:
    """How full it is, and whether it is paused."""
    return _queue(name)


@router.post(
    "/{name}/pause",
    response=QueueOut,
    summary="Pause a queue",
    openapi_extra=described({200: "It is paused.", 404: _NO_QUEUE}),
)
def pause_queue(request: HttpRequest, name: str) -> QueueOut:
    """Nothing more is claimed from it; what runs goes on. To pause it twice changes nothing."""
    return _switch(request, "pause", name)


@router.post(
    "/{name}/resume",
    response=QueueOut,
    summary="Resume a queue",
    openapi_extra=described({200: "It is not paused.", 404: _NO_QUEUE}),
)
def resume_queue(request: HttpRequest, name: str) -> QueueOut:
    """Workers claim from it again. To resume it twice changes nothing."""
    return _switch(request, "resume", name)


def _switch(request: HttpRequest, action: str, name: str) -> QueueOut:
    try:
        changes.switch_queue(request, action, name)
    except UnknownQueue as error:
        raise Problem(404, str(error)) from None
    return _queue(name)


def _queue(name: str) -> QueueOut:
    known = _queues()
    for one in known:
        if one.name == name:
            return one
    expected = ", ".join(one.name for one in known)
    raise Problem(404, f"There is no queue {name!r}. Expected one of: {expected}.")


def _queues() -> list[QueueOut]:
    ages = _oldest_ready()
    return [
        QueueOut(
            name=one.name,
            paused=one.paused,
            counts=QueueCounts(**{state.value: n for state, n in one.counts.items()}),
            oldest_ready_seconds=ages.get(one.name),
        )
        for one in control.queues()
    ]


def _oldest_ready() -> dict[str, float]:
    """For how long the oldest READY task of each queue could have been claimed, in seconds by
    the database's clock."""
    since = Min(Greatest("enqueued_at", Coalesce("run_after", "enqueued_at")))
    rows = control.tasks().ready().order_by().values("queue_name")
    found = rows.annotate(since=since, moment=Now()).values_list("queue_name", "since", "moment")
    return {name: max(0.0, (moment - since).total_seconds()) for name, since, moment in found}
