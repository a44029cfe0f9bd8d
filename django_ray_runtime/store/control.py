"""What people and programs do to tasks and queues from outside: cancel, requeue, pause."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now

from django_ray_runtime.models import Queue, QueuedTask, QueuedTaskQuerySet
from django_ray_runtime.states import State
from django_ray_runtime.store.notices import announce
from django_ray_runtime.store.uniques import Uniques

# A requeued task starts anew; its attempts and their numbers stay, for the record.
_ANEW = {
    "failures": 0,
    "losses": 0,
    "run_after": None,
    "expires_at": None,
    "cancel_asked_at": None,
    "deadline": None,
    "return_value": None,
    "started_at": None,
    "finished_at": None,
}


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a request to cancel did."""

    at_once: frozenset[uuid.UUID]  # they were waiting, and are CANCELLED
    asked: frozenset[uuid.UUID]  # they run, and are told to stop


class Control:
    """The doors' writes in one database."""

    def __init__(self, uniques: Uniques) -> None:
        self.uniques = uniques
        self.alias = uniques.alias

    def cancel(self, ids: Collection[uuid.UUID]) -> Cancelled:
        """Waiting -> CANCELLED; a running task is asked to stop. What is finished stays."""
        with transaction.atomic(using=self.alias):
            rows = list(
                self._rows()
                .filter(Q(id__in=ids), Q(finished_at__isnull=True))
                .order_by("id")  # the order in which everyone locks
                .select_for_update()
                .values_list("id", "state")
            )
            running = {task_id for task_id, state in rows if state == State.RUNNING}
            waiting = {task_id for task_id, _ in rows} - running
            self._rows().waiting().filter(id__in=waiting).update(
                state=State.CANCELLED, finished_at=Now()
            )
            asked = self._rows().running().filter(id__in=running, cancel_asked_at=None)
            asked.update(cancel_asked_at=Now())
        return Cancelled(frozenset(waiting), frozenset(running))

    def requeue(self, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
        """FAILED, CANCELLED or EXPIRED -> READY (BLOCKED with a limited key), as if new.

        A unique task whose key another one holds meanwhile is left out. Returns which were
        requeued.
        """
        with transaction.atomic(using=self.alias):
            ended = [State.FAILED, State.CANCELLED, State.EXPIRED]
            rows = self._rows().filter(id__in=ids, state__in=ended).order_by("id")
            found = list(rows.select_for_update().values_list("id", "unique_key"))
            fit = self._with_keys(found)
            target = Case(
                When(limit_key__isnull=True, then=Value(State.READY)), default=Value(State.BLOCKED)
            )
            self._rows().filter(id__in=fit).update(state=target, **_ANEW)
            if fit:
                announce(self.alias)
        return fit

    def _with_keys(self, found: list[tuple[uuid.UUID, str | None]]) -> set[uuid.UUID]:
        wanted = {key: task_id for task_id, key in found if key is not None}
        # A period is not renewed: from here the key is held while the task is unfinished.
        holders = self.uniques.take(wanted, None) if wanted else {}
        return {task_id for task_id, key in found if key is None or holders[key] == task_id}

    def pause(self, queue: str) -> bool:
        """Nothing more is claimed from `queue`. False when it was paused before."""
        row, _ = Queue.objects.using(self.alias).get_or_create(name=queue)
        open_ones = Queue.objects.using(self.alias).filter(name=row.name, paused_at=None)
        return bool(open_ones.update(paused_at=Now()))

    def resume(self, queue: str) -> bool:
        """Claims from `queue` go on. False when it was not paused."""
        paused = Queue.objects.using(self.alias).filter(name=queue, paused_at__isnull=False)
        resumed = bool(paused.update(paused_at=None))
        if resumed:
            announce(self.alias)
        return resumed

    def paused(self) -> set[str]:
        """The queues that are paused."""
        rows = Queue.objects.using(self.alias).filter(paused_at__isnull=False)
        return set(rows.values_list("name", flat=True))

    def _rows(self) -> QueuedTaskQuerySet:
        return QueuedTask.objects.using(self.alias)
