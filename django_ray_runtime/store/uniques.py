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

_INSERT = f"""
INSERT INTO {_KEY} (key, task_id, expires_at)
SELECT key, id, {{until}} FROM {{rows}} WHERE true ORDER BY key
ON CONFLICT (key) DO NOTHING
RETURNING key
"""
# In statements of their own: this one waits for locks, and one that waited would judge by what
# it saw before.
_LOCK = f"SELECT key FROM {_KEY} WHERE key IN ({{keys}}) ORDER BY key {{lock}}"
_TAKE = f"""
UPDATE {_KEY} SET task_id = r.id, expires_at = {{until}}
FROM {{rows}}
WHERE {_KEY}.key = r.key AND (
    {_KEY}.expires_at <= {{now}} OR ({_KEY}.expires_at IS NULL AND EXISTS (
        SELECT 1 FROM {_TASK} AS holder WHERE holder.id = {_KEY}.task_id AND holder.{_FINISHED}
    ))
)
"""
_DIALECT = {
    "postgresql": {
        "until": "statement_timestamp() + %s * interval '1 second'",
        "rows": "json_to_recordset(%s::json) AS r(key text, id uuid)",
        "now": "statement_timestamp()",
        "lock": "FOR UPDATE",
    },
    "sqlite": {
        "until": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s || ' seconds')",
        "rows": "(SELECT json_extract(value, '$.key') AS key, json_extract(value, '$.id') AS id "
        "FROM json_each(%s)) AS r",
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "lock": "",
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
        dialect = _DIALECT[connection.vendor]
        rows = [{"key": key, "id": wanted[key].hex} for key in sorted(wanted)]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT.format(**dialect), [period, json.dumps(rows)])
            new = {row[0] for row in cursor.fetchall()}
            others = [row for row in rows if row["key"] not in new]
            if not others:
                return
            keys = [row["key"] for row in others]
            places = ", ".join(["%s"] * len(keys))
            cursor.execute(_LOCK.format(keys=places, lock=dialect["lock"]), keys)
            cursor.execute(_TAKE.format(**dialect), [period, json.dumps(others)])
