"""The contract of the queue's storage, and what both databases share.

Every write is guarded: it names the state it starts from and, where a worker writes,
the worker and the attempt (the fence). A write that touches no row means "no longer
yours". All decisions about time use the database's clock.

PostgreSQL and SQLite each have one file with the verbs whose SQL differs; one suite of
contract tests runs over both.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import Count, DateTimeField, ExpressionWrapper, Q, QuerySet, Value
from django.db.models.functions import Now

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import Attempt, Queue, QueuedTask, Worker
from django_ray_runtime.records import Claim, Failure, Outcome, StopReason
from django_ray_runtime.states import State
from django_ray_runtime.store.limits import Limits
from django_ray_runtime.store.notices import Notice, announce

NEVER_SECONDS = 100 * 365 * 86_400.0  # until a deadline that never comes

type Turns = Mapping[str, tuple[float, float]]  # queue -> (start, stride)


class Store(ABC):
    """The queue in one database."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._limits = Limits(alias)

    @abstractmethod
    def claim(
        self, queues: Sequence[str], limit: int, worker: str, turns: Turns | None = None
    ) -> list[Claim]:
        """READY -> RUNNING for at most `limit` tasks of `queues`, most urgent first.

        No task is given to two callers. A worker that is not ACTIVE gets nothing, and a
        paused queue gives nothing. With `turns`, a queue's nth task takes part with its
        start + n times its stride, the lowest first, whatever its priority.
        """

    @abstractmethod
    def finish_many(self, worker: str, outcomes: Sequence[Outcome]) -> dict[uuid.UUID, State]:
        """RUNNING -> each outcome's state, where `worker` and the attempt still hold.

        A task that was to be cancelled does not run again: READY and SCHEDULED become
        CANCELLED. Returns the new states of what was still the worker's; the other
        outcomes are void.
        """

    @abstractmethod
    def insert_many(self, rows: Sequence[QueuedTask]) -> datetime:
        """Insert rows that differ in identifier, arguments and keys only, in one statement.

        Returns when, by the database's clock.
        """

    def enqueue(self, task: QueuedTask) -> QueuedTask:
        """Insert a row, in one statement; by the ORM that takes twice as long."""
        self.enqueue_many([task])
        return task

    def enqueue_many(self, rows: Sequence[QueuedTask]) -> None:
        """Insert the rows of many calls of one task, in one statement."""
        for row in rows:
            row.state = _first_state(row)
        if rows:
            moment = self.insert_many(rows)
            for row in rows:
                row.enqueued_at = moment
                row._state.adding, row._state.db = False, self.alias
            self._tell_of(rows[0])

    def admit(self, queues: Sequence[str], limit: int) -> int:
        """BLOCKED -> READY for at most `limit` keyed tasks of `queues` whose keys have room."""
        return self._limits.admit(queues, limit)

    def note_started(self, claim: Claim, timeout: float) -> bool:
        """Set the deadline of a run that begins now. False when it is no longer the worker's."""
        return bool(self._run_of(claim).update(deadline=_in_future(timeout)))

    def note_begun(self, claim: Claim) -> bool:
        """Write down that a run begins, as a deadline that never comes. False when it has begun
        before, or is no longer the worker's."""
        ours = self._run_of(claim).filter(deadline=None)
        return bool(ours.update(deadline=_in_future(NEVER_SECONDS)))

    def has_begun(self, claim: Claim) -> bool:
        """Whether `note_begun` was told so of a run that is still the worker's."""
        return self._run_of(claim).exclude(deadline=None).exists()

    def note_handed(self, worker: str, runs: Collection[tuple[uuid.UUID, int]] | None) -> bool:
        """Write down which runs (task, attempt) `worker` gives to its executor, ahead of doing so;
        None: any of what it holds. False when it was declared dead, and must give it none."""
        ours = Worker.objects.using(self.alias).living().filter(id=worker)
        names = None if runs is None else [handed_name(*run) for run in runs]
        return bool(ours.update(handed=names))

    def to_stop(self, worker: str) -> dict[uuid.UUID, StopReason]:
        """What `worker` runs and is to stop, and why."""
        ours = QueuedTask.objects.using(self.alias).running().filter(worker=worker)
        rows = ours.filter(Q(cancel_asked_at__isnull=False) | Q(deadline__lte=Now()))
        return {
            task_id: StopReason.CANCEL if asked else StopReason.TIMEOUT
            for task_id, asked in rows.values_list("id", "cancel_asked_at")
        }

    def is_cancelled(self, task_id: uuid.UUID, attempt: int) -> bool:
        """Whether this run should end: it was cancelled, or is no longer the one that counts."""
        ours = QueuedTask.objects.using(self.alias).running()
        return not ours.filter(id=task_id, attempt=attempt, cancel_asked_at=None).exists()

    def _run_of(self, claim: Claim) -> QuerySet[QueuedTask]:
        ours = QueuedTask.objects.using(self.alias).running()
        return ours.filter(id=claim.id, attempt=claim.attempt, worker=claim.worker_ids[-1])

    def disown(self, worker: str, known: Collection[uuid.UUID]) -> int:
        """Give back what `worker` holds without knowing it: a claim whose answer was lost.

        Returns how many.
        """
        held = QueuedTask.objects.using(self.alias).running().filter(worker=worker)
        unknown = held.exclude(id__in=known).values_list("id", "attempt")
        back = [
            Outcome(id=task_id, attempt=attempt, state=State.READY, spends_attempt=False)
            for task_id, attempt in unknown
        ]
        return len(self.finish_many(worker, back))

    def counts(self) -> dict[tuple[str, State], int]:
        """How many unfinished tasks there are by queue and state. Each state has a partial
        index of its own, so that the finished ones are not read."""
        rows = QueuedTask.objects.using(self.alias)
        parts = [rows.scheduled(), rows.blocked(), rows.ready(), rows.running()]
        found = [part.values_list("queue_name", "state").annotate(n=Count("id")) for part in parts]
        return {(queue, State(state)): n for part in found for queue, state, n in part}

    def has_outstanding(self, queues: Sequence[str]) -> bool:
        """Whether `queues`, those that are paused left out, hold anything that could run now, or
        will once its worker, which is silent, is declared dead."""
        paused = Queue.objects.using(self.alias).filter(paused_at__isnull=False)
        closed = set(paused.values_list("name", flat=True))
        rows = QueuedTask.objects.using(self.alias).filter(queue_name__in=set(queues) - closed)
        silent = timedelta(seconds=runtime_settings().dead_after_seconds)
        since = ExpressionWrapper(Now() - Value(silent), output_field=DateTimeField())
        alive = Worker.objects.using(self.alias).living().filter(last_beat__gte=since)
        orphans = rows.running().exclude(worker__in=alive.values("id"))
        return rows.ready().exists() or rows.blocked().exists() or orphans.exists()

    def get(self, task_id: uuid.UUID) -> QueuedTask | None:
        """The row, or None."""
        return QueuedTask.objects.using(self.alias).filter(id=task_id).first()

    def failures(self, task_id: uuid.UUID) -> list[Failure]:
        """Why its unsuccessful runs failed, oldest first."""
        rows = Attempt.objects.using(self.alias).filter(task_id=task_id)
        rows = rows.exclude(exception_class_path="")
        return [Failure(row.exception_class_path, row.traceback) for row in rows]

    def with_failures(
        self, ids: Collection[uuid.UUID]
    ) -> tuple[list[QueuedTask], dict[uuid.UUID, list[Failure]]]:
        """Many rows, and why their runs failed, in two statements."""
        rows = list(QueuedTask.objects.using(self.alias).filter(id__in=ids))
        found: dict[uuid.UUID, list[Failure]] = {}
        attempts = Attempt.objects.using(self.alias).filter(task_id__in=ids)
        for one in attempts.exclude(exception_class_path=""):
            failure = Failure(one.exception_class_path, one.traceback)
            found.setdefault(one.task_id, []).append(failure)
        return rows, found

    @property
    def waits_for_keys(self) -> bool:
        """Whether the latest look of `admit` met keyed tasks: when there is room for them, nobody
        is told."""
        return self._limits.met_keys

    def tell_of(self, states: Collection[State]) -> None:
        """Tell workers of tasks that somebody has moved into these states."""
        if State.READY in states or State.BLOCKED in states:
            announce(self.alias)
        if State.SCHEDULED in states:
            announce(self.alias, Notice.LATER)

    def _tell_of(self, task: QueuedTask) -> None:
        self.tell_of([State(task.state)])
        if task.expires_at is not None:
            announce(self.alias, Notice.LATER)

    def close(self) -> None:
        """Give the connection back; the next verb opens a new one."""
        connections[self.alias].close()


def handed_name(task_id: uuid.UUID, attempt: int) -> str:
    """A run, as it stands in `Worker.handed`."""
    return f"{task_id.hex}:{attempt}"


def _first_state(task: QueuedTask) -> State:
    if task.run_after is not None:
        return State.SCHEDULED
    return State.READY if task.limit_key is None else State.BLOCKED


def _in_future(seconds: float) -> Any:
    moment = Now() + Value(timedelta(seconds=seconds))
    return ExpressionWrapper(moment, output_field=DateTimeField())
