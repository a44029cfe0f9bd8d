"""The queue on PostgreSQL."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connections

from django_ray_runtime.records import CLAIM_COLUMNS, Claim, Outcome
from django_ray_runtime.store.base import Store

_TASK = "django_ray_runtime_queuedtask"
_ATTEMPT = "django_ray_runtime_attempt"
_WORKER = "django_ray_runtime_worker"

# The lateral join reads the claimable index once per queue, in its order, and stops at
# the limit; `queue_name = ANY(...)` would make the planner sort every ready row. SKIP
# LOCKED keeps claimers from waiting for each other.
_CLAIM = f"""
WITH candidate AS MATERIALIZED (
    SELECT ready.id, ready.priority
    FROM unnest(%(queues)s::text[]) AS queue(name)
    CROSS JOIN LATERAL (
        SELECT id, priority FROM {_TASK}
        WHERE state = 'READY' AND queue_name = queue.name
        ORDER BY queue_name, priority DESC, id
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS ready
    WHERE EXISTS (SELECT FROM {_WORKER} WHERE id = %(worker)s AND state = 'ACTIVE')
    ORDER BY ready.priority DESC, ready.id
    LIMIT %(limit)s
)
UPDATE {_TASK} AS task
SET state = 'RUNNING',
    worker = %(worker)s,
    attempt = task.attempt + 1,
    worker_ids = task.worker_ids || to_jsonb(%(worker)s::text),
    started_at = COALESCE(task.started_at, statement_timestamp()),
    last_attempted_at = statement_timestamp()
FROM candidate
WHERE task.id = candidate.id
RETURNING {", ".join(f"task.{column}" for column in CLAIM_COLUMNS)}
"""

# Rows are locked in the order of their ids, as the rescue does: two writers that share
# rows cannot wait for each other in a circle.
_FINISH = f"""
WITH outcome AS (
    SELECT * FROM json_to_recordset(%(outcomes)s::json) AS o(
        id uuid, attempt int, state text, value text, lost bool, spent bool,
        error text, traceback text
    )
), held AS (
    SELECT task.id FROM {_TASK} AS task JOIN outcome USING (id, attempt)
    WHERE task.state = 'RUNNING' AND task.worker = %(worker)s
    ORDER BY task.id
    FOR UPDATE OF task
), finished AS (
    UPDATE {_TASK} AS task
    SET state = outcome.state,
        worker = NULL,
        return_value = outcome.value::jsonb,
        losses = task.losses + outcome.lost::int,
        attempt = task.attempt - (NOT outcome.spent)::int,
        worker_ids = CASE WHEN outcome.spent THEN task.worker_ids ELSE task.worker_ids - -1 END,
        finished_at = CASE WHEN outcome.state IN ('READY', 'SCHEDULED') THEN NULL
                           ELSE statement_timestamp() END
    FROM held JOIN outcome USING (id)
    WHERE task.id = held.id
    RETURNING task.id, task.last_attempted_at
), recorded AS (
    INSERT INTO {_ATTEMPT} (task_id, number, worker, started_at, finished_at,
                            exception_class_path, traceback)
    SELECT finished.id, outcome.attempt, %(worker)s, finished.last_attempted_at,
           statement_timestamp(), outcome.error, outcome.traceback
    FROM finished JOIN outcome USING (id)
    WHERE outcome.error IS NOT NULL
)
SELECT id FROM finished
"""


class PostgreSQLStore(Store):
    def claim(self, queues: Sequence[str], limit: int, worker: str) -> list[Claim]:
        values: dict[str, Any] = {"queues": list(queues), "limit": limit, "worker": worker}
        with connections[self.alias].cursor() as cursor:
            cursor.execute(_CLAIM, values)
            claims = [_claim(row) for row in cursor.fetchall()]
        # RETURNING promises no order.
        return sorted(claims, key=lambda claim: (-claim.priority, claim.id))

    def finish_many(self, worker: str, outcomes: Sequence[Outcome]) -> set[uuid.UUID]:
        if not outcomes:
            return set()
        # One text instead of eight arrays: psycopg adapts it a good deal faster.
        values = {"worker": worker, "outcomes": json.dumps([_row(o) for o in outcomes])}
        with connections[self.alias].cursor() as cursor:
            cursor.execute(_FINISH, values)
            return {row[0] for row in cursor.fetchall()}


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {
        "id": outcome.id.hex,
        "attempt": outcome.attempt,
        "state": outcome.state,
        "value": outcome.return_value,
        "lost": outcome.lost,
        "spent": outcome.spends_attempt,
    }
    if outcome.failure is not None:
        row["error"] = outcome.failure.exception_class_path
        row["traceback"] = outcome.failure.traceback
    return row


def _claim(row: tuple[Any, ...]) -> Claim:
    values = dict(zip(CLAIM_COLUMNS, row, strict=True))
    values["worker_ids"] = tuple(json.loads(values["worker_ids"]))
    return Claim(**values)
