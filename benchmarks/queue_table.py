"""A queue reduced to what it cannot do without, by hand: a table, a claim, a fenced finish.

Nothing of ours is in it. What ours takes beyond this is the price of what it does more.
"""

import time
from collections.abc import Sequence
from typing import Any, Protocol

CREATE = """
DROP TABLE IF EXISTS bare;
CREATE TABLE bare (
    id bigint PRIMARY KEY, state text NOT NULL DEFAULT 'READY', args jsonb NOT NULL DEFAULT '[]',
    worker text, attempt int NOT NULL DEFAULT 0, started_at timestamptz, finished_at timestamptz,
    return_value jsonb
);
CREATE INDEX bare_ready ON bare (id) WHERE state = 'READY'
"""
FILL = "INSERT INTO bare (id) SELECT generate_series(1, %s)"
CLAIM = """
UPDATE bare AS task
SET state = 'RUNNING', worker = %s, attempt = task.attempt + 1, started_at = statement_timestamp()
FROM (SELECT id FROM bare WHERE state = 'READY' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED) AS next
WHERE task.id = next.id
RETURNING task.id, task.attempt, task.args::text
"""
FINISH = """
UPDATE bare AS task
SET state = 'SUCCESSFUL', worker = NULL, finished_at = statement_timestamp(),
    return_value = outcome.value::jsonb
FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS outcome(id, attempt, value)
WHERE task.id = outcome.id AND task.attempt = outcome.attempt
  AND task.state = 'RUNNING' AND task.worker = %s
"""
WORKER = "bare"

type Row = tuple[int, int, str]


class Connection(Protocol):
    """What is used of psycopg's."""

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool = False, binary: bool = False
    ) -> Any: ...


class Table:
    """That table, filled anew."""

    def __init__(self, connection: Connection, quantity: int) -> None:
        self._connection = connection
        self.quantity = quantity
        connection.execute(CREATE)
        connection.execute(FILL, [quantity])

    def claim(self, limit: int) -> list[Row]:
        """Id, attempt and arguments of the next ones."""
        rows: list[Row] = self._connection.execute(CLAIM, [WORKER, limit], binary=True).fetchall()
        return rows

    def finish(self, rows: Sequence[Row], values: Sequence[str]) -> None:
        """Store their results, if they are still ours."""
        ids, attempts = [row[0] for row in rows], [row[1] for row in rows]
        done = self._connection.execute(FINISH, [ids, attempts, list(values), WORKER])
        assert done.rowcount == len(rows)


def postgres_alone(url: str, quantity: int, batch: int = 100) -> float:
    """Tasks a second through claims and finishes of `batch`, nothing run."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        table = Table(connection, quantity)
        began = time.perf_counter()
        while rows := table.claim(batch):
            table.finish(rows, ["null"] * len(rows))
        return quantity / (time.perf_counter() - began)


def inserts_alone(url: str, quantity: int) -> float:
    """Rows of that table inserted a second, each committed by itself."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        Table(connection, 0)
        began = time.perf_counter()
        for number in range(quantity):
            connection.execute("INSERT INTO bare (id) VALUES (%s)", [number], prepare=True)
        return quantity / (time.perf_counter() - began)


def store_alone(quantity: int, batch: int = 100) -> float:
    """The same through our store."""
    from benchmarks.queue_measures import fill
    from django_ray_runtime.records import Outcome
    from django_ray_runtime.states import State, WorkerState
    from django_ray_runtime.store import get_liveness, get_store

    store, liveness, worker = get_store(), get_liveness(), f"bench:{time.monotonic_ns()}"
    liveness.register(worker, ["default"])
    liveness.move(worker, WorkerState.ACTIVE)
    fill("nothing", quantity)
    began = time.perf_counter()
    while claims := store.claim(["default"], batch, worker):
        done = [
            Outcome(id=c.id, attempt=c.attempt, state=State.SUCCESSFUL, return_value="null")
            for c in claims
        ]
        store.finish_many(worker, done)
    rate = quantity / (time.perf_counter() - began)
    liveness.move(worker, WorkerState.STOPPED)
    return rate
