"""What happens to waiting tasks as time passes: they become due, or expire."""

import uuid

from django.db import connections, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Now

from django_ray_runtime.models import QueuedTask, QueuedTaskQuerySet
from django_ray_runtime.states import State
from django_ray_runtime.store.notices import announce

BATCH = 1000
_TASK = "django_ray_runtime_queuedtask"

# Two probes of partial indexes, whose conditions are repeated to the letter.
_FIRST_DUE = f"(SELECT min(run_after) FROM {_TASK} WHERE state = 'SCHEDULED')"
_FIRST_EXPIRY = f"""(
    SELECT min(expires_at) FROM {_TASK} WHERE expires_at IS NOT NULL
    AND state IN ('BLOCKED', 'READY', 'SCHEDULED') AND attempt = 0
)"""
_NEXT = {
    "postgresql": f"""
        SELECT EXTRACT(EPOCH FROM {_FIRST_DUE} - statement_timestamp()),
               EXTRACT(EPOCH FROM {_FIRST_EXPIRY} - statement_timestamp())
    """,
    "sqlite": f"""
        SELECT (julianday({_FIRST_DUE}) - julianday('now')) * 86400.0,
               (julianday({_FIRST_EXPIRY}) - julianday('now')) * 86400.0
    """,
}


class Waiting:
    """The waiting tasks in one database, looked at by every worker's maintenance."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def seconds_until_next(self) -> float | None:
        """Until the next task becomes due or expires (negative: overdue); None for never."""
        connection = connections[self.alias]
        with connection.cursor() as cursor:
            cursor.execute(_NEXT[connection.vendor])
            [(due, expires)] = cursor.fetchall()
        found = [float(seconds) for seconds in (due, expires) if seconds is not None]
        return min(found, default=None)

    def promote(self) -> int:
        """SCHEDULED -> READY or, with a limited key, BLOCKED for a batch of what is due."""
        with transaction.atomic(using=self.alias):
            due = self._rows().scheduled().filter(run_after__lte=Now())
            batch = self._locked(due.order_by("run_after"))
            target = Case(
                When(limit_key__isnull=True, then=Value(State.READY)), default=Value(State.BLOCKED)
            )
            promoted = self._rows().filter(id__in=batch).update(state=target)
            if promoted:
                announce(self.alias)
        return promoted

    def expire(self) -> list[uuid.UUID]:
        """Waiting -> EXPIRED for a batch of what was not started in time. Returns which."""
        with transaction.atomic(using=self.alias):
            late = self._expiring().filter(expires_at__lte=Now())
            batch = self._locked(late.order_by("expires_at"))
            self._rows().filter(id__in=batch).update(state=State.EXPIRED, finished_at=Now())
        return batch

    def _expiring(self) -> QueuedTaskQuerySet:
        # A task that has run before and waits for another run does not expire.
        return self._rows().waiting().filter(expires_at__isnull=False, attempt=0)

    def _locked(self, rows: QueuedTaskQuerySet) -> list[uuid.UUID]:
        """A batch that no other worker is at."""
        return list(rows.select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])

    def _rows(self) -> QueuedTaskQuerySet:
        return QueuedTask.objects.using(self.alias)
