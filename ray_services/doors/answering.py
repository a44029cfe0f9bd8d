"""How every operation answers: small work at once, large work through the queue."""

from functools import partial
from io import BytesIO
from typing import Annotated, Any, Literal

import pyarrow.parquet as pq
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Status
from pydantic import BaseModel, Field

from django_ray_runtime import control
from django_ray_runtime.exceptions import ArgumentsTooLarge
from django_ray_runtime.rest.audit import audit
from django_ray_runtime.rest.problems import Problem, described
from ray_services import own_data, storing
from ray_services.calculations import (
    Outcome,
    TooMany,
    calculations_of,
    outcome_of,
    submit,
)
from ray_services.common.bodies import Body
from ray_services.common.rows import FORMATS, as_objects, rows_in, write_rows
from ray_services.data_sets import content_of
from ray_services.doors.refusals import refusals
from ray_services.doors.shown import CalculationOut, calculation_out
from ray_services.operations import operation

INLINE_SECONDS = 1.0
"""What takes longer goes through the queue."""
MOST_INLINE_ROWS = 20_000
RETRY_SECONDS = 5
Wait = Annotated[
    float,
    Field(0, ge=0, le=30, description="Wait so many seconds for what goes through the queue."),
]


class Wanted(BaseModel):
    """How an answer is given."""

    wait: Wait = 0
    queued: bool | None = Field(
        None, description="Through the queue or not, instead of by the size of the work."
    )


class WantedRows(Wanted):
    """How an answer with rows is given."""

    format: Literal["json", "ndjson", "csv", "parquet"] = Field(
        "json", description="Other than json: the rows alone, without the rest of the answer."
    )


def owner_of(request: HttpRequest) -> str:
    """Whose calculations and data sets a caller sees: a user's, a token's, or this machine's."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    token = getattr(request, "auth", None)
    return f"token:{token}" if isinstance(token, str) else "anyone"


def answers(shape: Any, refused: str, answered: str) -> dict[str, Any]:
    """Of an operation's decorator: what it may answer, with an example of a refusal."""
    return {
        "response": {200: shape, 202: CalculationOut},
        "openapi_extra": described(
            {
                200: answered,
                202: "It is queued: `Location` is where its outcome will be.",
                413: "The arguments of ray_services.tasks have 5,000,000 bytes of JSON, over "
                "MAX_ARGUMENT_BYTES (4,194,304).",
                422: refused,
                429: "10 of your calculations wait or run, as many as may (SERVICES_MAX_ACTIVE); "
                "wait until one has ended, or cancel one.",
            }
        ),
    }


def answer(
    request: HttpRequest,
    response: HttpResponse,
    service: str,
    name: str,
    body: Body,
    wanted: Wanted,
) -> Any:
    """The response to a request for an operation. Raises Problem."""
    form = getattr(wanted, "format", "json")
    found = ask(request, service, name, body, queued=wanted.queued, wait=wanted.wait)
    if isinstance(found, Outcome):
        most = MOST_INLINE_ROWS if form == "json" else None
        whole = whole_answer(found, most) if wanted.wait else None
        if whole is None:
            shown = calculation_out(request, found)
            response["Location"] = shown.address
            return Status(202, shown)
        found = whole
    return _given(found, form)


def ask(
    request: HttpRequest,
    service: str,
    name: str,
    body: Body,
    *,
    queued: bool | None = None,
    wait: float = 0,
) -> dict[str, Any] | Outcome:
    """The answer, its rows as a table, where it was computed here; else what became of the
    calculation that was queued for it. Raises Problem."""
    owner = owner_of(request)
    if body.seconds() > INLINE_SECONDS if queued is None else queued:
        return _through_the_queue(request, owner, service, name, body, wait)
    with refusals(), own_data.fetched_by(partial(content_of, owner)):
        return operation(service, name).load()(body)


def _through_the_queue(
    request: HttpRequest, owner: str, service: str, name: str, body: Body, wait: float
) -> Outcome:
    try:
        with transaction.atomic():
            calculation = submit(owner, service, name, body)
            audit(request, "submit", "calculation", calculation.id)
    except TooMany as error:
        raise Problem(429, str(error), headers={"Retry-After": str(RETRY_SECONDS)}) from None
    except ArgumentsTooLarge as error:  # as with many quotation marks, which JSON doubles
        raise Problem(413, str(error)) from None
    if wait:
        control.wait_until_finished(calculation.task_id, wait)
    return outcome_of(calculations_of(owner).get(id=calculation.id))


def whole_answer(outcome: Outcome, most_rows: int | None = None) -> dict[str, Any] | None:
    """The answer with its rows, as if it had been computed here; None where there is none yet, or
    where it has more rows than this. Raises FileNotFoundError where they were deleted."""
    if outcome.answer is None:
        return None
    rows = outcome.rows
    if rows is None:
        return outcome.answer
    if most_rows is not None and rows["count"] > most_rows:
        return None
    with storing.open_file(rows["file"]) as file:
        return {**outcome.answer, rows["field"]: pq.read_table(file)}


def _given(found: dict[str, Any], form: str) -> Any:
    rows = rows_in(found)
    if rows is None:
        return found
    field, table = rows
    if form != "json":
        buffer = BytesIO()
        write_rows(table, buffer, form)
        return HttpResponse(buffer.getvalue(), content_type=FORMATS[form])
    if table.num_rows > MOST_INLINE_ROWS:
        raise Problem(
            422,
            f"The answer has {table.num_rows:,} rows, and up to {MOST_INLINE_ROWS:,} are given as "
            "JSON: ask for ?format=ndjson, csv or parquet.",
        )
    return {**found, field: as_objects(table)}
