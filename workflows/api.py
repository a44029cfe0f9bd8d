"""`/workflows`: flows run through the queue; each caller sees their own.

A project mounts `router`, and authenticates.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from django_ray_runtime import control
from django_ray_runtime.exceptions import AlreadyEnded, ArgumentsTooLarge
from django_ray_runtime.rest import changes
from django_ray_runtime.rest.audit import audit
from django_ray_runtime.rest.pages import Page, PageOf, PageQuery, paginate
from django_ray_runtime.rest.problems import FieldError, Problem, described
from django_ray_runtime.rest.shown import ProgressOut, StateName, address_of, progress_out
from django_ray_runtime.results import error_line, progress_of
from ray_services.common.errors import BadInput
from workflows import runs
from workflows.common.formatters import FORMATS
from workflows.games.flow import Wanted as GamesWanted
from workflows.insights.flow import Request as InsightsRequest
from workflows.models import FlowRun

router = Router()

RETRY_SECONDS = 5
_NONE = "There is no run of yours with this id; they are deleted after a while."
_REFUSED = {
    202: "It is queued: `Location` is where its report will be.",
    422: "body.csv: row 3, likes: expected a finite number, or nothing, got 'many'.",
    429: "10 of your runs wait or go on, as many as may (WORKFLOWS_MAX_ACTIVE); wait until one "
    "has ended, or cancel one.",
    413: "The arguments take 5,200,000 bytes as JSON, over MAX_ARGUMENT_BYTES (4,194,304).",
}


class RunOut(BaseModel):
    """A run of a flow."""

    id: UUID
    flow: Literal["insights", "games"]
    state: StateName
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: ProgressOut | None
    error: str = Field(description="What it failed with; empty where it did not.")
    report: dict[str, Any] | None = Field(description="Title, facts, insights or charts, failures.")
    address: str


class WaitQuery(BaseModel):
    wait: Annotated[float, Field(ge=0, le=30, description="Wait so many seconds for it.")] = 0


class ReportQuery(BaseModel):
    format: Literal["json", "markdown", "html"] = "html"


@router.post(
    "/insights",
    response={202: RunOut},
    summary="Find insights in a table",
    openapi_extra=described(_REFUSED),
)
def find_insights(
    request: HttpRequest, response: HttpResponse, body: InsightsRequest
) -> Status[RunOut]:
    """Trends, outliers, correlations and seasons, by their evidence. A table that cannot be used
    is refused at once."""
    try:
        body.demand_usable()
    except BadInput as error:
        field = "csv" if body.csv is not None and error.field != "group_by" else "group_by"
        place = FieldError(source="body", field=field, detail=str(error))
        raise Problem(422, f"body.{field}: {error}", errors=[place]) from None
    return _queued(request, response, "insights", body)


@router.post(
    "/games",
    response={202: RunOut},
    summary="Make games, and tell what they are made of",
    openapi_extra=described({**_REFUSED, 422: "body.quantity: only 15 games satisfy this."}),
)
def make_games(request: HttpRequest, response: HttpResponse, body: GamesWanted) -> Status[RunOut]:
    """A report with charts and the checksum of the games' file. To have the file, submit a job."""
    try:
        settled = body.settled()
    except ValueError as error:
        place = FieldError(source="body", field="body", detail=str(error))
        raise Problem(422, f"body: {error}", errors=[place]) from None
    return _queued(request, response, "games", settled)


@router.get(
    "",
    response=Page[RunOut],
    summary="List runs of flows",
    openapi_extra=described({200: "A page of runs."}),
)
def list_runs(request: HttpRequest, query: Query[PageQuery]) -> PageOf[RunOut]:
    """Yours, newest first, without their reports."""
    light = runs.runs_of(request.user).defer("task__args", "task__kwargs", "task__return_value")
    page = paginate(light, query, field="task_id")
    items = [_out(request, run, report=False) for run in page["items"]]
    return {"items": items, "next": page["next"]}


@router.get(
    "/{uuid:run_id}",
    response=RunOut,
    url_name="workflow_run",
    summary="One run of a flow",
    openapi_extra=described({200: "How far it is, or its report.", 404: _NONE}),
)
def one_run(request: HttpRequest, run_id: UUID, query: Query[WaitQuery]) -> RunOut:
    """With `wait`, answers as soon as it has ended, or after so many seconds."""
    run = _existing(request, run_id)
    if query.wait and run.task.finished_at is None:
        control.wait_until_finished(run.task_id, query.wait)
        run = _existing(request, run_id)
    return _out(request, run)


@router.get(
    "/{uuid:run_id}/report",
    response={200: Any},
    summary="The report of a run",
    openapi_extra=described(
        {
            200: "The report.",
            404: _NONE,
            409: "It is RUNNING: its report is there when it is SUCCESSFUL.",
        }
    ),
)
def report_of_run(request: HttpRequest, run_id: UUID, query: Query[ReportQuery]) -> HttpResponse:
    """As a page with charts, as Markdown or as JSON."""
    task = _existing(request, run_id).task
    if task.state != "SUCCESSFUL":
        raise Problem(409, f"It is {task.state}: its report is there when it is SUCCESSFUL.")
    media_type, write = FORMATS[query.format]
    answer = HttpResponse(write(task.return_value or {}), content_type=media_type)
    # Names in it may come from an uploaded table: nothing in it may run.
    answer.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    )
    return answer


@router.delete(
    "/{uuid:run_id}",
    response={202: RunOut},
    summary="Cancel a run",
    openapi_extra=described(
        {
            202: "It is CANCELLED, or runs and is told to stop.",
            404: _NONE,
            409: "It is SUCCESSFUL already: only an unfinished run can be cancelled.",
        }
    ),
)
def cancel_run(request: HttpRequest, run_id: UUID) -> Status[RunOut]:
    """What waits is cancelled at once; what runs is told to stop."""
    run = _existing(request, run_id)
    try:
        changes.cancel_task(request, run.task_id, "flow run", run_id)
    except AlreadyEnded as error:
        told = f"It is {error.state} already: only an unfinished run can be cancelled."
        raise Problem(409, told) from None
    return Status(202, _out(request, _existing(request, run_id)))


def _queued(
    request: HttpRequest, response: HttpResponse, flow: str, body: BaseModel
) -> Status[RunOut]:
    try:
        with transaction.atomic():
            run = runs.submit(request.user, flow, body)
            audit(request, "submit", "flow run", run.id)
    except runs.TooMany as error:
        raise Problem(429, str(error), headers={"Retry-After": str(RETRY_SECONDS)}) from None
    except ArgumentsTooLarge as error:  # as with many quotation marks, which JSON doubles
        raise Problem(413, str(error)) from None
    shown = _out(request, _existing(request, run.id))
    response.headers["Location"] = shown.address
    return Status(202, shown)


def _existing(request: HttpRequest, run_id: UUID) -> FlowRun:
    found = runs.runs_of(request.user).filter(id=run_id).first()
    if found is None:
        raise Problem(404, _NONE)
    return found


def _out(request: HttpRequest, run: FlowRun, *, report: bool = True) -> RunOut:
    task = run.task
    last = task.attempts.last() if task.state in {"FAILED", "CANCELLED", "EXPIRED"} else None
    return RunOut(
        id=run.id,
        flow=run.flow,  # type: ignore[arg-type]
        state=task.state,  # type: ignore[arg-type]
        created_at=run.created_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
        progress=progress_out(progress_of(task)),
        error="" if last is None else error_line(last),
        report=task.return_value if report and task.state == "SUCCESSFUL" else None,
        address=address_of(request, "workflow_run", run.id),
    )
