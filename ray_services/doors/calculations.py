"""`/calculations`: what went through the queue; each caller sees their own."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router, Status
from pydantic import BaseModel

from django_ray_runtime import control
from django_ray_runtime.exceptions import AlreadyEnded
from django_ray_runtime.rest import changes
from django_ray_runtime.rest.pages import Page, PageOf, PageQuery, paginate
from django_ray_runtime.rest.problems import Problem, described
from ray_services import storing
from ray_services.calculations import calculations_of, outcome_of
from ray_services.doors.answering import Wait, owner_of
from ray_services.doors.delivering import RowsQuery, delivered
from ray_services.doors.shown import CalculationOut, calculation_out
from ray_services.models import Calculation

router = Router()

_NONE = "There is no calculation of yours with this id; they are deleted after a while."


class WaitQuery(BaseModel):
    """How long to wait for it."""

    wait: Wait = 0


@router.get(
    "",
    response=Page[CalculationOut],
    summary="List calculations",
    openapi_extra=described({200: "A page of calculations."}),
)
def list_calculations(request: HttpRequest, query: Query[PageQuery]) -> PageOf[CalculationOut]:
    """Yours, newest first."""
    page = paginate(calculations_of(owner_of(request)), query, field="task_id")
    items = [calculation_out(request, outcome_of(row)) for row in page["items"]]
    return {"items": items, "next": page["next"]}


@router.get(
    "/{uuid:calculation_id}",
    response=CalculationOut,
    url_name="services_calculation",
    summary="One calculation",
    openapi_extra=described({200: "How far it is, or its answer.", 404: _NONE}),
)
def one_calculation(
    request: HttpRequest, calculation_id: UUID, query: Query[WaitQuery]
) -> CalculationOut:
    """With `wait`, answers as soon as it has ended, or after so many seconds."""
    found = _existing(request, calculation_id)
    if query.wait and found.task.finished_at is None:
        control.wait_until_finished(found.task_id, query.wait)
        found = _existing(request, calculation_id)
    return calculation_out(request, outcome_of(found))


@router.delete(
    "/{uuid:calculation_id}",
    response={202: CalculationOut},
    summary="Cancel a calculation",
    openapi_extra=described(
        {
            202: "It is CANCELLED, or runs and is told to stop.",
            404: _NONE,
            409: "It is SUCCESSFUL already: only an unfinished calculation can be cancelled.",
        }
    ),
)
def cancel_calculation(request: HttpRequest, calculation_id: UUID) -> Status[CalculationOut]:
    """What waits is cancelled at once; what runs is told to stop."""
    found = _existing(request, calculation_id)
    try:
        changes.cancel_task(request, found.task_id, "calculation", calculation_id)
    except AlreadyEnded as error:
        told = f"It is {error.state} already: only an unfinished calculation can be cancelled."
        raise Problem(409, told) from None
    outcome = outcome_of(_existing(request, calculation_id))
    return Status(202, calculation_out(request, outcome))


@router.get(
    "/{uuid:calculation_id}/rows",
    response={200: Any},
    url_name="services_rows",
    summary="Rows of a calculation",
    openapi_extra=described(
        {
            200: "The rows.",
            404: "It has no rows.",
            409: "It is RUNNING: its rows are there when it is SUCCESSFUL.",
        }
    ),
)
def rows_of_calculation(
    request: HttpRequest, calculation_id: UUID, query: Query[RowsQuery]
) -> HttpResponseBase:
    """A row on each line as JSON, or a CSV or Parquet file."""
    found = outcome_of(_existing(request, calculation_id))
    if found.state != "SUCCESSFUL":
        raise Problem(409, f"It is {found.state}: its rows are there when it is SUCCESSFUL.")
    if found.rows is None:
        raise Problem(404, "It has no rows: all of it stands in its answer.")
    try:
        file = storing.open_file(found.rows["file"])
    except FileNotFoundError:
        raise Problem(410, "Its rows were deleted; submit it again.") from None
    name = f"{found.calculation.operation}-{found.calculation.id.hex[:8]}"
    return delivered(file, name, query)


def _existing(request: HttpRequest, calculation_id: UUID) -> Calculation:
    found = calculations_of(owner_of(request)).filter(id=calculation_id).first()
    if found is None:
        raise Problem(404, _NONE)
    return found
