"""Runs of flows through the queue: submitted and looked at. What the REST door calls."""

import uuid
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from pydantic import BaseModel

from workflows.models import FlowRun
from workflows.tasks import FLOWS

MOST_ACTIVE = 10
"""Of one owner, waiting or running, unless the setting WORKFLOWS_MAX_ACTIVE says otherwise."""


class TooMany(Exception):
    """The owner has to wait for their other runs."""


def runs_of(owner: Any) -> QuerySet[FlowRun]:
    """What this owner had run, with the tasks, but not what these were called with."""
    mine = FlowRun.objects.select_related("task").filter(owner=owner)
    return mine.defer("task__args", "task__kwargs")


def submit(owner: Any, flow: str, request: BaseModel) -> FlowRun:
    """Queue a run of a flow: it and its task are stored, or neither. Raises TooMany."""
    most = getattr(settings, "WORKFLOWS_MAX_ACTIVE", MOST_ACTIVE)
    active = FlowRun.objects.filter(owner=owner, task__finished_at__isnull=True)
    if active[:most].count() >= most:
        raise TooMany(
            f"{most} of your runs wait or go on, as many as may (WORKFLOWS_MAX_ACTIVE); wait until "
            "one has ended, or cancel one."
        )
    with transaction.atomic():
        result = FLOWS[flow].enqueue(request.model_dump_json(exclude_unset=True))
        return FlowRun.objects.create(task_id=uuid.UUID(result.id), owner=owner, flow=flow)
