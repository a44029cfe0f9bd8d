"""From rows and claims to Django's TaskResult."""

from collections.abc import Iterable
from typing import Any

from django.tasks.base import Task, TaskError, TaskResult, TaskResultStatus
from django.utils.module_loading import import_string

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import Claim, Failure
from django_ray_runtime.states import DJANGO_STATUS, State


def load_task(path: str) -> Task:
    """The declared task at a dotted path.

    Raises ImportError when nothing is there, TypeError when it is not a task; both say
    what to do.
    """
    try:
        found = import_string(path)
    except ImportError as error:
        raise ImportError(
            f"The task {path!r} cannot be imported: {error}. Was it renamed, or does this "
            "process run other code than the one that enqueued it?"
        ) from error
    if not isinstance(found, Task):
        raise TypeError(f"{path!r} is a {type(found).__name__}, not a task. Declare it with @task.")
    return found


def result_of_new(row: QueuedTask, task: Task) -> TaskResult:
    """The result of a row just inserted."""
    return _result(row, task, row.state, row.args, row.kwargs)


def result_of_row(row: QueuedTask, failures: Iterable[Failure]) -> TaskResult:
    """The result of a row read back, with the errors of its runs."""
    result = _result(row, _task_of(row), row.state, row.args, row.kwargs)
    result.errors.extend(TaskError(**_error(failure)) for failure in failures)
    if row.state == State.SUCCESSFUL:
        object.__setattr__(result, "_return_value", row.return_value)
    return result


def result_of_claim(claim: Claim, args: list[Any], kwargs: dict[str, Any]) -> TaskResult:
    """The result of a task that is about to run, for its context and for signals."""
    return _result(claim, _task_of(claim), State.RUNNING, args, kwargs)


def _task_of(source: QueuedTask | Claim) -> Task:
    return load_task(source.task_path).using(
        priority=source.priority,
        queue_name=source.queue_name,
        run_after=source.run_after,
        backend=source.backend,
    )


def _result(
    source: QueuedTask | Claim, task: Task, state: str, args: list[Any], kwargs: dict[str, Any]
) -> TaskResult:
    return TaskResult(
        task=task,
        id=str(source.id),
        status=TaskResultStatus(DJANGO_STATUS[State(state)]),
        enqueued_at=source.enqueued_at,
        started_at=source.started_at,
        finished_at=source.finished_at if isinstance(source, QueuedTask) else None,
        last_attempted_at=source.last_attempted_at,
        args=args,
        kwargs=kwargs,
        backend=source.backend,
        errors=[],
        worker_ids=list(source.worker_ids),
    )


def _error(failure: Failure) -> dict[str, str]:
    return {
        "exception_class_path": failure.exception_class_path,
        "traceback": failure.traceback,
    }
