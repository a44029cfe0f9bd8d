"""Running what is enqueued: the real store and the real run, in the caller's thread.

Each run is claimed, executed and finished as a worker does it, one after the other. Timeouts
are not enforced: nobody stands beside the run to end it.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NoReturn
from unittest import mock

from django.db import DatabaseError, connections
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now
from django.tasks import task_backends
from django.tasks.base import Task, TaskResult

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.control import queue_names, tasks
from django_ray_runtime.exceptions import UnknownQueue
from django_ray_runtime.ids import new_worker_id
from django_ray_runtime.models import QueuedTaskQuerySet
from django_ray_runtime.results import result_of_row
from django_ray_runtime.signals import announce_ended
from django_ray_runtime.states import State, WorkerState
from django_ray_runtime.store import get_liveness, get_store, get_waiting
from django_ray_runtime.testing.held import HeldExecutor
from django_ray_runtime.worker.dispatcher import Dispatcher


def run_enqueued(
    limit: int | None = None,
    queue: str | None = None,
    *,
    with_retries: bool = False,
    include_scheduled: bool = False,
    now: datetime | None = None,
    raise_errors: bool = False,
) -> list[TaskResult]:
    """Run what is READY, most urgent first, and what that enqueues; at most `limit` runs.

    queue              only this queue; else all of them
    with_retries       a failed run is repeated without its pause, up to max_attempts
    include_scheduled  what has a later run_after runs too
    now                as if it were that time: what is due by then runs, what expires is expired
    raise_errors       raise the exception of the first task that ends FAILED

    Returns a result for each task that ran, in the order of their first runs. Paused queues,
    concurrency limits and rate limits hold as in production. Raises UnknownQueue, and
    TypeError where no backend of TASKS keeps its tasks in the database.
    """
    queues = _queues(queue)
    _demand_limit(limit)
    _pass_time(include_scheduled, now)
    ran: dict[uuid.UUID, None] = {}
    runs = 0
    with _worker(queues) as (dispatcher, executor):
        while limit is None or runs < limit:
            _promote_due(with_retries)
            dispatcher.store.admit(queues, 1)
            if not dispatcher.fill():
                break
            task_id = tasks().running().values_list("id", flat=True).get(worker=dispatcher.worker)
            error = _run(executor)
            dispatcher.flush()
            runs += 1
            ran[task_id] = None
            if raise_errors:
                _demand_success(task_id, error)
    return [_result(task_id) for task_id in ran]


def drain_queue(
    queue: str = "default",
    *,
    with_retries: bool = True,
    include_scheduled: bool = False,
    now: datetime | None = None,
    raise_errors: bool = False,
) -> list[TaskResult]:
    """Run one queue until nothing is left that may run, retries included. As `run_enqueued`."""
    return run_enqueued(
        queue=queue,
        with_retries=with_retries,
        include_scheduled=include_scheduled,
        now=now,
        raise_errors=raise_errors,
    )


@contextmanager
def _worker(queues: Sequence[str]) -> Iterator[tuple[Dispatcher, HeldExecutor]]:
    """A worker that may claim, one task at a time."""
    liveness, name = get_liveness(), new_worker_id()
    liveness.register(name, queues)
    liveness.move(name, WorkerState.ACTIVE, executor="testing", concurrency=1)
    executor = HeldExecutor(slots=1)
    try:
        yield Dispatcher(get_store(), executor, worker=name, queues=queues, concurrency=1), executor
    finally:
        liveness.move(name, WorkerState.STOPPED)


def _run(executor: HeldExecutor) -> BaseException | None:
    """Run the one call that is held. Returns the exception of the task's function, if any."""
    noted: list[BaseException] = []
    original = Task.call

    def noting(task: Task, *args: object, **kwargs: object) -> object:
        try:
            return original(task, *args, **kwargs)
        except BaseException as error:
            noted.append(error)
            raise

    # The run itself turns exceptions into texts, as they must travel between processes.
    with mock.patch.object(Task, "call", noting), _as_outside_a_transaction():
        executor.waiting[0].run()
    executor.calls.clear()
    if noted and isinstance(noted[-1], KeyboardInterrupt):
        raise noted[-1]  # whoever runs the tests wants to stop
    return noted[-1] if noted else None


@contextmanager
def _as_outside_a_transaction() -> Iterator[None]:
    """Inside a test's transaction, a task finds what it has in production, where it is in none.

    A database error that it leaves behind does not break the test's transaction (what the task
    wrote before is undone then), and its `on_commit` functions are called at its end.
    """
    marks = [
        (connection.alias, str(connection.savepoint()), len(connection.run_on_commit))
        for connection in connections.all(initialized_only=True)
        if connection.in_atomic_block
    ]
    yield
    for alias, savepoint, before in reversed(marks):
        _settle(alias, savepoint, before)


def _settle(alias: str, savepoint: str, before: int) -> None:
    connection = connections[alias]
    callbacks = connection.run_on_commit[before:]
    del connection.run_on_commit[before:]
    try:
        connection.savepoint_commit(savepoint)
    except DatabaseError:  # the task left the transaction unusable
        connection.needs_rollback = False
        connection.savepoint_rollback(savepoint)
        return
    for entry in callbacks:  # (savepoints, function, robust)
        entry[1]()


def _pass_time(include_scheduled: bool, now: datetime | None) -> None:
    """What the test's own idea of the time makes due; once, or tasks that schedule themselves
    again would never end. Only here is a queue's row moved by another clock than the database's.
    """
    if now is not None:
        late = tasks().waiting().filter(expires_at__lte=now, attempt=0)
        ids = list(late.values_list("id", flat=True))
        tasks().waiting().filter(id__in=ids).update(state=State.EXPIRED, finished_at=Now())
        announce_ended(ids)
        _make_ready(tasks().scheduled().filter(run_after__lte=now))
    if include_scheduled:
        _make_ready(tasks().scheduled().filter(failures=0))


def _promote_due(with_retries: bool) -> None:
    waiting = get_waiting()
    announce_ended(waiting.expire())
    waiting.promote()
    if with_retries:
        _make_ready(tasks().scheduled().filter(failures__gt=0))


def _make_ready(rows: QueuedTaskQuerySet) -> None:
    blocked = When(Q(limit_key__isnull=False), then=Value(State.BLOCKED))
    rows.update(state=Case(blocked, default=Value(State.READY)))


def _queues(queue: str | None) -> list[str]:
    if not any(isinstance(backend, RayTaskBackend) for backend in task_backends.all()):
        raise TypeError(
            "No backend of TASKS keeps its tasks in the database, so there is nothing to run. Use "
            "RayTaskBackend, or override_tasks('database')."
        )
    known = queue_names()
    if queue is not None and queue not in known:
        raise UnknownQueue(f"There is no queue {queue!r}. Expected one of: {', '.join(known)}.")
    return known if queue is None else [queue]


def _demand_limit(limit: int | None) -> None:
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, or None for all, got {limit!r}.")


def _demand_success(task_id: uuid.UUID, error: BaseException | None) -> None:
    result = _result(task_id)
    if tasks().get(id=task_id).state == State.FAILED:
        _raise(result, error)


def _raise(result: TaskResult, error: BaseException | None) -> NoReturn:
    """The task's own exception where its function raised it; else one of the same class."""
    told = result.errors[-1]
    if error is not None:
        path = f"{type(error).__module__}.{type(error).__qualname__}"
        if path == told.exception_class_path:
            raise error
    message = told.traceback.strip().rpartition("\n")[2].partition(": ")[2]
    try:
        again = told.exception_class(message)
    except Exception:  # it takes other arguments, or cannot be imported
        again = RuntimeError(f"{result.task.module_path} failed:\n{told.traceback}")
    raise again


def _result(task_id: uuid.UUID) -> TaskResult:
    return result_of_row(tasks().get(id=task_id), get_store().failures(task_id))
