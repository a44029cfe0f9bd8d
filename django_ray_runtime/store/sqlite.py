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

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import CLAIM_COLUMNS, Claim, Failure, Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store.base import Store, Turns
from django_ray_runtime.store.insertion import insertion

_TASK = "django_ray_runtime_queuedtask"
_ATTEMPT = "django_ray_runtime_attempt"
_WORKER = "django_ray_runtime_worker"
_QUEUE = "django_ray_runtime_queue"
_NOW = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"

# One branch per queue, each read from the claimable index in its order.
_READY_OF_QUEUE = f"""
SELECT id, priority, %s + %s * row_number() OVER (ORDER BY priority DESC, id) AS turn FROM (
    SELECT id, priority FROM {_TASK} WHERE state = 'READY' AND queue_name = %s
      AND (expires_at IS NULL OR attempt > 0 OR expires_at > {_NOW})
    ORDER BY priority DESC, id LIMIT %s
)
WHERE NOT EXISTS (SELECT 1 FROM {_QUEUE} WHERE name = %s AND paused_at IS NOT NULL)
"""

_CLAIM = f"""
UPDATE {_TASK}
SET state = 'RUNNING',
    worker = %s,
    attempt = attempt + 1,
    worker_ids = json_insert(worker_ids, '$[#]', %s),
    started_at = COALESCE(started_at, {_NOW}),
    last_attempted_at = {_NOW},
    deadline = NULL
WHERE id IN (SELECT id FROM ({{ready}}) ORDER BY turn, priority DESC, id LIMIT %s)
  AND EXISTS (SELECT 1 FROM {_WORKER} WHERE id = %s AND state = 'ACTIVE')
RETURNING {", ".join(CLAIM_COLUMNS)}
"""

# The outer table's columns on the right side are those before the update.
_CANCELS = f"{_TASK}.cancel_asked_at IS NOT NULL AND outcome.state IN ('READY', 'SCHEDULED')"

_FINISH = f"""
UPDATE {_TASK}
SET state = CASE WHEN {_CANCELS} THEN 'CANCELLED' ELSE outcome.state END,
    worker = NULL,
    return_value = outcome.value,
    failures = failures + outcome.blamed,
    losses = losses + outcome.lost,
    suspect = CASE WHEN outcome.spent THEN outcome.suspect ELSE {_TASK}.suspect END,
    attempt = {_TASK}.attempt - (1 - outcome.spent),
    worker_ids = CASE WHEN outcome.spent THEN worker_ids
                      ELSE json_remove(worker_ids, '$[#-1]') END,
    run_after = CASE WHEN outcome.state = 'SCHEDULED' AND NOT ({_CANCELS})
                     THEN strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', outcome.delay || ' seconds')
                     ELSE run_after END,
    finished_at = CASE WHEN outcome.state IN ('READY', 'SCHEDULED') AND NOT ({_CANCELS})
                       THEN NULL ELSE {_NOW} END
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS attempt,
           json_extract(value, '$[2]') AS state, json_extract(value, '$[3]') AS value,
           json_extract(value, '$[4]') AS delay, json_extract(value, '$[5]') AS blamed,
           json_extract(value, '$[6]') AS lost, json_extract(value, '$[7]') AS spent,
           json_extract(value, '$[8]') AS suspect
    FROM json_each(%s)
) AS outcome
WHERE {_TASK}.id = outcome.id AND {_TASK}.attempt = outcome.attempt
  AND {_TASK}.state = 'RUNNING' AND +{_TASK}.worker = %s
RETURNING {_TASK}.id, {_TASK}.state, {_TASK}.last_attempted_at
"""

_RECORD = f"""
INSERT INTO {_ATTEMPT} (task_id, number, worker, started_at, finished_at,
                        exception_class_path, traceback, output)
VALUES (%s, %s, %s, %s, {_NOW}, %s, %s, %s)
"""

_INSERT = f"""
INSERT INTO {_TASK} (
    id, args, kwargs, limit_key, unique_key,
    state, task_path, backend, queue_name, priority, run_after, expires_at, options,
    attempt, failures, losses, worker_ids, enqueued_at
)
SELECT json_extract(value, '$.id'), json_extract(value, '$.args'),
       json_extract(value, '$.kwargs'), json_extract(value, '$.limit_key'),
       json_extract(value, '$.unique_key'),
       %(state)s, %(task_path)s, %(backend)s, %(queue_name)s, %(priority)s, %(run_after)s,
       {{expires_at}}, %(options)s, 0, 0, 0, '[]', {_NOW}
FROM json_each(%(rows)s)
RETURNING enqueued_at
"""


class SQLiteStore(Store):
    def claim(
        self, queues: Sequence[str], limit: int, worker: str, turns: Turns | None = None
    ) -> list[Claim]:
        ready = " UNION ALL ".join([_READY_OF_QUEUE] * len(queues))
        per_queue: list[Any] = []
        for queue in queues:
            start, stride = (turns or {}).get(queue, (0.0, 0.0))
            per_queue += [start, stride, queue, limit, queue]
        values = [worker, worker, *per_queue, limit, worker]
        with connections[self.alias].cursor() as cursor:
            cursor.execute(_CLAIM.format(ready=ready), values)
            claims = [_claim(row) for row in cursor.fetchall()]
        return sorted(claims, key=lambda claim: (-claim.priority, claim.id))

    def finish_many(self, worker: str, outcomes: Sequence[Outcome]) -> dict[uuid.UUID, State]:
        if not outcomes:
            return {}
        by_id = {o.id: o for o in outcomes}
        with transaction.atomic(using=self.alias), connections[self.alias].cursor() as cursor:
            cursor.execute(_FINISH, [json.dumps([_row(o) for o in outcomes]), worker])
            finished = [(uuid.UUID(row[0]), *row[1:]) for row in cursor.fetchall()]
            for task_id, _, started_at in finished:
                outcome = by_id[task_id]
                if outcome.failure is not None or outcome.output:
                    failure = outcome.failure or Failure("", "")
                    details = [failure.exception_class_path, failure.traceback, outcome.output]
                    who = [task_id.hex, outcome.attempt, worker, started_at]
                    cursor.execute(_RECORD, who + details)
        states = {task_id: State(state) for task_id, state, _ in finished}
        self.tell_of(set(states.values()))
        return states

    def insert_many(self, rows: Sequence[QueuedTask]) -> datetime:
        sql, values = insertion(_INSERT, rows, self.alias)
        with connections[self.alias].cursor() as cursor:
            cursor.execute(sql, values)
            [moment, *_] = [_aware(row[0]) for row in cursor.fetchall()]
        return moment or datetime.now(UTC)


def _row(o: Outcome) -> list[Any]:
    ends = [o.delay, o.blamed, o.lost, o.spends_attempt, o.suspect]
    return [o.id.hex, o.attempt, o.state.value, o.return_value, *ends]


def _claim(row: tuple[Any, ...]) -> Claim:
    values = dict(zip(CLAIM_COLUMNS, row, strict=True))
    values["id"] = uuid.UUID(values["id"])
    values["suspect"] = bool(values["suspect"])
    values["worker_ids"] = tuple(json.loads(values["worker_ids"]))
    for name in ("enqueued_at", "run_after", "started_at", "last_attempted_at"):
        values[name] = _aware(values[name])
    return Claim(**values)


def _aware(value: str | datetime | None) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
