"""The django.tasks backend: enqueue is one INSERT in the caller's transaction."""

import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.tasks.backends.base import BaseTaskBackend
from django.tasks.base import Task, TaskResult
from django.tasks.exceptions import TaskResultDoesNotExist
from django.tasks.signals import task_enqueued

from django_ray_runtime.enqueueing import Recipe
from django_ray_runtime.listeners import is_heard
from django_ray_runtime.results import result_of_new, result_of_row
from django_ray_runtime.store import get_store, get_uniques
from django_ray_runtime.task import Arguments, RayTask


class RayTaskBackend(BaseTaskBackend):
    """Keeps tasks in the database; `manage.py run_ray_worker` runs them.

    TASKS = {"default": {"BACKEND": "django_ray_runtime.backend.RayTaskBackend"}}
    """

    task_class = RayTask
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        """Insert the task's row. It is there when the surrounding transaction commits.

        A unique task whose key is held gives the result of the task that holds it. Raises
        InvalidTask for a task that this backend cannot run, TypeError or ValueError for
        arguments that are not JSON.
        """
        self.validate_task(task)
        recipe = Recipe(task, self.alias)
        row = recipe.row(args, kwargs)
        if row.unique_key is None:
            return self._announce(result_of_new(get_store().enqueue(row), task))
        [(made, is_new)] = get_uniques().enqueue([row], recipe.unique_period)
        if not is_new:
            return self.get_result(str(made))
        return self._announce(result_of_new(row, task))

    def enqueue_many(self, task: Task, calls: Sequence[Arguments]) -> list[TaskResult]:
        """Insert many calls of one task in one statement. Results in their order."""
        self.validate_task(task)
        recipe = Recipe(task, self.alias)
        rows = [recipe.row(call.args, dict(call.kwargs)) for call in calls]
        if recipe.unique is None:
            get_store().enqueue_many(rows)
            results: list[TaskResult] = [result_of_new(row, task) for row in rows]
            if is_heard(task_enqueued, type(self), logging.DEBUG):
                for result in results:
                    self._announce(result)
            return results
        held = get_uniques().enqueue(rows, recipe.unique_period)
        return [
            self._announce(result_of_new(row, task)) if is_new else self.get_result(str(made))
            for row, (made, is_new) in zip(rows, held, strict=True)
        ]

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

    def _announce(self, result: TaskResult) -> TaskResult:
        task_enqueued.send(type(self), task_result=result)
        return result
