"""RayTask: Django's Task with retries, timeouts, resources, limits and uniqueness.

    @task(max_attempts=5, retry_on=(OSError,), timeout=60, num_cpus=2)
    def fetch(url): ...

    fetch.using(expires_in=timedelta(hours=1)).enqueue("…")

Django's own decorator makes a RayTask where the backend is ours, because it is the backend's
`task_class`. Every option can be changed by `.using`; there, None means "as if never given".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.tasks.base import Task, TaskResult
from django.utils.module_loading import import_string

from django_ray_runtime.options import TaskOptions
from django_ray_runtime.task_rules import check, read_rate, runtime_env_text, seconds

__all__ = ["Arguments", "RayTask", "Unique", "arguments"]

type Seconds = float | timedelta
type Errors = tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True)
class Unique:
    """At most one task: with the same arguments, or with the same `key(*args, **kwargs)`.

    Without a `period` it holds while that task is unfinished, with one for that long from
    its enqueueing, finished or not.
    """

    key: Callable[..., str] | None = None
    period: Seconds | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, for `enqueue_many`."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def arguments(*args: Any, **kwargs: Any) -> Arguments:
    """The arguments of one call, written as in the call: `arguments(1, key="x")`."""
    return Arguments(args, kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class RayTask(Task):
    """A task with everything that the queue can do for it. Raises InvalidTask at declaration.

    max_attempts       how often it may fail by its own exceptions; a lost worker does not count
    retry_backoff      seconds before the first retry, doubled each time; or a list of pauses
    retry_on           exception classes that are retried (Exception)
    no_retry_on        exceptions among those that are not
    timeout            seconds that one run may take
    expires_in         seconds after which it is not started any more
    num_cpus, num_gpus what a run reserves on the cluster
    memory             bytes that a run reserves
    resources          further resources of the cluster, such as {"node_a": 1}
    runtime_env        Ray's runtime environment of a run
    unique             True, a key function, or Unique(key=…, period=…)
    concurrency_key    text, or a function of the arguments: runs with one key share its limits
    concurrency_limit  how many of them may run at once
    rate_limit         how many of them may start, such as "10/m" or "5/30s"
    sensitive          names of parameters whose values are never shown
    """

    max_attempts: int | None = None
    retry_backoff: Seconds | Sequence[Seconds] | None = None
    retry_on: Errors | None = None
    no_retry_on: Errors | None = None
    timeout: Seconds | None = None
    expires_in: Seconds | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None
    memory: int | None = None
    resources: Mapping[str, float] | None = None
    runtime_env: Mapping[str, Any] | None = None
    unique: bool | Callable[..., str] | Unique | None = None
    concurrency_key: str | Callable[..., str] | None = None
    concurrency_limit: int | None = None
    rate_limit: str | None = None
    sensitive: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        # Not super(): the decorator replaced the class that its cell holds by one with slots.
        Task.__post_init__(self)
        check(self)

    def __hash__(self) -> int:
        # Without the options, some of which are dicts.
        return hash((self.func, self.priority, self.queue_name, self.backend, self.run_after))

    def __reduce__(self) -> Any:
        """Pickled as what differs from its declaration: a key function may be a lambda."""
        try:
            declared = import_string(self.module_path)
        except ImportError:
            declared = None
        if not isinstance(declared, RayTask) or declared.func is not self.func:
            return Task.__reduce__(self)
        names = [f.name for f in fields(self)]
        changes = {
            name: getattr(self, name)
            for name in names
            if getattr(self, name) != getattr(declared, name)
        }
        return _declared_with, (self.module_path, changes)

    def using(self, **changes: Any) -> "RayTask":
        """A task with other options. Django's own four keep their value when None is given."""
        known = {f.name for f in fields(self)} - {"func", "takes_context"}
        if unknown := sorted(changes.keys() - known):
            raise TypeError(
                f"{self.module_path} has no option {', '.join(unknown)}. "
                f"Expected one of: {', '.join(sorted(known))}."
            )
        kept = {"priority", "queue_name", "run_after", "backend"}
        wanted = {n: v for n, v in changes.items() if v is not None or n not in kept}
        return replace(self, **wanted)

    def enqueue_many(self, calls: Iterable[Any]) -> list[TaskResult]:
        """Enqueue many calls in one statement; all of them or none. Results in their order.

        A call is a tuple of positional arguments, a dict of keyword arguments, or what
        `arguments(…)` makes.
        """
        made = [_arguments_of(call, self.module_path) for call in calls]
        backend: Any = self.get_backend()
        if not hasattr(backend, "enqueue_many"):
            return [backend.enqueue(self, list(one.args), dict(one.kwargs)) for one in made]
        results: list[TaskResult] = backend.enqueue_many(self, made)
        return results

    async def aenqueue_many(self, calls: Iterable[Any]) -> list[TaskResult]:
        """See enqueue_many()."""
        return await sync_to_async(self.enqueue_many, thread_sensitive=True)(calls)


def _declared_with(path: str, changes: dict[str, Any]) -> Task:
    """Unpickle a task. Raises ValueError when its declaration is gone, as Django's does."""
    try:
        declared = import_string(path)
    except ImportError as error:
        raise ValueError(f"Expected {path!r} to point to a Task instance.") from error
    if not isinstance(declared, Task):
        raise ValueError(f"Expected {path!r} to point to a Task instance, got {declared!r}.")
    return replace(declared, **changes)


def _arguments_of(call: Any, path: str) -> Arguments:
    if isinstance(call, Arguments):
        return call
    if isinstance(call, tuple | list):
        return Arguments(tuple(call))
    if isinstance(call, dict):
        return Arguments((), call)
    raise TypeError(
        f"enqueue_many of {path} expects tuples of positional arguments, dicts of keyword "
        f"arguments, or arguments(…); got {type(call).__name__}. Write ({call!r},) for one."
    )


def options_of_task(task: Task) -> TaskOptions:
    """What a row must remember of a task's declaration."""
    if not isinstance(task, RayTask):  # declared under a backend of another kind
        return TaskOptions()
    from django_ray_runtime.task_rules import positions_of, waits

    count, per = read_rate(task.rate_limit) if task.rate_limit else (None, 1.0)
    default = TaskOptions()
    return TaskOptions(
        max_attempts=task.max_attempts,
        retry_backoff=waits(task.retry_backoff),
        retry_on=default.retry_on if task.retry_on is None else _paths(task.retry_on),
        no_retry_on=_paths(task.no_retry_on or ()),
        timeout=None if task.timeout is None else seconds(task.timeout),
        num_cpus=1.0 if task.num_cpus is None else float(task.num_cpus),
        num_gpus=float(task.num_gpus or 0),
        memory=task.memory,
        resources=tuple(sorted((task.resources or {}).items())),
        runtime_env=runtime_env_text(task.runtime_env),
        concurrency_limit=task.concurrency_limit,
        rate_count=count,
        rate_seconds=per,
        sensitive=tuple(task.sensitive or ()),
        sensitive_positions=positions_of(task),
    )


def unique_of(task: Task) -> Unique | None:
    """How a task is unique, or None when it is not."""
    unique = getattr(task, "unique", None)
    if not unique:
        return None
    if isinstance(unique, Unique):
        return unique
    return Unique() if unique is True else Unique(key=unique)


def _paths(kinds: Errors) -> tuple[str, ...]:
    return tuple(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
