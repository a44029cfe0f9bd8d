"""From a task and its arguments to the row that queues it."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.base import ModelState
from django.db.models.functions import Now
from django.tasks.base import Task

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import ArgumentsTooLarge
from django_ray_runtime.ids import uuid7
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.payload import is_storable, to_json
from django_ray_runtime.task import options_of_task, unique_of
from django_ray_runtime.task_rules import seconds

KEY_LENGTH = 200


class Recipe:
    """What all calls of one task have in common, worked out once."""

    def __init__(self, task: Task, backend: str) -> None:
        self.task = task
        self.backend = backend
        self.options = options_of_task(task)
        self.unique = unique_of(task)
        period = self.unique.period if self.unique else None
        self.unique_period = None if period is None else seconds(period)
        expires_in = getattr(task, "expires_in", None)
        self.expires_in = None if expires_in is None else seconds(expires_in)
        self.is_limited = bool(self.options.concurrency_limit or self.options.rate_count)
        self._common = _defaults() | {
            "task_path": task.module_path,
            "backend": backend,
            "queue_name": task.queue_name,
            "priority": int(task.priority),  # Django takes 1.0 and True too
            "run_after": task.run_after,
            "options": self.options.to_dict(),
        }

    def row(self, args: Any, kwargs: dict[str, Any]) -> QueuedTask:
        """The row of one call, not yet inserted. Raises TypeError or ValueError for arguments
        that are not JSON or too large."""
        path = self.task.module_path
        args_text = to_json(list(args), f"args of {path}") if args else "[]"
        kwargs_text = to_json(kwargs, f"kwargs of {path}") if kwargs else "{}"
        self._demand_size(args_text, kwargs_text)
        row = self._blank()
        row.args = json.loads(args_text) if args else []  # as the task gets them
        row.kwargs = json.loads(kwargs_text) if kwargs else {}
        row.limit_key = self._limit_key(args, kwargs)
        row.unique_key = self._unique_key(args, kwargs, args_text, kwargs_text)
        if self.expires_in is not None:
            row.expires_at = self._expiry()
        return row

    def _blank(self) -> QueuedTask:
        """A row with what all have in common; the model's constructor takes ten times longer."""
        row = QueuedTask.__new__(QueuedTask)
        row.__dict__ |= self._common
        row._state = ModelState()
        row.id = uuid7()
        row.worker_ids = []
        return row

    def _expiry(self) -> Any:
        """From when it may start; by the database's clock where that is now."""
        wait = timedelta(seconds=self.expires_in or 0)
        if self.task.run_after is not None:
            return self.task.run_after + wait
        return ExpressionWrapper(Now() + Value(wait), output_field=DateTimeField())

    def _demand_size(self, *texts: str) -> None:
        limit = runtime_settings().max_argument_bytes
        if 4 * sum(map(len, texts)) <= limit:  # a character takes at most four bytes
            return
        size = sum(len(text.encode()) for text in texts)
        if size > limit:
            raise ArgumentsTooLarge(
                f"The arguments of {self.task.module_path} have {size:,} bytes of JSON, "
                f"over MAX_ARGUMENT_BYTES ({limit:,}). Store the data (a file, a row) and pass "
                "where it is."
            )

    def _limit_key(self, args: Any, kwargs: dict[str, Any]) -> str | None:
        if not self.is_limited:
            return None
        key = getattr(self.task, "concurrency_key", None)
        if callable(key):
            key = self._made(key, args, kwargs, "concurrency_key")
        return _short(key or self.task.module_path)

    def _unique_key(
        self, args: Any, kwargs: dict[str, Any], args_text: str, kwargs_text: str
    ) -> str | None:
        if self.unique is None:
            return None
        path = self.task.module_path
        if self.unique.key is not None:
            return _short(f"{path}:{self._made(self.unique.key, args, kwargs, 'unique')}")
        canonical = json.dumps([json.loads(args_text), json.loads(kwargs_text)], sort_keys=True)
        return _short(f"{path}:{hashlib.sha256(canonical.encode()).hexdigest()}")

    def _made(self, function: Callable[..., Any], args: Any, kwargs: Any, what: str) -> str:
        key = function(*args, **kwargs)
        if not isinstance(key, str) or not key or not is_storable(key):
            raise TypeError(
                f"The {what} function of {self.task.module_path} must give a text that is not "
                f"empty and has no NUL or lone surrogate, got {key!r}."
            )
        return key


@cache
def _defaults() -> dict[str, Any]:
    """The fields of a row that nobody has set."""
    return vars(QueuedTask())


def _short(key: str) -> str:
    """A key that fits its column: the end of a long one becomes a hash of the whole."""
    if len(key) <= KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: KEY_LENGTH - len(digest) - 1]}#{digest}"
