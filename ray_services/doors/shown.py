"""Calculations and data sets as the API shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from pydantic import BaseModel, Field

from django_ray_runtime.rest.shown import ProgressOut, StateName, address_of, progress_out
from ray_services.calculations import Outcome
from ray_services.models import DataSet


class RowsOut(BaseModel):
    """The rows of an answer, which lie in a file."""

    field: str = Field(description="Where they stand in an answer that is given at once.")
    count: int
    columns: list[str]
    address: str = Field(description="GET it; `?format=` ndjson, csv or parquet.")


class CalculationOut(BaseModel):
    """Work that goes through the queue."""

    id: UUID
    service: str
    operation: str
    state: StateName
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_asked_at: datetime | None
    progress: ProgressOut | None
    error: str = Field(description="What it failed with; empty where it did not.")
    answer: dict[str, Any] | None = Field(description="As if it had been given at once.")
    rows: RowsOut | None
    address: str


class DataSetOut(BaseModel):
    """An uploaded file, known by what is in it."""

    sha256: str
    kind: str
    name: str
    size: int = Field(description="Bytes.")
    rows: int
    about: dict[str, Any]
    created_at: datetime


def calculation_out(request: HttpRequest, outcome: Outcome) -> CalculationOut:
    """What its owner is told of it."""
    known, rows = outcome.calculation, outcome.rows
    address = address_of(request, "services_calculation", known.id)
    return CalculationOut(
        id=known.id,
        service=known.service,
        operation=known.operation,
        state=outcome.state,  # type: ignore[arg-type]
        created_at=known.created_at,
        started_at=outcome.started_at,
        finished_at=outcome.finished_at,
        cancel_asked_at=outcome.cancel_asked_at,
        progress=progress_out(outcome.progress),
        error=outcome.error,
        answer=outcome.answer,
        rows=None
        if rows is None
        else RowsOut(
            field=rows["field"],
            count=rows["count"],
            columns=rows["columns"],
            address=f"{address}/rows",
        ),
        address=address,
    )


def data_set_out(data_set: DataSet) -> DataSetOut:
    """What its owner is told of it."""
    names = ("sha256", "kind", "name", "size", "rows", "about", "created_at")
    return DataSetOut(**{name: getattr(data_set, name) for name in names})
