"""How far running tasks are: one narrow row each, beside the queue's."""

import uuid
from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Now

from django_ray_runtime.models import QueuedTask, TaskProgress


@dataclass(frozen=True, slots=True)
class Step:
    """What a process adds to a task's progress."""

    done: int = 0  # more than before
    total: int | None = None  # the whole, where it is known
    message: str | None = None


class ProgressRows:
    """The progress of tasks in one database."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def add(self, task_id: uuid.UUID, attempt: int, step: Step) -> None:
        """Add a step to the progress of this run. A new run starts from nothing; what a run
        that no longer counts reports is dropped."""
        if self._add(task_id, attempt, step):
            return
        ours = QueuedTask.objects.using(self.alias).running().filter(id=task_id, attempt=attempt)
        if not ours.exists():
            return
        fresh = {
            "attempt": attempt,
            "done": 0,
            "total": None,
            "message": "",
            "started_at": Now(),
            "updated_at": Now(),
        }
        rows = TaskProgress.objects.using(self.alias)
        if not rows.filter(task_id=task_id, attempt__lt=attempt).update(**fresh):
            # Racing chunks insert it once.
            rows.bulk_create(
                [TaskProgress(task_id=task_id, attempt=attempt)], ignore_conflicts=True
            )
        self._add(task_id, attempt, step)

    def _add(self, task_id: uuid.UUID, attempt: int, step: Step) -> int:
        changes: dict[str, object] = {"updated_at": Now()}
        if step.done:
            changes["done"] = F("done") + step.done
        if step.total is not None:
            changes["total"] = step.total
        if step.message is not None:
            changes["message"] = step.message
        rows = TaskProgress.objects.using(self.alias).filter(task_id=task_id, attempt=attempt)
        return rows.update(**changes)
