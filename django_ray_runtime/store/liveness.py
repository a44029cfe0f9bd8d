"""Who is alive: one heartbeat row per worker boot, and the rescue of what the dead held.

Written with the ORM, the same on both databases. Only the database's clock counts.

What a lost worker held falls into three. What it had not given to its executor never began:
it goes back as if never claimed. What it had given is charged with a loss. Where tasks are so
short that it did not say which, none is charged, but each becomes a suspect: its next run is
given to a free slot only and noted down, and is charged if it is lost.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, Exists, ExpressionWrapper, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import QueuedTask, QueuedTaskQuerySet, Worker, WorkerQuerySet
from django_ray_runtime.records import Failure, Outcome
from django_ray_runtime.states import FINAL, State, WorkerState
from django_ray_runtime.store.base import Store, handed_name

RESCUE_BATCH = 500


@dataclass(slots=True)
class Released:
    """What became of the tasks that the dead held."""

    by_worker: Counter[str] = field(default_factory=Counter)  # how many were taken from each
    charged: list[QueuedTask] = field(default_factory=list)  # as they were before, with their loss
    failed: list[uuid.UUID] = field(default_factory=list)  # those that do not run again

    @property
    def tasks(self) -> int:
        """How many were taken from the dead."""
        return self.by_worker.total()


class Liveness:
    """The rows of worker boots in one database."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alias = store.alias

    def register(self, worker: str, queues: Sequence[str]) -> None:
        """A new worker boot, alive from now on."""
        Worker(id=worker, queues=list(queues), handed=[]).save(using=self.alias, force_insert=True)

    def move(self, worker: str, state: WorkerState, **facts: Any) -> bool:
        """Take a living worker to another state. False when it was declared dead before."""
        if state in {WorkerState.STOPPED, WorkerState.DEAD}:
            facts["ended_at"] = Now()
        return bool(self._living().filter(id=worker).update(state=state, **facts))

    def beat(self, workers: Collection[str], dead_after: float) -> set[str]:
        """The heartbeat of `workers`, in one statement. Returns those declared dead before.

        A beat that comes after a gap starts a new steady time. Half of `dead_after` is a gap
        already: an outage just short of it makes a neighbour look dead whose last beat came a
        little before ours.
        """
        steady_since = Case(
            When(last_beat__lt=_ago(dead_after / 2), then=Now()), default=F("steady_since")
        )
        ours = Worker.objects.using(self.alias).filter(id__in=workers)
        if ours.living().update(last_beat=Now(), steady_since=steady_since) == len(workers):
            return set()
        return set(ours.filter(state=WorkerState.DEAD).values_list("id", flat=True))

    def note_stats(self, worker: str, stats: Mapping[str, Any]) -> bool:
        """Keep a living worker's counters (`WorkerStats.to_dict()`) in its row, for metrics.
        False when it was declared dead before."""
        return bool(self._living().filter(id=worker).update(stats=dict(stats)))

    def declare_dead(self, worker: str, *, stopped: bool = False) -> Released:
        """A worker whose process is known to have ended: its tasks run again at once. Where it
        was stopped by whoever runs it, nobody is to blame.

        What is not to run again is left to the next `rescue`, which tells those who listen:
        the supervisor, who calls this, runs no code but its own.
        """
        self.move(worker, WorkerState.STOPPED if stopped else WorkerState.DEAD)
        return self._release(only_to_run_again=True)

    def rescue(self, rescuer: str, dead_after: float) -> Released:
        """Declare silent workers dead, and release what the dead held.

        Only a worker whose own heartbeats came without a gap (see `beat`) for `dead_after`
        seconds, up to now, may judge others: after an outage of the database every row looks
        old, and the judge may ask before its own first heartbeat. That is asked in the
        statement that judges, which may reach the database late. A heartbeat that succeeds
        before it renews the row, and it passes that row by.
        """
        silent = self._living().filter(last_beat__lt=_ago(dead_after))
        held = self._held_by_no_one().order_by().values_list(Value(1))
        if not silent.order_by().values_list(Value(1)).union(held, all=True)[:1]:
            return Released()  # as nearly always, by one statement
        if silent.exists():
            judge = self._living().filter(id=rescuer, last_beat__gte=_ago(dead_after / 2))
            steady = judge.filter(steady_since__lte=_ago(dead_after))
            silent.filter(Exists(steady)).update(state=WorkerState.DEAD, ended_at=Now())
        return self._release()

    def _release(self, only_to_run_again: bool = False) -> Released:
        """RUNNING -> READY, CANCELLED where that was asked for, or FAILED after too many losses,
        where no living worker holds."""
        released = Released()
        while True:
            with transaction.atomic(using=self.alias):
                orphans = self._orphans(only_to_run_again)
                for worker, tasks in _by_worker(orphans).items():
                    self._take(worker, tasks, released)
            if len(orphans) < RESCUE_BATCH:
                return released

    def _orphans(self, only_to_run_again: bool) -> list[QueuedTask]:
        orphans = self._held_by_no_one()
        if only_to_run_again:
            limit = runtime_settings().max_lost_reruns
            stopped = Worker.objects.using(self.alias).filter(state=WorkerState.STOPPED)
            again = Q(losses__lt=limit) | Q(worker__in=stopped.values("id"))
            orphans = orphans.filter(again, cancel_asked_at=None)
        # Chosen without an order, which SQLite would get by reading all the table's rows.
        batch = list(orphans.values_list("id", flat=True)[:RESCUE_BATCH])
        # Locked in one fixed order, the same as in finish_many: no deadlock with it.
        found = list(orphans.filter(id__in=batch).order_by("id").select_for_update())
        # Where that had to wait, a row may be with a worker that was not there when it began.
        living = set(
            self._living()
            .filter(id__in={task.worker for task in found})
            .values_list("id", flat=True)
        )
        return [task for task in found if task.worker not in living]

    def _held_by_no_one(self) -> QueuedTaskQuerySet:
        running = QueuedTask.objects.using(self.alias).running()
        return running.exclude(worker__in=self._living().values("id"))

    def _take(self, worker: str, tasks: Sequence[QueuedTask], released: Released) -> None:
        """Finish on behalf of a lost worker, and count that in its row."""
        row = Worker.objects.using(self.alias).filter(id=worker)
        handed, state = row.values_list("handed", "state").first() or (None, WorkerState.DEAD)
        losses = [_loss(task, handed, state == WorkerState.STOPPED) for task in tasks]
        states = self.store.finish_many(worker, losses)
        row.update(released=F("released") + len(states))
        released.by_worker[worker] += len(states)
        lost = {loss.id for loss in losses if loss.lost}
        released.charged += [task for task in tasks if task.id in states.keys() & lost]
        released.failed += [task_id for task_id, new in states.items() if new in FINAL]

    def _living(self) -> WorkerQuerySet:
        return Worker.objects.using(self.alias).living()


def _by_worker(tasks: Iterable[QueuedTask]) -> dict[str, list[QueuedTask]]:
    """In one order, in which everyone locks the workers' rows."""
    found: dict[str, list[QueuedTask]] = {}
    for task in sorted(tasks, key=lambda task: str(task.worker)):
        found.setdefault(str(task.worker), []).append(task)
    return found


def _loss(task: QueuedTask, handed: Collection[str] | None, stopped: bool) -> Outcome:
    """What becomes of a task whose worker is lost, which had given `handed` to its executor."""
    if handed is not None and handed_name(task.id, task.attempt) not in handed:
        return _outcome(task, State.READY, spends_attempt=False)
    if stopped:
        return _outcome(task, State.READY, failure=_failure(f"worker {task.worker} was stopped."))
    charged = handed is not None
    final = charged and task.losses >= runtime_settings().max_lost_reruns
    # One that was to be cancelled becomes CANCELLED in place of READY.
    state = State.FAILED if final and task.cancel_asked_at is None else State.READY
    how = "while it ran this task" if charged else "and may have been running this task"
    failure = _failure(f"worker {task.worker} was lost {how}.")
    return _outcome(task, state, failure=failure, lost=charged, suspect=True)


def _failure(text: str) -> Failure:
    return Failure("django_ray_runtime.exceptions.WorkerLost", f"WorkerLost: {text}\n")


def _outcome(task: QueuedTask, state: State, **values: Any) -> Outcome:
    return Outcome(id=task.id, attempt=task.attempt, state=state, **values)


def _ago(seconds: float) -> Combinable:
    return ExpressionWrapper(
        Now() - Value(timedelta(seconds=seconds)), output_field=DateTimeField()
    )
