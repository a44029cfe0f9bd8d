"""The queue at a glance, over both databases."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ray_runtime import control, overview
from django_ray_runtime.exceptions import UnknownQueue
from django_ray_runtime.models import Attempt, QueuedTask, Worker
from django_ray_runtime.states import State, WorkerState
from django_ray_runtime.store import Liveness, Store
from tests.contracts.steps import enqueue, make_silent
from tests.support import make_worker


def queue(name: str = "default") -> overview.QueueView:
    [view] = overview.queues(name)
    return view


def failed(count: int, path: str, exception: str, ago: timedelta = timedelta(0)) -> None:
    for _ in range(count):
        moment = timezone.now() - ago
        row = QueuedTask.objects.create(
            task_path=path, state=State.FAILED, finished_at=moment, attempt=2
        )
        Attempt.objects.create(
            task=row, number=1, worker="w", exception_class_path="builtins.OSError"
        )
        Attempt.objects.create(task=row, number=2, worker="w", exception_class_path=exception)


def test_unfinished_tasks_are_counted_by_queue_and_state(store: Store, worker: str) -> None:
    enqueue(store, 3)
    enqueue(store, 2, limit_key="k", queue_name="bulk")
    enqueue(store, 1, run_after=timezone.now() + timedelta(hours=1), queue_name="bulk")
    store.claim(["default"], 1, worker)
    default, bulk = queue(), queue("bulk")
    assert (default.ready, default.running, default.blocked, default.scheduled) == (2, 1, 0, 0)
    assert (bulk.ready, bulk.running, bulk.blocked, bulk.scheduled) == (0, 0, 2, 1)


def test_a_listed_queue_is_shown_also_when_it_is_empty(store: Store) -> None:
    assert [(view.name, view.oldest_ready_seconds) for view in overview.queues()] == [
        ("bulk", None),
        ("default", None),
    ]


def test_a_paused_queue_is_told(store: Store) -> None:
    control.pause_queue("bulk")
    assert [view.paused for view in overview.queues()] == [True, False]


def test_an_unknown_queue_is_refused_with_those_there_are(store: Store) -> None:
    with pytest.raises(UnknownQueue, match=r"'nope'.*bulk, default"):
        overview.queues("nope")


def test_the_oldest_ready_task_counts_from_when_it_was_due(store: Store) -> None:
    enqueue(store, 2)
    long_ago = timezone.now() - timedelta(hours=2)
    QueuedTask.objects.update(enqueued_at=long_ago)
    due = QueuedTask.objects.order_by("id").first()
    assert queue().oldest_ready_seconds == pytest.approx(7200, abs=30)
    QueuedTask.objects.exclude(pk=due.pk).delete()
    QueuedTask.objects.update(run_after=timezone.now() - timedelta(minutes=1))
    assert queue().oldest_ready_seconds == pytest.approx(60, abs=30)


def test_a_worker_is_shown_with_what_it_holds(
    store: Store, liveness: Liveness, worker: str
) -> None:
    enqueue(store, 2)
    store.claim(["default"], 2, worker)
    liveness.move(worker, WorkerState.ACTIVE, executor="ray", concurrency=4)
    [view] = overview.workers()
    assert (view.id, view.running, view.concurrency, view.executor) == (worker, 2, 4, "ray")
    assert view.queues == ("default",)
    assert view.running_tasks == (("tests.tasks.add", 2),)
    assert view.heartbeat_age_seconds < 30
    assert not view.silent


def test_a_worker_whose_heartbeat_stays_away_is_silent(worker: str) -> None:
    make_silent(worker, 60)
    [view] = overview.workers()
    assert view.silent
    assert view.heartbeat_age_seconds == pytest.approx(60, abs=30)


def test_an_ended_worker_is_shown_only_where_asked(liveness: Liveness, worker: str) -> None:
    liveness.move(worker, WorkerState.STOPPED)
    make_worker(liveness, "old")
    liveness.move("old", WorkerState.STOPPED)
    Worker.objects.filter(id="old").update(ended_at=timezone.now() - timedelta(hours=1))
    assert overview.workers() == []
    [view] = overview.workers(ended_within=900)
    assert (view.id, view.silent) == (worker, False)
    assert view.ended_seconds_ago is not None


def test_failures_are_told_by_task_and_last_exception(store: Store) -> None:
    failed(3, "a.task", "builtins.ValueError")
    failed(1, "a.task", "builtins.KeyError")
    failed(2, "b.task", "builtins.ValueError")
    failed(4, "old.task", "builtins.ValueError", ago=timedelta(hours=2))
    found = overview.failures(3600)
    assert found.complete
    assert [(kind.task_path, kind.exception, kind.count) for kind in found.kinds] == [
        ("a.task", "builtins.ValueError", 3),
        ("b.task", "builtins.ValueError", 2),
        ("a.task", "builtins.KeyError", 1),
    ]


def test_a_flood_of_failures_is_read_up_to_a_bound(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "FAILURES_READ", 2)
    failed(3, "a.task", "builtins.ValueError")
    found = overview.failures()
    assert not found.complete
    assert [kind.count for kind in found.kinds] == [2]


def test_rays_dashboard_is_told_where_the_settings_enable_it(settings: Any) -> None:
    assert overview.ray_dashboard() is None
    settings.DJANGO_RAY_RUNTIME = {"RAY_DASHBOARD": True, "RAY_DASHBOARD_PORT": 9000}
    assert overview.ray_dashboard() == ("127.0.0.1", 9000)


def test_task_paths_of_unfinished_rows_are_listed_once(store: Store, worker: str) -> None:
    enqueue(store, 2)
    QueuedTask.objects.create(task_path="done.task", state=State.SUCCESSFUL, finished_at=Now())
    QueuedTask.objects.create(task_path="b.task", state=State.SCHEDULED)
    assert overview.unfinished_task_paths() == ["b.task", "tests.tasks.add"]


def test_a_glance_takes_few_statements_that_read_no_finished_row(store: Store, worker: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        overview.queues()
        overview.workers()
        overview.failures()
    assert len(captured) <= 5
    if connection.vendor == "sqlite":  # PostgreSQL scans a small table whatever its indexes
        counting = next(q["sql"] for q in captured if "UNION ALL" in q["sql"])
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + counting)
            plan = [row[3] for row in cursor.fetchall()]
        scans = [step for step in plan if "queuedtask" in step]
        assert len(scans) == 4
        assert all("INDEX drr_task_" in step for step in scans), plan


def test_rescued_tasks_are_counted_in_the_row_of_the_worker_that_lost_them(
    store: Store, liveness: Liveness, worker: str
) -> None:
    other = make_worker(liveness, "host:2:b")
    enqueue(store, 3)
    store.claim(["default"], 2, worker)
    store.claim(["default"], 1, other)
    assert liveness.declare_dead(worker).tasks == 2
    released = dict(Worker.objects.values_list("id", "released"))
    assert released == {worker: 2, other: 0}
    assert liveness.declare_dead(other).tasks == 1
    assert Worker.objects.get(id=other).released == 1


def test_a_worker_keeps_its_counters_while_it_lives(liveness: Liveness, worker: str) -> None:
    assert liveness.note_stats(worker, {"queues": {"default": {"claimed": 3}}})
    assert Worker.objects.get(id=worker).stats["queues"]["default"]["claimed"] == 3
    liveness.declare_dead(worker)
    assert not liveness.note_stats(worker, {"queues": {}})
    assert Worker.objects.get(id=worker).stats["queues"] != {}
