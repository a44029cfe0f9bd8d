"""Unique tasks: a key is held by one task, until it expires or while the task is unfinished.

Keys lie in a table of their own and are inserted in sorted order, so that two enqueues that
share several keys cannot wait for each other in a circle. An enqueue that meets a key of a
transaction that has not ended waits for it: it then finds that transaction's task, or goes
on as if the key had never been there when it was rolled back.
"""

import json
import uuid
from collections.abc import Sequence

from django.db import connections, transaction

from django_ray_runtime.models import QueuedTask, UniqueKey
from django_ray_runtime.store.base import Store

_KEY = "django_ray_runtime_uniquekey"
_TASK = "django_ray_runtime_queuedtask"
_FINISHED = "state IN ('SUCCESSFUL', 'FAILED', 'CANCELLED', 'EXPIRED')"
TRIES = 5

# A key whose task is not to be seen is held: it belongs to a transaction that committed
# after this statement's snapshot was taken.
_TAKE = f"""
INSERT INTO {_KEY} (key, task_id, expires_at)
SELECT {{columns}} WHERE true ORDER BY 1
ON CONFLICT (key) DO UPDATE SET task_id = excluded.task_id, expires_at = excluded.expires_at
WHERE {_KEY}.expires_at <= {{now}}
   OR ({_KEY}.expires_at IS NULL
       AND EXISTS (SELECT 1 FROM {_TASK} WHERE id = {_KEY}.task_id AND {_FINISHED}))
"""
_DIALECT = {
    "postgresql": {
        "columns": "r.key, r.id, statement_timestamp() + %s * interval '1 second' "
        "FROM json_to_recordset(%s::json) AS r(key text, id uuid)",
        "now": "statement_timestamp()",
    },
    "sqlite": {
        "columns": "json_extract(value, '$.key'), json_extract(value, '$.id'), "
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s || ' seconds') FROM json_each(%s)",
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
    },
}


class Uniques:
    """The unique keys in one database."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.alias = store.alias

    def enqueue(
        self, rows: Sequence[QueuedTask], period: float | None
    ) -> list[tuple[uuid.UUID, bool]]:
        """Insert those rows whose key is free. For each row: the task that holds its key now,
        and whether that is the row's own, inserted here."""
        first: dict[str, QueuedTask] = {}
        for row in rows:
            first.setdefault(row.unique_key or "", row)
        with transaction.atomic(using=self.alias):
            holders = self.take({key: row.id for key, row in first.items()}, period)
            new = [row for key, row in first.items() if holders[key] == row.id]
            if len(new) == 1:
                self.store.enqueue(new[0])
            else:
                self.store.enqueue_many(new)
        return [
            (holders[row.unique_key or ""], holders[row.unique_key or ""] == row.id) for row in rows
        ]

    def take(self, wanted: dict[str, uuid.UUID], period: float | None) -> dict[str, uuid.UUID]:
        """Give each free key to its task. Returns who holds each of them now."""
        for _ in range(TRIES):
            self._try(wanted, period)
            held = UniqueKey.objects.using(self.alias).filter(key__in=wanted)
            holders = dict(held.values_list("key", "task_id"))
            others = {task for key, task in holders.items() if task != wanted[key]}
            there = QueuedTask.objects.using(self.alias).filter(id__in=others)
            gone = others - set(there.values_list("id", flat=True))
            if not gone and holders.keys() == wanted.keys():
                return holders
            # Rows deleted by hand left their keys behind.
            UniqueKey.objects.using(self.alias).filter(task_id__in=gone).delete()
        raise RuntimeError(f"Unique keys changed hands {TRIES} times meanwhile: {list(wanted)[:3]}")

    def _try(self, wanted: dict[str, uuid.UUID], period: float | None) -> None:
        connection = connections[self.alias]
        rows = [{"key": key, "id": wanted[key].hex} for key in sorted(wanted)]
        with connection.cursor() as cursor:
            cursor.execute(_TAKE.format(**_DIALECT[connection.vendor]), [period, json.dumps(rows)])
