"""The queue on SQLite: one writer at a time, so each verb is one short transaction.

The database needs `transaction_mode=IMMEDIATE`, which a system check demands. Raw SQL
bypasses Django's converters: UUIDs are 32 hex digits here and datetimes naive UTC texts.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connections, transaction

from django_ray_runtime.records import CLAIM_COLUMNS, Claim, Outcome
from django_ray_runtime.store.base import Store

_TASK = "django_ray_runtime_queuedtask"
_ATTEMPT = "django_ray_runtime_attempt"
_WORKER = "django_ray_runtime_worker"
_NOW = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"

# One branch per queue, each read from the claimable index in its order.
_READY_OF_QUEUE = f"""
SELECT * FROM (
    SELECT id, priority FROM {_TASK} WHERE state = 'READY' AND queue_name = %s
    ORDER BY priority DESC, id LIMIT %s
)
"""

_CLAIM = f"""
UPDATE {_TASK}
SET state = 'RUNNING',
    worker = %s,
    attempt = attempt + 1,
    worker_ids = json_insert(worker_ids, '$[#]', %s),
    started_at = COALESCE(started_at, {_NOW}),
    last_attempted_at = {_NOW}
WHERE id IN (SELECT id FROM ({{ready}}) ORDER BY priority DESC, id LIMIT %s)
  AND EXISTS (SELECT 1 FROM {_WORKER} WHERE id = %s AND state = 'ACTIVE')
RETURNING {", ".join(CLAIM_COLUMNS)}
"""

_FINISH = f"""
UPDATE {_TASK}
SET state = outcome.state,
    worker = NULL,
    return_value = outcome.value,
    losses = losses + outcome.lost,
    attempt = {_TASK}.attempt - (1 - outcome.spent),
    worker_ids = CASE WHEN outcome.spent THEN worker_ids
                      ELSE json_remove(worker_ids, '$[#-1]') END,
    finished_at = CASE WHEN outcome.state IN ('READY', 'SCHEDULED') THEN NULL ELSE {_NOW} END
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS attempt,
           json_extract(value, '$[2]') AS state, json_extract(value, '$[3]') AS value,
           json_extract(value, '$[4]') AS lost, json_extract(value, '$[5]') AS spent
    FROM json_each(%s)
) AS outcome
WHERE {_TASK}.id = outcome.id AND {_TASK}.attempt = outcome.attempt
  AND {_TASK}.state = 'RUNNING' AND {_TASK}.worker = %s
RETURNING {_TASK}.id, {_TASK}.last_attempted_at
"""

_RECORD = f"""
INSERT INTO {_ATTEMPT} (task_id, number, worker, started_at, finished_at,
                        exception_class_path, traceback)
VALUES (%s, %s, %s, %s, {_NOW}, %s, %s)
"""


class SQLiteStore(Store):
    def claim(self, queues: Sequence[str], limit: int, worker: str) -> list[Claim]:
        ready = " UNION ALL ".join([_READY_OF_QUEUE] * len(queues))
        per_queue = [value for queue in queues for value in (queue, limit)]
        values = [worker, worker, *per_queue, limit, worker]
        with connections[self.alias].cursor() as cursor:
            cursor.execute(_CLAIM.format(ready=ready), values)
            claims = [_claim(row) for row in cursor.fetchall()]
        return sorted(claims, key=lambda claim: (-claim.priority, claim.id))

    def finish_many(self, worker: str, outcomes: Sequence[Outcome]) -> set[uuid.UUID]:
        if not outcomes:
            return set()
        rows = [
            [o.id.hex, o.attempt, o.state.value, o.return_value, o.lost, o.spends_attempt]
            for o in outcomes
        ]
        by_id = {o.id: o for o in outcomes}
        with transaction.atomic(using=self.alias), connections[self.alias].cursor() as cursor:
            cursor.execute(_FINISH, [json.dumps(rows), worker])
            finished = {uuid.UUID(row[0]): row[1] for row in cursor.fetchall()}
            for task_id, started_at in finished.items():
                outcome = by_id[task_id]
                if outcome.failure is not None:
                    failure = outcome.failure
                    details = [failure.exception_class_path, failure.traceback]
                    who = [task_id.hex, outcome.attempt, worker, started_at]
                    cursor.execute(_RECORD, who + details)
        return set(finished)


def _claim(row: tuple[Any, ...]) -> Claim:
    values = dict(zip(CLAIM_COLUMNS, row, strict=True))
    values["id"] = uuid.UUID(values["id"])
    values["worker_ids"] = tuple(json.loads(values["worker_ids"]))
    for name in ("enqueued_at", "run_after", "started_at", "last_attempted_at"):
        values[name] = _aware(values[name])
    return Claim(**values)


def _aware(value: str | datetime | None) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
