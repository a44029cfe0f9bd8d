"""Concurrency and rate limits: BLOCKED tasks are admitted through their keys' locked rows.

The claim of tasks without a key touches none of this. What is admitted (READY or RUNNING)
takes one of its key's places until it finishes, so that the claim itself needs no count.
"""

import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connections, transaction
from django.db.models import Count
from django.db.models.functions import Now

from django_ray_runtime.models import LimitKey, Queue, QueuedTask
from django_ray_runtime.options import TaskOptions, readable_options
from django_ray_runtime.states import State

_TASK = "django_ray_runtime_queuedtask"
KEYS_AT_ONCE = 100

# A loose index scan: one probe of the index per key, however many tasks wait behind each.
# DISTINCT would read them all.
_KEYS = f"""
WITH RECURSIVE found(key, place) AS (
    SELECT (SELECT min(limit_key) FROM {_TASK} WHERE state = 'BLOCKED' AND limit_key > %s), 1
    UNION ALL
    SELECT (SELECT min(limit_key) FROM {_TASK} WHERE state = 'BLOCKED' AND limit_key > found.key),
           place + 1
    FROM found WHERE found.key IS NOT NULL AND place < %s
)
SELECT key FROM found WHERE key IS NOT NULL
"""

# One branch per key, each read from the index of blocked tasks in its order.
_FIRST_OF_KEY = f"""
SELECT * FROM (
    SELECT id, limit_key, options FROM {_TASK}
    WHERE state = 'BLOCKED' AND limit_key = %s AND queue_name IN ({{queues}})
    ORDER BY limit_key, priority DESC, id LIMIT %s
) AS first
"""


@dataclass(slots=True)
class _Waiting:
    id: uuid.UUID
    key: str
    options: TaskOptions


@dataclass(slots=True)
class _Key:
    """A locked key while tasks are admitted through it."""

    row: LimitKey
    now: datetime
    held: int
    changed: bool = False

    def admits(self, options: TaskOptions) -> bool:
        """Whether there is room under the task's own limits; takes it."""
        if options.concurrency_limit is not None and self.held >= options.concurrency_limit:
            return False
        if options.rate_count is not None and not self._take_token(options):
            return False
        self.held += 1
        return True

    def _take_token(self, options: TaskOptions) -> bool:
        full = float(options.rate_count or 1)
        elapsed = max(0.0, (self.now - self.row.refilled_at).total_seconds())
        tokens = full if self.row.tokens is None else self.row.tokens
        tokens = min(full, tokens + elapsed * full / options.rate_seconds)
        if tokens < 1:
            return False
        self.row.tokens, self.row.refilled_at, self.changed = tokens - 1, self.now, True
        return True


class Limits:
    """Admits keyed tasks in one database; fair between keys."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.met_keys = False  # by the latest look
        self._after = ""  # the keys are gone through in a circle

    def admit(self, queues: Sequence[str], limit: int) -> int:
        """BLOCKED -> READY for at most `limit` tasks, one for each key in turn."""
        keys = self._next_keys()
        self.met_keys = bool(keys)
        if not keys:
            return 0
        self._after = keys[-1]  # where nothing has room, the next look is at other keys
        self._ensure_rows(keys)
        with transaction.atomic(using=self.alias):
            locked = self._lock(keys)
            open_queues = self._open(queues)
            if not locked or not open_queues:
                return 0
            order = [key for key in keys if key in locked]
            chosen = self._choose(self._first_of(order, open_queues, limit), locked, limit)
            blocked = QueuedTask.objects.using(self.alias).blocked()
            mine = blocked.filter(id__in=[one.id for one in chosen]).order_by("id")
            # Locked in one order; what somebody is cancelling at the moment is passed by.
            ids = list(mine.select_for_update(skip_locked=True).values_list("id", flat=True))
            admitted = blocked.filter(id__in=ids).update(state=State.READY)
            changed = [key.row for key in locked.values() if key.changed]
            if changed:
                rows = LimitKey.objects.using(self.alias)
                rows.bulk_update(changed, ["tokens", "refilled_at"])
        if chosen:
            self._after = chosen[-1].key  # the next round begins behind it
        return admitted

    def _next_keys(self) -> list[str]:
        keys = self._keys_after(self._after)
        if len(keys) < KEYS_AT_ONCE and self._after:
            keys += [key for key in self._keys_after("") if key <= self._after]
            self._after = ""
        return keys

    def _keys_after(self, key: str) -> list[str]:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(_KEYS, [key, KEYS_AT_ONCE])
            return [row[0] for row in cursor.fetchall()]

    def _ensure_rows(self, keys: Sequence[str]) -> None:
        rows = LimitKey.objects.using(self.alias)
        known = set(rows.filter(key__in=keys).values_list("key", flat=True))
        new = [LimitKey(key=key) for key in sorted(set(keys) - known)]
        if new:
            rows.bulk_create(new, ignore_conflicts=True)

    def _lock(self, keys: Sequence[str]) -> dict[str, _Key]:
        """The keys that nobody else admits through at the moment.

        Counted in a statement after the lock, whose snapshot sees what the last holder did.
        """
        rows = LimitKey.objects.using(self.alias).filter(key__in=keys).order_by("key")
        found = list(rows.select_for_update(skip_locked=True).annotate(now=Now()))
        admitted = QueuedTask.objects.using(self.alias).admitted()
        admitted = admitted.filter(limit_key__in=[row.key for row in found])
        held = dict(admitted.values_list("limit_key").annotate(n=Count("id")))
        return {row.key: _Key(row, row.now, held.get(row.key, 0)) for row in found}

    def _open(self, queues: Sequence[str]) -> list[str]:
        paused = Queue.objects.using(self.alias).filter(paused_at__isnull=False)
        closed = set(paused.values_list("name", flat=True))
        return [queue for queue in queues if queue not in closed]

    def _first_of(
        self, keys: Sequence[str], queues: Sequence[str], limit: int
    ) -> dict[str, deque[_Waiting]]:
        branch = _FIRST_OF_KEY.format(queues=", ".join(["%s"] * len(queues)))
        values: list[str | int] = []
        for key in keys:
            values += [key, *queues, limit]
        with connections[self.alias].cursor() as cursor:
            cursor.execute(" UNION ALL ".join([branch] * len(keys)), values)
            rows = cursor.fetchall()
        first: dict[str, deque[_Waiting]] = {key: deque() for key in keys}
        for task_id, key, options in rows:
            first[key].append(_Waiting(_uuid(task_id), key, readable_options(options)))
        return first

    def _choose(
        self, waiting: dict[str, deque[_Waiting]], keys: dict[str, _Key], limit: int
    ) -> list[_Waiting]:
        """One task of each key, then a second of each, until nothing has room."""
        chosen: list[_Waiting] = []
        turn = deque(key for key in waiting if waiting[key])
        while turn and len(chosen) < limit:
            key = turn.popleft()
            if keys[key].admits(waiting[key][0].options):
                chosen.append(waiting[key].popleft())
                if waiting[key]:
                    turn.append(key)
        return chosen


def _uuid(value: object) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
