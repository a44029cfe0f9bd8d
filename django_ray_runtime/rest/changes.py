"""Changes that somebody asks for through a request: each done, and reported, in one transaction.

Behind the API and the pages, so that both record the same.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from django_ray_runtime import control
from django_ray_runtime.bulk import Requeued, Selection, requeue_selected
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import AlreadyEnded, NotRequeueable
from django_ray_runtime.models import UniqueKey
from django_ray_runtime.rest.audit import audit
from django_ray_runtime.states import FINAL, State


def cancel_task(
    request: HttpRequest, task_id: UUID, kind: str = "task", object_id: UUID | None = None
) -> State:
    """CANCELLED, or RUNNING where it has yet to stop. Reported as of the task, or of what it works
    for, such as a "calculation". Raises QueuedTask.DoesNotExist and AlreadyEnded."""
    with _one_transaction():
        state, asked_at = control.tasks().values_list("state", "cancel_asked_at").get(id=task_id)
        if state in FINAL:
            raise AlreadyEnded(state)
        # First the record: whoever listens to task_finished hears of the cancel at once.
        if asked_at is None:
            audit(request, "cancel", kind, object_id or task_id)
        return control.cancel_unfinished(task_id)


def retry_task(request: HttpRequest, task_id: UUID) -> None:
    """Run a FAILED, CANCELLED or EXPIRED task again. Raises QueuedTask.DoesNotExist and
    NotRequeueable."""
    with _one_transaction():
        state, key = control.tasks().values_list("state", "unique_key").get(id=task_id)
        if task_id not in control.requeue(task_id):
            held = UniqueKey.objects.using(runtime_settings().database).filter(key=key)
            raise NotRequeueable(state, held.values_list("task_id", flat=True).first())
        audit(request, "retry", "task", task_id)


def retry_selected(request: HttpRequest, selection: Selection, most: int) -> Requeued:
    """Run at most so many of the selected again, in batches."""

    def record(ids: Collection[UUID]) -> None:
        for task_id in sorted(ids):
            audit(request, "retry", "task", task_id)

    return requeue_selected(selection, most, on_requeued=record)


def switch_queue(request: HttpRequest, action: str, name: str) -> bool:
    """`pause` or `resume` a queue; False where it was so already. Raises UnknownQueue."""
    switch = {"pause": control.pause_queue, "resume": control.resume_queue}[action]
    with _one_transaction():
        changed = switch(name)
        if changed:
            audit(request, action, "queue", name)
    return changed


def _one_transaction() -> transaction.Atomic:
    return transaction.atomic(using=runtime_settings().database)
