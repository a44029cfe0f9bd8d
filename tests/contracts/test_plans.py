"""What the queue does all the time reads no finished and no deferred row: the planner's word.

Runs on SQLite and on PostgreSQL.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_ray_runtime.control import cancel
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store import Store, get_liveness, get_pruning, get_store, get_waiting
from django_ray_runtime.store.postgresql import PREPARE_FROM
from tests import tasks

pytestmark = pytest.mark.slow

TASK = "django_ray_runtime_queuedtask"
BACKLOG = 20_000


@pytest.fixture
def backlog(unseen_backlog: str) -> str:
    """A table in which nearly everything is finished or deferred."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return unseen_backlog


@pytest.fixture
def unseen_backlog(store: Store, worker: str) -> str:
    """The same before the server has looked at it."""
    now, later = timezone.now(), timezone.now() + timedelta(days=1)
    for state, moments in (
        (State.SUCCESSFUL, {"finished_at": now}),
        (State.SCHEDULED, {"run_after": later}),
    ):
        rows = [QueuedTask(task_path="x", state=state, **moments) for _ in range(BACKLOG)]
        QueuedTask.objects.bulk_create(rows, batch_size=2000)
    tasks.nothing.enqueue_many([()] * 20)
    tasks.nothing.using(concurrency_limit=5).enqueue_many([()] * 20)
    return worker


@contextmanager
def explained() -> Iterator[list[str]]:
    """The plans of what is executed in this context that touches the table of tasks."""
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    plans: list[str] = []

    def explain_it(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if TASK in sql and not sql.startswith("EXPLAIN") and "SAVEPOINT" not in sql:
            with connection.cursor() as cursor:
                cursor.execute(explain + sql, params)
                plans.append(sql + "\n" + "\n".join(str(row) for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain_it):
        yield plans


def _claim(worker: str) -> Any:
    return get_store().claim(["default"], 5, worker)


def _finish(worker: str) -> Any:
    claims = _claim(worker)
    done = [Outcome(id=c.id, attempt=c.attempt, state=State.SUCCESSFUL) for c in claims]
    return get_store().finish_many(worker, done)


ALWAYS: dict[str, Callable[[str], Any]] = {
    "claim": _claim,
    "finish": _finish,
    "admit": lambda worker: get_store().admit(["default"], 5),
    "look at what is due": lambda worker: get_waiting().seconds_until_next(),
    "promote": lambda worker: get_waiting().promote(),
    "expire": lambda worker: get_waiting().expire(),
    "look at what is to stop": lambda worker: get_store().to_stop(worker),
    "give back what is unknown": lambda worker: get_store().disown(worker, set()),
    "release what the dead held": lambda worker: get_liveness().declare_dead("nobody"),
    "is anything left": lambda worker: get_store().has_outstanding(["default"]),
    "cancel": lambda worker: cancel(QueuedTask.objects.ready().first().id),
    "prune": lambda worker: get_pruning().prune({State.FAILED: 1.0, State.SUCCESSFUL: 1e6}),
}


def test_what_runs_all_the_time_reads_no_backlog(backlog: str) -> None:
    wrong: list[str] = []
    for name, action in ALWAYS.items():
        with explained() as plans:
            action(backlog)
        assert plans, name
        wrong += [f"{name}: {plan}" for plan in plans if _reads_the_table(plan)]
    assert not wrong, "\n\n".join(wrong)


def test_statements_prepared_on_an_empty_table_read_no_backlog_when_it_has_grown(
    store: Store, worker: str, request: pytest.FixtureRequest
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps no plans")
    connection.close()  # the statements of other tests
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TASK}")
    for _ in range(4 * PREPARE_FROM):
        tasks.nothing.enqueue()
        _finish(worker)
    QueuedTask.objects.all().delete()
    request.getfixturevalue("unseen_backlog")
    with connection.cursor() as cursor:
        for part, values in (
            ("SKIP LOCKED", f"ARRAY['default'], ARRAY[0.0], ARRAY[0.0], 5, '{worker}'"),
            ("WITH outcome AS", f"'[]', '{worker}'"),
        ):
            cursor.execute("SELECT name, statement FROM pg_prepared_statements")
            [name] = [name for name, statement in cursor.fetchall() if part in statement]
            cursor.execute(f'EXPLAIN EXECUTE "{name}"({values})')
            plan = "\n".join(str(row) for row in cursor.fetchall())
            assert not _reads_the_table(plan), plan


def _reads_the_table(plan: str) -> bool:
    scans = [line for line in plan.splitlines() if f"SCAN {TASK}" in line]
    # SQLite calls the reading of a whole index a SCAN too; the partial ones are small.
    small = all("USING" in line and "drr_task" in line for line in scans)
    return f"Seq Scan on {TASK}" in plan or not small
