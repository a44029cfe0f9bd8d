"""The contract of the queue's storage, and what both databases share.

Every write is guarded: it names the state it starts from and, where a worker writes,
the worker and the attempt (the fence). A write that touches no row means "no longer
yours". All decisions about time use the database's clock.

PostgreSQL and SQLite each have one file with the verbs whose SQL differs; one suite of
contract tests runs over both.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from django.db import connections
from django.db.models import Count
from django.db.models.functions import Now

from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.records import Claim, Failure, Outcome
from django_ray_runtime.states import State


class Store(ABC):
    """The queue in one database."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    @abstractmethod
    def claim(self, queues: Sequence[str], limit: int, worker: str) -> list[Claim]:
        """READY -> RUNNING for at most `limit` tasks of `queues`, most urgent first.

        No task is given to two callers. A worker that is not ACTIVE gets nothing.
        """

    @abstractmethod
    def finish_many(self, worker: str, outcomes: Sequence[Outcome]) -> set[uuid.UUID]:
        """RUNNING -> each outcome's state, where `worker` and the attempt still hold.

        Returns the tasks that were still the worker's; the other outcomes are void.
        """

    def enqueue(self, task: QueuedTask) -> QueuedTask:
        """Insert a row: READY, or SCHEDULED when it has a run_after. One statement."""
        task.state = State.READY if task.run_after is None else State.SCHEDULED
        task.save(using=self.alias, force_insert=True)
        return task

    def promote(self) -> int:
        """SCHEDULED -> READY for every task that is due. Returns how many."""
        scheduled = QueuedTask.objects.using(self.alias).filter(state=State.SCHEDULED)
        return scheduled.filter(run_after__lte=Now()).update(state=State.READY)

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
        """How many tasks there are by queue and state."""
        rows = QueuedTask.objects.using(self.alias).values_list("queue_name", "state")
        return {(queue, State(state)): n for queue, state, n in rows.annotate(n=Count("id"))}

    def get(self, task_id: uuid.UUID) -> QueuedTask | None:
        """The row, or None."""
        return QueuedTask.objects.using(self.alias).filter(id=task_id).first()

    def failures(self, task_id: uuid.UUID) -> list[Failure]:
        """Why its unsuccessful runs failed, oldest first."""
        rows = Attempt.objects.using(self.alias).filter(task_id=task_id)
        return [Failure(row.exception_class_path, row.traceback) for row in rows]

    def close(self) -> None:
        """Give the connection back; the next verb opens a new one."""
        connections[self.alias].close()
