"""Django's own `task` decorator, with the queue's options in its type.

    from django_ray_runtime.decorators import task

    @task(max_attempts=5)
    def fetch(url): ...

At run time it is `django.tasks.task` and nothing else, which you can use just as well: only type
checkers do not know there that it takes more (the stubs list Django's options alone).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, Unpack, cast, overload

from django.tasks import task as djangos_task

from django_ray_runtime.task import Errors, RayTask, Seconds, Unique

__all__ = ["Options", "task"]


class Options(TypedDict, total=False):
    """What `@task(…)` takes; see RayTask."""

    priority: int
    queue_name: str
    backend: str
    takes_context: bool
    max_attempts: int | None
    retry_backoff: Seconds | Sequence[Seconds] | None
    retry_on: Errors | None
    no_retry_on: Errors | None
    timeout: Seconds | None
    expires_in: Seconds | None
    num_cpus: float | None
    num_gpus: float | None
    memory: int | None
    resources: Mapping[str, float] | None
    runtime_env: Mapping[str, Any] | None
    unique: bool | Callable[..., str] | Unique | None
    concurrency_key: str | Callable[..., str] | None
    concurrency_limit: int | None
    rate_limit: str | None
    sensitive: tuple[str, ...] | None


@overload
def task(function: Callable[..., Any], /) -> RayTask: ...
@overload
def task(**options: Unpack[Options]) -> Callable[[Callable[..., Any]], RayTask]: ...
def task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Declare a task. Raises InvalidTask, and TypeError for an unknown option."""
    return cast(Any, djangos_task)(function, **options)
