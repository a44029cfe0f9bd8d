"""From rows and claims to Django's TaskResult."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.tasks.base import TASK_REFRESH_ATTRS, Task, TaskError, TaskResult, TaskResultStatus
from django.utils.module_loading import import_string

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import Cancelled, Expired
from django_ray_runtime.models import QueuedTask, TaskProgress
from django_ray_runtime.records import Claim, Failure
from django_ray_runtime.states import DJANGO_STATUS, State


def load_task(path: str) -> Task:
    """The declared task at a dotted path.

    The path comes from a row: whoever can write one must not have other code imported, let alone
    called. Raises ImportError when it may not be imported or nothing is there, TypeError when it
    is no task of this very path; both say what to do.
    """
    _demand_listed(path)
    try:
        found = import_string(path)
    except ImportError as error:
        raise ImportError(
            f"The task {path!r} cannot be imported: {error}. Was it renamed, or does this "
            "process run other code than the one that enqueued it?"
        ) from error
    if not isinstance(found, Task):
        raise TypeError(f"{path!r} is a {type(found).__name__}, not a task. Declare it with @task.")
    if found.module_path != path:
        raise TypeError(f"{path!r} is another name of the task {found.module_path!r}; use that.")
    return found


def _demand_listed(path: str) -> None:
    modules = runtime_settings().task_modules
    if modules is not None and not is_listed(path, modules):
        raise ImportError(
            f"The task {path!r} is in none of the packages whose tasks may run: "
            f"{', '.join(modules)}. If it should, add its package to TASK_MODULES."
        )


def is_listed(path: str, modules: Iterable[str]) -> bool:
    """Whether a task of this path is in one of these packages or modules."""
    return any(path.startswith(f"{module}.") for module in modules)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present run of a task is, as of `updated_at`."""

    done: int
    total: int | None
    message: str
    started_at: datetime
    updated_at: datetime

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None while the whole is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def eta_seconds(self) -> float | None:
        """Seconds from `updated_at` to the end at the mean speed so far, where known."""
        if not self.total or not self.done:
            return None
        taken = (self.updated_at - self.started_at).total_seconds()
        return max(0.0, taken * (self.total - self.done) / self.done)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RayTaskResult(TaskResult):  # type: ignore[misc]  # the stubs do not say frozen
    """Django's TaskResult, with the queue's own state and the run's progress."""

    state: State
    progress: Progress | None = None

    def __repr__(self) -> str:
        # Without arguments and tracebacks: it ends up in logs, and they may be sensitive.
        return f"<RayTaskResult {self.id} of {self.task.module_path}: {self.state}>"

    def refresh(self) -> None:
        """Reload what the queue knows."""
        self._take(self.task.get_backend().get_result(self.id))

    async def arefresh(self) -> None:
        """Reload what the queue knows."""
        self._take(await self.task.get_backend().aget_result(self.id))

    def _take(self, fresh: TaskResult) -> None:
        for name in (*TASK_REFRESH_ATTRS, "state", "progress"):
            object.__setattr__(self, name, getattr(fresh, name))


def result_of_new(row: QueuedTask, task: Task) -> RayTaskResult:
    """The result of a row just inserted."""
    return _result(row, task, State(row.state), row.args, row.kwargs)


def result_of_row(
    row: QueuedTask, failures: Iterable[Failure], *, with_progress: bool = True
) -> RayTaskResult:
    """The result of a row read back, with the errors of its runs."""
    state = State(row.state)
    result = _result(row, _task_of(row), state, row.args, row.kwargs)
    result.errors.extend(TaskError(**_error(failure)) for failure in failures)
    if state in _ENDS and not (result.errors and _is(result.errors[-1], _ENDS[state])):
        result.errors.append(ending_error(state))
    if state == State.SUCCESSFUL:
        object.__setattr__(result, "_return_value", row.return_value)
    if with_progress:
        object.__setattr__(result, "progress", progress_of(row))
    return result


def result_of_claim(claim: Claim, args: list[Any], kwargs: dict[str, Any]) -> RayTaskResult:
    """The result of a task that is about to run, for its context and for signals."""
    return _result(claim, _task_of(claim), State.RUNNING, args, kwargs)


def progress_of(row: QueuedTask) -> Progress | None:
    """What the latest run reported, or None when it reported nothing."""
    found = TaskProgress.objects.using(row._state.db).filter(task_id=row.id, attempt=row.attempt)
    values = found.values_list("done", "total", "message", "started_at", "updated_at").first()
    return Progress(*values) if values else None


def error_line(run: Any) -> str:
    """The error of one attempt of a task: where its message has several lines, the first."""
    # It begins where the exception's name stands.
    lines = run.traceback.strip().splitlines() or [run.exception_class_path]
    name = run.exception_class_path.rpartition(".")[2]
    named = [line for line in lines if line.split(":")[0].rpartition(".")[2] == name]
    return str((named or lines)[-1])


def ending_error(state: State) -> TaskError:
    """What tells a task that was cancelled or has expired from one that failed."""
    kind = _ENDS[state]
    path = f"{kind.__module__}.{kind.__qualname__}"
    return TaskError(exception_class_path=path, traceback=f"{kind.__name__}: {kind.__doc__}\n")


_ENDS: dict[State, type[Exception]] = {State.CANCELLED: Cancelled, State.EXPIRED: Expired}


def _is(error: TaskError, kind: type[Exception]) -> bool:
    return error.exception_class_path == f"{kind.__module__}.{kind.__qualname__}"


def _task_of(source: QueuedTask | Claim) -> Task:
    """The task as it was enqueued. Not checked again: its queue may be listed no longer."""
    declared = load_task(source.task_path)
    task = object.__new__(type(declared))
    for name in (field.name for field in fields(declared)):
        origin = source if name in _FROM_ROW else declared
        object.__setattr__(task, name, getattr(origin, name))
    return task


_FROM_ROW = {"priority", "queue_name", "run_after", "backend"}


def _result(
    source: QueuedTask | Claim, task: Task, state: State, args: list[Any], kwargs: dict[str, Any]
) -> RayTaskResult:
    return RayTaskResult(
        task=task,
        id=str(source.id),
        status=TaskResultStatus(DJANGO_STATUS[state]),
        enqueued_at=source.enqueued_at,
        started_at=source.started_at,
        finished_at=source.finished_at if isinstance(source, QueuedTask) else None,
        last_attempted_at=source.last_attempted_at,
        args=args,
        kwargs=kwargs,
        backend=source.backend,
        errors=[],
        worker_ids=list(source.worker_ids),
        state=state,
    )


def _error(failure: Failure) -> dict[str, str]:
    return {
        "exception_class_path": failure.exception_class_path,
        "traceback": failure.traceback,
    }
