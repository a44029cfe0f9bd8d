"""`/tasks`: look at queued tasks, cancel them, run them again."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from django_ray_runtime import control
from django_ray_runtime.api.filters import filtered
from django_ray_runtime.api.schemas import TaskDetail, TaskOut, TaskQuery
from django_ray_runtime.api.shown import task_detail, task_out
from django_ray_runtime.bulk import REQUEUEABLE
from django_ray_runtime.exceptions import AlreadyEnded, NotRequeueable
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.rest import changes
from django_ray_runtime.rest.access import staff_only
from django_ray_runtime.rest.pages import Page, PageOf, paginate
from django_ray_runtime.rest.problems import Problem, described
from django_ray_runtime.states import State

router = Router()
router.add_decorator(staff_only)

# Each may bring 64 KiB of output.
MOST_ATTEMPTS = 20
_ONLY_UNFINISHED = "only unfinished tasks can be cancelled."
_ONLY_ENDED = "only FAILED, CANCELLED or EXPIRED tasks can be run again."
_NO_TASK = "There is no task with this id; finished ones are deleted after a while."


@router.get(
    "",
    response=Page[TaskOut],
    summary="List tasks",
    openapi_extra=described(
        {200: "A page of tasks.", 422: "query.queue: there is no such queue; expected one of: …"}
    ),
)
def list_tasks(request: HttpRequest, query: Query[TaskQuery]) -> PageOf[TaskOut]:
    """Newest first. Every filter given must hold.

    A task that moves to another state meanwhile moves no other one to another page.
    """
    # What it returned may be long, and is not shown here.
    rows = filtered(query).select_related("progress").defer("return_value")
    page = paginate(rows, query)
    return {"items": [task_out(row) for row in page["items"]], "next": page["next"]}


@router.get(
    "/{uuid:task_id}",
    response=TaskDetail,
    summary="One task",
    openapi_extra=described({200: "The task.", 404: _NO_TASK}),
)
def one_task(request: HttpRequest, task_id: UUID) -> TaskDetail:
    """With its outcome, its options and the runs that left something to tell."""
    row = _existing(task_id)
    runs = Attempt.objects.using(row._state.db).filter(task=row).order_by("-number")
    return task_detail(row, reversed(list(runs[:MOST_ATTEMPTS])))


@router.post(
    "/{uuid:task_id}/cancel",
    response={200: TaskOut, 202: TaskOut},
    summary="Cancel a task",
    openapi_extra=described(
        {
            200: "It was waiting, and is CANCELLED.",
            202: "It runs, and is told to stop; look again.",
            404: _NO_TASK,
            409: f"It is SUCCESSFUL already: {_ONLY_UNFINISHED}",
        }
    ),
)
def cancel_task(request: HttpRequest, task_id: UUID) -> Status[TaskOut]:
    """A waiting task is cancelled at once. A running one is told to stop, and killed when it
    has not ended after CANCEL_GRACE_SECONDS; asking again changes nothing."""
    try:
        state = changes.cancel_task(request, task_id)
    except QueuedTask.DoesNotExist:
        raise Problem(404, _NO_TASK) from None
    except AlreadyEnded as error:
        raise Problem(409, f"It is {error.state} already: {_ONLY_UNFINISHED}") from None
    return Status(200 if state is State.CANCELLED else 202, task_out(_existing(task_id)))


@router.post(
    "/{uuid:task_id}/retry",
    response={202: TaskOut},
    summary="Run a task again",
    openapi_extra=described(
        {
            202: "It will run again.",
            404: _NO_TASK,
            409: f"It is RUNNING: {_ONLY_ENDED}",
        }
    ),
)
def retry_task(request: HttpRequest, task_id: UUID) -> Status[TaskOut]:
    """A FAILED, CANCELLED or EXPIRED task runs again as if new, with the record of its runs
    kept. A unique task cannot while another one holds its key."""
    try:
        changes.retry_task(request, task_id)
    except QueuedTask.DoesNotExist:
        raise Problem(404, _NO_TASK) from None
    except NotRequeueable as error:
        raise _cannot_retry(error) from None
    return Status(202, task_out(_existing(task_id)))


def _cannot_retry(error: NotRequeueable) -> Problem:
    if error.state not in REQUEUEABLE:
        return Problem(409, f"It is {error.state}: {_ONLY_ENDED}")
    return Problem(
        409,
        f"Task {error.holder} holds its unique key: wait for that one, or cancel it, and retry.",
    )


def _existing(task_id: UUID) -> QueuedTask:
    row = control.tasks().select_related("progress").filter(id=task_id).first()
    if row is None:
        raise Problem(404, _NO_TASK)
    return row
