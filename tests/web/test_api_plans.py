"""The statements behind the list of tasks read by an index, in order, and never the whole table."""

from typing import Any

import pytest
from django.db import connection

from django_ray_runtime.api import filters
from django_ray_runtime.api.schemas import TaskQuery
from django_ray_runtime.models import QueuedTask, TaskProgress
from django_ray_runtime.rest.pages import paginate
from django_ray_runtime.states import State
from tests import tasks

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DAY = "2026-03-01T00:00:00Z"


@pytest.fixture
def finished() -> None:
    rows = [QueuedTask(task_path="x", state="SUCCESSFUL") for _ in range(5000)]
    QueuedTask.objects.bulk_create(rows)
    # What other tests left may be told of as a table so small that it is read and sorted whole.
    TaskProgress.objects.bulk_create([TaskProgress(task=row, attempt=1) for row in rows])
    with connection.cursor() as cursor:
        tables = " django_ray_runtime_queuedtask, django_ray_runtime_taskprogress"
        cursor.execute("ANALYZE" + (tables if _is_pg() else ""))


def _is_pg() -> bool:
    return connection.vendor == "postgresql"


def plans(query: TaskQuery) -> list[str]:
    """The plan of each statement about tasks behind a page."""
    seen: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and "_queuedtask" in sql:
            prefix = "EXPLAIN " if _is_pg() else "EXPLAIN QUERY PLAN "
            with connection.cursor() as plain:
                plain.execute(prefix + sql, params)
                seen.append("\n".join(str(row[-1]) for row in plain.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        paginate(filters.filtered(query).select_related("progress"), query)
    return seen


def test_a_page_is_read_in_the_order_of_the_key(finished: None) -> None:
    queries: list[dict[str, Any]] = [
        {},
        {"task": "x"},
        {"queue": "default"},
        {"since": DAY},
        {"until": DAY},
        {"state": "SUCCESSFUL"},
        {"state": "SUCCESSFUL", "task": "x", "since": DAY},
    ]
    for query in queries:
        page = plans(TaskQuery(**query))[-1]
        assert "SCAN django_ray_runtime_queuedtask\n" not in f"{page}\n", query
        assert "Seq Scan on django_ray_runtime_queuedtask" not in page, query
        assert "Sort" not in page, query
        assert "TEMP B-TREE" not in page, query


def test_few_in_a_state_are_found_without_a_look_at_the_others(finished: None) -> None:
    for state in (one for one in State if one != State.SUCCESSFUL):
        QueuedTask.objects.filter(id=tasks.add.enqueue(1, 2).id).update(
            state=state, worker="w" if state == "RUNNING" else None
        )
        found = plans(TaskQuery(state=state))
        assert len(found) == 2, state
        assert "drr_task_" in found[0], f"{state}: the partial index of the state"
        assert "Seq Scan" not in found[1], state
        assert "SCAN django_ray_runtime_queuedtask" not in found[1], state
