"""Large requests: submitted, looked at, waited for, cancelled. What every door calls."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from django_ray_runtime.results import Progress, error_line, progress_of
from ray_services.common.bodies import Body
from ray_services.models import Calculation
from ray_services.operations import operation
from ray_services.tasks import calculate

MOST_ACTIVE = 10
"""Of one owner, waiting or running, unless the setting SERVICES_MAX_ACTIVE says otherwise."""


class TooMany(Exception):
    """The owner has to wait for their other calculations."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A calculation as its owner sees it."""

    calculation: Calculation
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    cancel_asked_at: datetime | None
    progress: Progress | None
    error: str
    answer: dict[str, Any] | None
    rows: dict[str, Any] | None
    """Of the rows in their file: field, count, columns, file."""


def calculations_of(owner: str) -> QuerySet[Calculation]:
    """What this owner asked for, with the tasks."""
    return Calculation.objects.select_related("task").filter(owner=owner)


def submit(owner: str, service: str, name: str, body: Body) -> Calculation:
    """Queue a request: it and its task are stored, or neither. Raises TooMany."""
    demand_turn(owner)
    given = body.model_dump_json(exclude_unset=True)  # text: PostgreSQL's jsonb sorts keys
    with transaction.atomic():
        result = calculate.enqueue(service, name, given, owner)
        return Calculation.objects.create(
            task_id=uuid.UUID(result.id), owner=owner, service=service, operation=name
        )


def demand_turn(owner: str) -> None:
    """Raise TooMany where an owner has as many calculations as may wait or run."""
    most = getattr(settings, "SERVICES_MAX_ACTIVE", MOST_ACTIVE)
    active = Calculation.objects.filter(owner=owner, task__finished_at__isnull=True)
    if active[:most].count() >= most:
        raise TooMany(
            f"{most} of your calculations wait or run, as many as may (SERVICES_MAX_ACTIVE); wait "
            "until one has ended, or cancel one."
        )


def body_of(calculation: Calculation) -> Body:
    """What it was asked, which its task holds as JSON. Raises KeyError and ValidationError for
    what is not asked any more."""
    _service, _name, given, _owner = calculation.task.args
    return operation(calculation.service, calculation.operation).body.model_validate_json(given)


def outcome_of(calculation: Calculation) -> Outcome:
    """What is known of it; its task must have been read just now."""
    task = calculation.task
    value = task.return_value if task.state == "SUCCESSFUL" else None
    last = None
    if task.state in {"FAILED", "CANCELLED", "EXPIRED"}:
        last = task.attempts.last()
    return Outcome(
        calculation,
        state=task.state,
        started_at=task.started_at,
        finished_at=task.finished_at,
        cancel_asked_at=task.cancel_asked_at,
        progress=progress_of(task),
        error="" if last is None else error_line(last),
        answer=None if value is None else value["answer"],
        rows=None if value is None else value["rows"],
    )
