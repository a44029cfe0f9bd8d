"""The queue on PostgreSQL."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connections

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import CLAIM_COLUMNS, Claim, Outcome, from_seconds
from django_ray_runtime.states import State
from django_ray_runtime.store.base import Store, Turns
from django_ray_runtime.store.insertion import insertion
from django_ray_runtime.store.notices import CHANNEL, Notice, is_told, note_told

_TASK = "django_ray_runtime_queuedtask"
_ATTEMPT = "django_ray_runtime_attempt"
_WORKER = "django_ray_runtime_worker"
_QUEUE = "django_ray_runtime_queue"

PREPARE_FROM = 5
"""How often a connection runs a statement before the server keeps it."""

_TEXTS = {"args", "kwargs", "options", "worker_ids"}
_MOMENTS = {"enqueued_at", "run_after", "started_at", "last_attempted_at"}


def _returned(column: str) -> str:
    """A column of a claim as it travels fastest: JSON as text, a moment as seconds."""
    if column in _TEXTS:
        return f"task.{column}::text"
    if column in _MOMENTS:
        return f"extract(epoch FROM task.{column})::float8"
    return f"task.{column}"


# The lateral join reads the claimable index once per queue, in its order, and stops at
# the limit; `queue_name = ANY(...)` would make the planner sort every ready row. SKIP
# LOCKED keeps claimers from waiting for each other. Window functions and row locks do not
# go together in one SELECT, hence the inner one.
_CLAIM = f"""
WITH candidate AS MATERIALIZED (
    SELECT ready.id, ready.priority
    FROM (
        SELECT * FROM unnest(%(queues)s::text[], %(starts)s::float8[], %(strides)s::float8[])
                      AS asked(name, start, stride)
        WHERE NOT EXISTS (SELECT FROM {_QUEUE} AS known
                          WHERE known.name = asked.name AND known.paused_at IS NOT NULL)
    ) AS queue
    CROSS JOIN LATERAL (
        SELECT id, priority, row_number() OVER (ORDER BY priority DESC, id) AS place
        FROM (
            SELECT id, priority FROM {_TASK}
            WHERE state = 'READY' AND queue_name = queue.name
              AND (expires_at IS NULL OR attempt > 0 OR expires_at > statement_timestamp())
            ORDER BY queue_name, priority DESC, id
            LIMIT %(limit)s
            FOR UPDATE SKIP LOCKED
        ) AS locked
    ) AS ready
    WHERE EXISTS (SELECT FROM {_WORKER} WHERE id = %(worker)s AND state = 'ACTIVE')
    ORDER BY queue.start + ready.place * queue.stride, ready.priority DESC, ready.id
    LIMIT %(limit)s
)
UPDATE {_TASK} AS task
SET state = 'RUNNING',
    worker = %(worker)s,
    attempt = task.attempt + 1,
    worker_ids = task.worker_ids || to_jsonb(%(worker)s::text),
    started_at = COALESCE(task.started_at, statement_timestamp()),
    last_attempted_at = statement_timestamp(),
    deadline = NULL
FROM candidate
WHERE task.id = candidate.id
RETURNING {", ".join(_returned(column) for column in CLAIM_COLUMNS)}
"""

# Rows are locked in the order of their ids, as the rescue does: two writers that share
# rows cannot wait for each other in a circle.
_FINISH = f"""
WITH outcome AS (
    SELECT * FROM json_to_recordset(%(outcomes)s::json) AS o(
        id uuid, attempt int, state text, value text, delay float8, blamed bool, lost bool,
        suspect bool, spent bool, error text, traceback text, output text
    )
), held AS (
    SELECT task.id,
           CASE WHEN task.cancel_asked_at IS NOT NULL AND outcome.state IN ('READY', 'SCHEDULED')
                THEN 'CANCELLED' ELSE outcome.state END AS state
    FROM {_TASK} AS task JOIN outcome USING (id, attempt)
    WHERE task.state = 'RUNNING' AND task.worker = %(worker)s
    ORDER BY task.id
    FOR UPDATE OF task
), finished AS (
    UPDATE {_TASK} AS task
    SET state = held.state,
        worker = NULL,
        return_value = outcome.value::jsonb,
        failures = task.failures + outcome.blamed::int,
        losses = task.losses + outcome.lost::int,
        suspect = CASE WHEN outcome.spent THEN outcome.suspect ELSE task.suspect END,
        attempt = task.attempt - (NOT outcome.spent)::int,
        worker_ids = CASE WHEN outcome.spent THEN task.worker_ids ELSE task.worker_ids - -1 END,
        run_after = CASE WHEN held.state = 'SCHEDULED'
                         THEN statement_timestamp() + outcome.delay * interval '1 second'
                         ELSE task.run_after END,
        finished_at = CASE WHEN held.state IN ('READY', 'SCHEDULED') THEN NULL
                           ELSE statement_timestamp() END
    FROM held JOIN outcome USING (id)
    WHERE task.id = held.id
    RETURNING task.id, task.state, task.last_attempted_at
), recorded AS (
    INSERT INTO {_ATTEMPT} (task_id, number, worker, started_at, finished_at,
                            exception_class_path, traceback, output)
    SELECT finished.id, outcome.attempt, %(worker)s, finished.last_attempted_at,
           statement_timestamp(), COALESCE(outcome.error, ''), COALESCE(outcome.traceback, ''),
           COALESCE(outcome.output, '')
    FROM finished JOIN outcome USING (id)
    WHERE outcome.error IS NOT NULL OR outcome.output IS NOT NULL
)
SELECT id, state FROM finished
"""

# What differs from row to row travels as one JSON text; the rest is the same for all. A notice that
# goes with it arrives with the commit, and costs no statement of its own.
_INSERT_START = f"""
WITH new AS (
INSERT INTO {_TASK} (
    id, args, kwargs, limit_key, unique_key,
    state, task_path, backend, queue_name, priority, run_after, expires_at, options,
    attempt, failures, losses, worker_ids, enqueued_at
)
"""
_INSERT_SAME = """
       %(state)s, %(task_path)s, %(backend)s, %(queue_name)s, %(priority)s, %(run_after)s,
       {expires_at}, %(options)s::jsonb, 0, 0, 0, '[]', statement_timestamp()
"""
_INSERT_END = f"""
RETURNING enqueued_at
)
SELECT enqueued_at,
       CASE WHEN %(notice)s::text IS NOT NULL THEN pg_notify('{CHANNEL}', %(notice)s)::text END
FROM new LIMIT 1
"""
_INSERT_MANY = f"""{_INSERT_START}
SELECT r.id, r.args, r.kwargs, r.limit_key, r.unique_key,{_INSERT_SAME}
FROM json_to_recordset(%(rows)s::json)
     AS r(id uuid, args jsonb, kwargs jsonb, limit_key text, unique_key text)
{_INSERT_END}"""
# A set of one row would take the planner a third of the time of all.
_INSERT_ONE = f"""{_INSERT_START}
VALUES (%(id)s::uuid, %(args)s::jsonb, %(kwargs)s::jsonb, %(limit_key)s::text,
        %(unique_key)s::text,{_INSERT_SAME})
{_INSERT_END}"""


class PostgreSQLStore(Store):
    def claim(
        self, queues: Sequence[str], limit: int, worker: str, turns: Turns | None = None
    ) -> list[Claim]:
        places = [(turns or {}).get(queue, (0.0, 0.0)) for queue in queues]
        values: dict[str, Any] = {
            "queues": list(queues),
            "starts": [start for start, _ in places],
            "strides": [stride for _, stride in places],
            "limit": limit,
            "worker": worker,
        }
        claims = [_claim(row) for row in self._rows(_CLAIM, values)]
        # RETURNING promises no order.
        return sorted(claims, key=lambda claim: (-claim.priority, claim.id))

    def finish_many(self, worker: str, outcomes: Sequence[Outcome]) -> dict[uuid.UUID, State]:
        if not outcomes:
            return {}
        # One text instead of eight arrays: psycopg adapts it a good deal faster.
        values = {"worker": worker, "outcomes": json.dumps([_row(o) for o in outcomes])}
        states = {task_id: State(state) for task_id, state in self._rows(_FINISH, values)}
        self.tell_of(set(states.values()))
        return states

    def _rows(
        self, sql: str, values: dict[str, Any], *, prepare: bool = True
    ) -> list[tuple[Any, ...]]:
        """What a statement of the hot path returns: its values apart from its text, and read in
        binary form, which Django's own cursor does not; prepared by the server on the connection of
        a worker, while one of the application is left as it is."""
        from psycopg import Cursor

        connection: Any = connections[self.alias]
        with connection.cursor() as plain:  # which may be forbidden, as in tests without a database
            if connection.execute_wrappers or connection.queries_logged:  # somebody looks on
                plain.execute(sql, values)
                seen: list[tuple[Any, ...]] = plain.fetchall()
                return seen
        connection.validate_no_broken_transaction()
        with connection.wrap_database_errors:
            raw = connection.connection
            if prepare and raw.prepare_threshold is None and _may_prepare(connection):
                # A plan that is kept from when the table was empty reads all of it when it has
                # grown, until the server analyses it: parsed once, planned each time.
                raw.execute("SET plan_cache_mode = force_custom_plan")
                raw.prepare_threshold = PREPARE_FROM  # Django's cursors never prepare
            with Cursor(raw) as cursor:
                how = None if prepare else False
                return cursor.execute(sql, values, prepare=how, binary=True).fetchall()

    def insert_many(self, rows: Sequence[QueuedTask]) -> datetime:
        notice = Notice.LATER if rows[0].state == State.SCHEDULED else Notice.NOW
        # Within a transaction it follows the commit, see notices.announce.
        tells = connections[self.alias].get_autocommit() and not is_told(self.alias, notice)
        one = len(rows) == 1
        sql, values = insertion(_INSERT_ONE if one else _INSERT_MANY, rows, self.alias)
        values["notice"] = notice.value if tells else None
        moment: datetime = self._rows(sql, values, prepare=False)[0][0]
        if tells:
            note_told(self.alias, notice)
        return moment


def _may_prepare(connection: Any) -> bool:
    """Not where the project says otherwise, nor behind a pool that changes connections between
    transactions; nor from within one, whose rollback would take the setting back."""
    settings = connection.settings_dict
    pooled = settings.get("DISABLE_SERVER_SIDE_CURSORS")
    refused = "prepare_threshold" in settings["OPTIONS"]
    return not (pooled or refused or connection.in_atomic_block)


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {
        "id": outcome.id.hex,
        "attempt": outcome.attempt,
        "state": outcome.state,
        "value": outcome.return_value,
        "delay": outcome.delay,
        "blamed": outcome.blamed,
        "lost": outcome.lost,
        "suspect": outcome.suspect,
        "spent": outcome.spends_attempt,
    }
    if outcome.failure is not None:
        row["error"] = outcome.failure.exception_class_path
        row["traceback"] = outcome.failure.traceback
    if outcome.output:
        row["output"] = outcome.output
    return row


def _claim(row: tuple[Any, ...]) -> Claim:
    *values, worker_ids, enqueued, run_after, started, attempted = row
    moments = [enqueued, run_after, started, attempted]
    values += [tuple(json.loads(worker_ids)), *map(from_seconds, moments)]
    return Claim(*values)
