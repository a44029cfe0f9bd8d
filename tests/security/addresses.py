"""Every address of the project, filled in with things of somebody else's."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import get_resolver

from django_ray_runtime.models import Queue, QueuedTask
from django_ray_runtime.states import State
from generation.models import GenerationJob
from pages.models import ShareLink
from project.models import ApiToken, AuditEntry
from ray_services.models import Calculation, DataSet
from tests.web.jobs import add_job
from tests.web.rows import add
from workflows.models import FlowRun

METHODS = ["GET", "POST", "DELETE"]
SHA256 = "ab" * 32


def patterns() -> list[str]:
    """All that the project routes, as they are written."""
    return list(_walk(get_resolver(), ""))


def _walk(resolver: Any, prefix: str) -> Iterator[str]:
    for one in resolver.url_patterns:
        written = prefix + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from _walk(one, written)
        else:
            yield written


def things_of(owner: User) -> dict[str, Any]:
    """One of everything, by the name of the parameter that stands for it."""
    job = add_job(State.SUCCESSFUL, owner=owner)
    link = ShareLink.objects.create(job=job, expires_at="2999-01-01T00:00Z")
    run = FlowRun.objects.create(owner=owner, flow="games", task=add(State.RUNNING))
    calculation = Calculation.objects.create(
        owner=f"user:{owner.pk}", service="garch-predictor", operation="fit-model",
        task=add(State.RUNNING),
    )  # fmt: skip
    data = {"kind": "prices", "name": "mine", "size": 1, "rows": 1}
    DataSet.objects.create(owner=f"user:{owner.pk}", sha256=SHA256, **data)
    return {
        "job_id": job.id, "link_id": link.id, "result_id": job.task_id, "run_id": run.id,
        "calculation_id": calculation.id, "sha256": SHA256, "task_id": run.task_id,
        "name": "default", "object_id": job.id, "content_type_id": 1, "id": owner.pk,
        "token": "forged", "url": "anything", "app_label": "auth", "worker_id": "host:1:a",
        "lottery": "mega-sena", "number": 1, "key": "mega-sena",
    }  # fmt: skip


def filled(pattern: str, things: dict[str, Any]) -> str:
    """The address of these things; of what is none of theirs, some address."""
    places = r"\^?\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>|\{(\w+)\}"
    path = re.sub(places, lambda found: str(things.get(found[found.lastindex or 0], "x")), pattern)
    return "/" + path.removesuffix("$").lstrip("/")


def everything() -> dict[str, list[Any]]:
    """What is stored, to tell whether anything has changed."""
    kinds: list[type[Model]] = [
        ApiToken, AuditEntry, Calculation, DataSet, FlowRun, GenerationJob, Queue, QueuedTask,
        ShareLink, User,
    ]  # fmt: skip
    left_out = {"last_login", "last_used_at"}
    found = {}
    for kind in kinds:
        names = [one.name for one in kind._meta.concrete_fields if one.name not in left_out]
        found[kind.__name__] = list(kind._default_manager.order_by("pk").values_list(*names))
    return found
