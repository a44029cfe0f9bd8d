"""The django.tasks backend: enqueue is one INSERT in the caller's transaction."""

import uuid
from typing import Any

from django.core import checks
from django.tasks.backends.base import BaseTaskBackend
from django.tasks.base import Task, TaskResult
from django.tasks.exceptions import TaskResultDoesNotExist
from django.tasks.signals import task_enqueued
from django.utils.json import normalize_json

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.payload import to_json
from django_ray_runtime.results import result_of_new, result_of_row
from django_ray_runtime.store import get_store


class RayTaskBackend(BaseTaskBackend):
    """Keeps tasks in the database; `manage.py run_ray_worker` runs them.

    TASKS = {"default": {"BACKEND": "django_ray_runtime.backend.RayTaskBackend"}}
    """

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        """Insert the task's row. It is there when the surrounding transaction commits.

        Raises InvalidTask for a task that this backend cannot run, TypeError or ValueError
        for arguments that are not JSON.
        """
        self.validate_task(task)
        for name, value in (("args", args), ("kwargs", kwargs)):
            to_json(value, f"{name} of {task.module_path}")
        row = QueuedTask(
            task_path=task.module_path,
            args=normalize_json(list(args)),
            kwargs=normalize_json(kwargs),
            backend=self.alias,
            queue_name=task.queue_name,
            priority=task.priority,
            run_after=task.run_after,
        )
        result = result_of_new(get_store().enqueue(row), task)
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult:
        """The task's result as it stands. Raises TaskResultDoesNotExist."""
        try:
            task_id = uuid.UUID(str(result_id))
        except ValueError:
            raise TaskResultDoesNotExist(result_id) from None
        store = get_store()
        row = store.get(task_id)
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        return result_of_row(row, store.failures(task_id) if row.attempt else [])

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Django's system check of this backend's entry in TASKS."""
        if not self.options:
            return []
        return [
            checks.Error(
                f"TASKS[{self.alias!r}]['OPTIONS'] is not used by this backend.",
                hint="Put the runtime's settings into DJANGO_RAY_RUNTIME.",
                id="django_ray_runtime.E005",
            )
        ]
