"""Deleting what finished long ago, in small batches."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import reduce
from operator import or_

from django.db import IntegrityError, transaction
from django.db.models import (
    PROTECT,
    RESTRICT,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from django_ray_runtime.models import LimitKey, QueuedTask, QueuedTaskQuerySet, UniqueKey, Worker
from django_ray_runtime.states import LIVING, State

BATCH = 500
WORKER_AGE = timedelta(days=7)
LIMIT_KEY_AGE = timedelta(hours=1)
# A bucket that is forgotten is full again: it is kept until any rate up to one per month
# would have refilled it.
BUCKET_AGE = timedelta(days=31)


class Pruning:
    """The old rows in one database."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def prune(self, ages: Mapping[State, float | None], batches: int = 1) -> int:
        """Delete at most `batches` batches of finished tasks older than their state's age in
        seconds (None: never). Returns how many.

        A row that another model protects is skipped: whoever protects it prunes both.
        """
        total = 0
        for _ in range(batches):
            deleted = sum(self._batch(state, age) for state, age in ages.items() if age is not None)
            total += deleted
            if not deleted:
                break
        return total

    def count(self, ages: Mapping[State, float | None]) -> int:
        """How many tasks `prune` would delete."""
        return sum(self._old(state, age).count() for state, age in ages.items() if age is not None)

    def count_protected(self, ages: Mapping[State, float | None]) -> int:
        """How many tasks are old enough, but another model forbids their deletion."""
        kept = reduce(or_, _protectors(), Q(pk__in=[]))
        return sum(
            self._aged(state, age).filter(kept).count()
            for state, age in ages.items()
            if age is not None
        )

    def prune_leftovers(self) -> None:
        """Worker boots that ended long ago, expired unique keys, and idle limit keys."""
        workers = Worker.objects.using(self.alias).exclude(state__in=LIVING)
        workers.filter(ended_at__lt=_ago(WORKER_AGE)).delete()
        UniqueKey.objects.using(self.alias).filter(expires_at__lt=Now()).delete()
        self._prune_limit_keys()

    def _prune_limit_keys(self) -> None:
        """Missing rows are made again when a key is needed. Those that somebody holds are kept:
        deleted under a lock, two admissions would lock two rows for one key."""
        rows = LimitKey.objects.using(self.alias)
        idle = rows.filter(
            Q(tokens__isnull=True, refilled_at__lt=_ago(LIMIT_KEY_AGE))
            | Q(refilled_at__lt=_ago(BUCKET_AGE))
        )
        keys = set(idle.values_list("key", flat=True)[:BATCH])
        # Two looks at partial indexes; a subquery for each key would read the table on SQLite.
        for used in (self._rows().blocked(), self._rows().admitted()):
            keys -= set(used.filter(limit_key__in=keys).values_list("limit_key", flat=True))
        with transaction.atomic(using=self.alias):
            mine = idle.filter(key__in=keys).order_by("key").select_for_update(skip_locked=True)
            rows.filter(key__in=list(mine.values_list("key", flat=True))).delete()

    def _batch(self, state: State, age: float) -> int:
        ids = list(
            self._old(state, age).order_by("finished_at").values_list("id", flat=True)[:BATCH]
        )
        if not ids:
            return 0
        try:
            return self._delete(ids)
        except IntegrityError:  # one of them was protected meanwhile
            return sum(self._delete_one(task_id) for task_id in ids)

    def _delete(self, ids: list[uuid.UUID]) -> int:
        with transaction.atomic(using=self.alias):
            # Locked first, and in the order of requeues: what is requeued meanwhile stays.
            old = self._rows().finished().filter(id__in=ids).order_by("id")
            ids = list(old.select_for_update(skip_locked=True).values_list("id", flat=True))
            UniqueKey.objects.using(self.alias).filter(task_id__in=ids).delete()
            # By the ORM: other models may cascade or be set to null.
            _, by_model = self._rows().finished().filter(id__in=ids).delete()
        return by_model.get(QueuedTask._meta.label, 0)

    def _delete_one(self, task_id: uuid.UUID) -> int:
        try:
            return self._delete([task_id])
        except IntegrityError:
            return 0

    def _old(self, state: State, age: float) -> QueuedTaskQuerySet:
        rows = self._aged(state, age)
        for protector in _protectors():
            rows = rows.exclude(protector)
        return rows

    def _aged(self, state: State, age: float) -> QueuedTaskQuerySet:
        rows = self._rows().finished(state)
        # A unique task is kept for its period: without it its key would be free.
        held = UniqueKey.objects.using(self.alias).filter(expires_at__gt=Now())
        rows = rows.exclude(Exists(held.filter(task_id=OuterRef("pk"))))
        return rows.filter(finished_at__lt=_ago(timedelta(seconds=age)))

    def _rows(self) -> QueuedTaskQuerySet:
        return QueuedTask.objects.using(self.alias)


def _protectors() -> Iterator[Exists]:
    """For each model that forbids the deletion of the task it points to: whether it does."""
    for relation in QueuedTask._meta.get_fields(include_hidden=True):
        if relation.auto_created and getattr(relation, "on_delete", None) in {PROTECT, RESTRICT}:
            model = relation.related_model
            name = relation.field.name  # type: ignore[union-attr]
            yield Exists(model._default_manager.filter(**{name: OuterRef("pk")}))  # type: ignore[union-attr]


def _ago(age: timedelta) -> Combinable:
    return ExpressionWrapper(Now() - Value(age), output_field=DateTimeField())
