"""Django's signals about tasks whose end no worker saw: cancelled or expired while waiting, or
lost too often."""

import logging
import uuid
from collections.abc import Collection

from django.tasks.signals import task_finished

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.listeners import is_heard
from django_ray_runtime.results import result_of_row
from django_ray_runtime.store import get_store

logger = logging.getLogger(__name__)


def announce_ended(ids: Collection[uuid.UUID]) -> None:
    """Send `task_finished` for tasks that reached a final state without a run."""
    if not ids or not is_heard(task_finished, RayTaskBackend, logging.ERROR):
        return
    rows, failures = get_store().with_failures(ids)
    for row in rows:
        if row.finished_at is None:
            continue  # requeued meanwhile
        try:
            result = result_of_row(row, failures.get(row.id, []), with_progress=False)
        except Exception as error:  # its module may raise anything
            logger.warning("No signal for task %s: %s", row.id, error)
            continue
        task_finished.send_robust(RayTaskBackend, task_result=result)
