"""Who is alive: one heartbeat row per worker boot, and the rescue of what the dead held.

Written with the ORM, the same on both databases. Only the database's clock counts.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import Attempt, QueuedTask, Worker, WorkerQuerySet
from django_ray_runtime.states import FINAL, State, WorkerState

RESCUE_BATCH = 500


@dataclass(slots=True)
class Released:
    """What became of the tasks that the dead held."""

    tasks: int = 0  # how many were taken from them
    failed: list[uuid.UUID] = field(default_factory=list)  # those of them that do not run again


class Liveness:
    """The rows of worker boots in one database."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def register(self, worker: str, queues: Sequence[str]) -> None:
        """A new worker boot, alive from now on."""
        Worker(id=worker, queues=list(queues)).save(using=self.alias, force_insert=True)

    def move(self, worker: str, state: WorkerState, **facts: Any) -> bool:
        """Take a living worker to another state. False when it was declared dead before."""
        if state in {WorkerState.STOPPED, WorkerState.DEAD}:
            facts["ended_at"] = Now()
        return bool(self._living().filter(id=worker).update(state=state, **facts))

    def beat(self, workers: Collection[str], dead_after: float) -> set[str]:
        """The heartbeat of `workers`, in one statement. Returns those declared dead before.

        A beat that comes after a gap of `dead_after` seconds starts a new steady time.
        """
        steady_since = Case(
            When(last_beat__lt=_ago(dead_after), then=Now()), default=F("steady_since")
        )
        ours = Worker.objects.using(self.alias).filter(id__in=workers)
        if ours.living().update(last_beat=Now(), steady_since=steady_since) == len(workers):
            return set()
        return set(ours.filter(state=WorkerState.DEAD).values_list("id", flat=True))

    def note_stats(self, worker: str, stats: Mapping[str, Any]) -> bool:
        """Keep a living worker's counters (`WorkerStats.to_dict()`) in its row, for metrics.
        False when it was declared dead before."""
        return bool(self._living().filter(id=worker).update(stats=dict(stats)))

    def declare_dead(self, worker: str) -> Released:
        """A worker whose process is known to have ended: its tasks run again at once.

        What is not to run again is left to the next `rescue`, which tells those who listen:
        the supervisor, who calls this, runs no code but its own.
        """
        self.move(worker, WorkerState.DEAD)
        return self._release(only_to_run_again=True)

    def rescue(self, rescuer: str, dead_after: float) -> Released:
        """Declare silent workers dead, and release what the dead held.

        Only a worker whose own heartbeats came without a gap for `dead_after` seconds may
        judge others: after an outage of the database every row looks old. A heartbeat
        that succeeds before this commits renews the row, and the update passes it by.
        """
        fit = self._living().filter(id=rescuer, last_beat__gte=_ago(dead_after))
        if fit.filter(steady_since__lte=_ago(dead_after)).exists():
            silent = self._living().filter(last_beat__lt=_ago(dead_after))
            if silent.exists():
                silent.update(state=WorkerState.DEAD, ended_at=Now())
        return self._release()

    def _release(self, only_to_run_again: bool = False) -> Released:
        """RUNNING -> READY, CANCELLED where that was asked for, or FAILED after too many losses,
        where no living worker holds."""
        released = Released()
        while True:
            with transaction.atomic(using=self.alias):
                orphans = self._orphans(only_to_run_again)
                states = {task.id: self._lose(task) for task in orphans}
                self._note_released(orphans)
            released.tasks += len(orphans)
            released.failed += [task_id for task_id, state in states.items() if state in FINAL]
            if len(orphans) < RESCUE_BATCH:
                return released

    def _orphans(self, only_to_run_again: bool) -> list[QueuedTask]:
        running = QueuedTask.objects.using(self.alias).running()
        orphans = running.exclude(worker__in=self._living().values("id"))
        if only_to_run_again:
            limit = runtime_settings().max_lost_reruns
            orphans = orphans.filter(losses__lt=limit, cancel_asked_at=None)
        # Chosen without an order, which SQLite would get by reading all the table's rows.
        batch = list(orphans.values_list("id", flat=True)[:RESCUE_BATCH])
        # Locked in one fixed order, the same as in finish_many: no deadlock with it.
        return list(orphans.filter(id__in=batch).order_by("id").select_for_update())

    def _lose(self, task: QueuedTask) -> State:
        state = State.READY
        if task.cancel_asked_at is not None:
            state = State.CANCELLED
        elif task.losses >= runtime_settings().max_lost_reruns:
            state = State.FAILED
        Attempt(
            task=task,
            number=task.attempt,
            worker=task.worker or "",
            started_at=task.last_attempted_at,
            exception_class_path="django_ray_runtime.exceptions.WorkerLost",
            traceback=f"WorkerLost: worker {task.worker} was lost while it held this task.\n",
        ).save(using=self.alias, force_insert=True)
        held = QueuedTask.objects.using(self.alias).running().filter(id=task.id)
        held.filter(worker=task.worker, attempt=task.attempt).update(
            state=state,
            worker=None,
            losses=F("losses") + 1,
            finished_at=Now() if state in FINAL else None,
        )
        return state

    def _note_released(self, orphans: Sequence[QueuedTask]) -> None:
        """Count them in the rows of the workers that lost them."""
        per_worker = Counter(task.worker for task in orphans)
        for worker, count in sorted(per_worker.items(), key=str):  # one order of locks for all
            rows = Worker.objects.using(self.alias).filter(id=worker)
            rows.update(released=F("released") + count)

    def _living(self) -> WorkerQuerySet:
        return Worker.objects.using(self.alias).living()


def _ago(seconds: float) -> Combinable:
    return ExpressionWrapper(
        Now() - Value(timedelta(seconds=seconds)), output_field=DateTimeField()
    )
