"""What is enqueued, asserted; with what was there instead in the message."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.tasks import task_backends
from django.tasks.backends.dummy import DummyBackend
from django.tasks.base import Task, TaskResult
from django.tasks.signals import task_enqueued
from django.utils.json import normalize_json

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.control import tasks
from django_ray_runtime.results import result_of_row

SHOWN = 20  # lines of a message


def enqueued(task: Task | None = None, *, queue_name: str | None = None) -> list[TaskResult]:
    """What waits to run, oldest first; of one `task` or of all.

    Reads the rows of our backend and the results of a DummyBackend. Raises TypeError where
    the backend keeps neither, as an ImmediateBackend: there use `capture_enqueued`.
    """
    found = [result for alias in task_backends.settings for result in _kept_by(alias)]
    return [
        result
        for result in found
        if (task is None or _is(result, task))
        and (queue_name is None or result.task.queue_name == queue_name)
    ]


@contextmanager
def capture_enqueued() -> Iterator[list[TaskResult]]:
    """A list of what is enqueued within this context, whatever becomes of it, on any backend.

    A unique task's duplicate enqueues nothing, and is not in it.
    """
    captured: list[TaskResult] = []

    def note(task_result: TaskResult, **_: object) -> None:
        captured.append(task_result)

    task_enqueued.connect(note, weak=False)
    try:
        yield captured
    finally:
        task_enqueued.disconnect(note)


def assert_enqueued(
    task: Task,
    *,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    queue_name: str | None = None,
    priority: int | None = None,
    count: int | None = None,
    among: Sequence[TaskResult] | None = None,
) -> list[TaskResult]:
    """Assert that `task` waits to run, at least once or exactly `count` times.

    What is not given is not compared; arguments are compared as they are after a round trip
    through JSON. `among` is what `capture_enqueued` gave, instead of what waits. Returns what
    matches.
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    there = enqueued() if among is None else list(among)
    matching = [
        result
        for result in there
        if _is(result, task)
        and (args is None or result.args == normalize_json(list(args)))
        and (kwargs is None or result.kwargs == normalize_json(dict(kwargs)))
        and (queue_name is None or result.task.queue_name == queue_name)
        and (priority is None or result.task.priority == priority)
    ]
    if matching if count is None else len(matching) == count:
        return matching
    wanted = _wanted(task, args, kwargs, queue_name, priority)
    often = "" if count is None else f" {count} times, but it was {len(matching)} times"
    raise AssertionError(f"Expected {wanted} to be enqueued{often}.\n{_listing(there)}")


def assert_not_enqueued(
    task: Task | None = None, *, among: Sequence[TaskResult] | None = None
) -> None:
    """Assert that `task`, or without one any task, does not wait to run."""
    __tracebackhide__ = True  # pytest shows the caller's line
    there = enqueued() if among is None else list(among)
    if any(task is None or _is(result, task) for result in there):
        what = "nothing" if task is None else f"{task.module_path} not"
        raise AssertionError(f"Expected {what} to be enqueued.\n{_listing(there)}")


class TaskAssertions:
    """The same for `TestCase`: `class MyTests(TaskAssertions, TestCase)`."""

    def assertEnqueued(self, task: Task, **expected: Any) -> list[TaskResult]:
        """See `assert_enqueued`."""
        return assert_enqueued(task, **expected)

    def assertNotEnqueued(self, task: Task | None = None, **expected: Any) -> None:
        """See `assert_not_enqueued`."""
        assert_not_enqueued(task, **expected)

    def captureEnqueued(self) -> AbstractContextManager[list[TaskResult]]:
        """See `capture_enqueued`."""
        return capture_enqueued()


def _kept_by(alias: str) -> list[TaskResult]:
    backend = task_backends[alias]
    if isinstance(backend, DummyBackend):
        return list(backend.results)
    if isinstance(backend, RayTaskBackend):
        rows = tasks().waiting().filter(backend=alias).order_by("id")
        return [result_of_row(row, []) for row in rows]
    raise TypeError(
        f"TASKS[{alias!r}] uses {type(backend).__name__}, which keeps nothing that waits. Use "
        "capture_enqueued(), or override_tasks with 'database' or 'dummy'."
    )


def _is(result: TaskResult, task: Task) -> bool:
    return result.task.module_path == task.module_path


def _call(path: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    given = [*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())]
    return f"{path}({', '.join(given)})"


def _wanted(task: Task, args: Any, kwargs: Any, queue_name: str | None, priority: Any) -> str:
    path = task.module_path
    wanted = path if args is None and kwargs is None else _call(path, args or (), kwargs or {})
    if queue_name is not None:
        wanted += f" on queue {queue_name}"
    return wanted if priority is None else f"{wanted} with priority {priority}"


def _listing(there: Sequence[TaskResult]) -> str:
    if not there:
        return "Nothing is enqueued."
    lines = [
        f"  {_call(one.task.module_path, one.args, one.kwargs)}"
        f"  queue {one.task.queue_name}, priority {one.task.priority}"
        + (f", not before {one.task.run_after}" if one.task.run_after else "")
        for one in there[:SHOWN]
    ]
    if len(there) > SHOWN:
        lines.append(f"  … and {len(there) - SHOWN} more")
    return "Enqueued are:\n" + "\n".join(lines)
