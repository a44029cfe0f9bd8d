"""What is done in the admin is written twice: to its own log, which its pages show, and to whoever
keeps a record of changes (`rest.audit`), as what is done over REST."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.rest.audit import audit


def recorded() -> transaction.Atomic:
    """A change to the queue and its record are one transaction."""
    return transaction.atomic(using=runtime_settings().database)


def record(
    request: HttpRequest,
    verb: str,
    kind: str,
    rows: Iterable[Model],
    told: str,
    flag: int = CHANGE,
) -> None:
    """That the caller did `verb` to these: `"cancel", "task", rows, "Cancelled."`"""
    user: Any = request.user.pk
    rows = list(rows)
    LogEntry.objects.log_actions(user, rows, flag, told)
    for row in rows:
        audit(request, verb, kind, row.pk)
