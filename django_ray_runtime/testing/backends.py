"""Django's two backends for tests, which accept what RayTask declares."""

from typing import Any

from django.conf import settings
from django.tasks.backends.dummy import DummyBackend as DjangosDummyBackend
from django.tasks.backends.immediate import ImmediateBackend as DjangosImmediateBackend
from django.test import override_settings

from django_ray_runtime.task import RayTask

_PATHS = {
    "database": "django_ray_runtime.backend.RayTaskBackend",
    "dummy": "django_ray_runtime.testing.DummyBackend",
    "immediate": "django_ray_runtime.testing.ImmediateBackend",
}


class ImmediateBackend(DjangosImmediateBackend):
    """Runs each task where it is enqueued, once. Declarations with the queue's options import
    under it; retries, limits, uniqueness and expiry do nothing."""

    task_class = RayTask


class DummyBackend(DjangosDummyBackend):
    """Keeps what was enqueued in `results` and runs nothing. Declarations with the queue's
    options import under it; uniqueness does nothing."""

    task_class = RayTask


def override_tasks(backend: str = "dummy") -> Any:
    """Every alias of TASKS with another backend: "dummy", "immediate" or "database".

    A decorator for tests and TestCase classes, and a context manager, like
    `override_settings`. The aliases and their queues stay. Raises ValueError for another name.
    """
    if backend not in _PATHS:
        raise ValueError(f"backend must be one of {', '.join(_PATHS)}, got {backend!r}.")
    before: dict[str, dict[str, Any]] = getattr(settings, "TASKS", None) or {"default": {}}
    changed = {
        alias: {
            **{key: value for key, value in entry.items() if key != "OPTIONS"},
            "BACKEND": _PATHS[backend],
        }
        for alias, entry in before.items()
    }
    return override_settings(TASKS=changed)
