"""The page that Prometheus reads, over both databases."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from django_ray_runtime import control, prometheus, views
from django_ray_runtime.metrics import WorkerStats
from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.states import State, WorkerState
from django_ray_runtime.store import Liveness, Store
from tests.contracts.steps import enqueue, make_silent
from tests.unit.test_metrics import claim, outcome

type Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def page() -> HttpResponse:
    return views.metrics(RequestFactory().get("/metrics"))


def samples() -> Samples:
    families = text_string_to_metric_families(page().content.decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> float | None:
    return samples().get((f"django_ray_{name}", frozenset(labels.items())))


def work(liveness: Liveness, worker: str) -> None:
    stats = WorkerStats()
    for seconds, state in ((0.003, State.SUCCESSFUL), (40, State.SUCCESSFUL), (1, State.FAILED)):
        held = claim()
        stats.claimed([held])
        stats.settled(held, outcome(held, state), state, seconds)
    liveness.note_stats(worker, stats.to_dict())


def test_queues_show_depth_pause_and_age(store: Store, worker: str) -> None:
    enqueue(store, 3)
    store.claim(["default"], 1, worker)
    QueuedTask.objects.update(enqueued_at=timezone.now() - timedelta(hours=1))
    control.pause_queue("bulk")
    assert sample("queue_tasks", queue="default", state="ready") == 2
    assert sample("queue_tasks", queue="default", state="running") == 1
    assert sample("queue_tasks", queue="bulk", state="ready") == 0
    assert sample("queue_paused", queue="bulk") == 1
    assert sample("queue_paused", queue="default") == 0
    assert sample("queue_oldest_ready_seconds", queue="default") == pytest.approx(3600, abs=60)
    assert sample("queue_oldest_ready_seconds", queue="bulk") == 0


def test_workers_show_state_slots_and_heartbeat(
    store: Store, liveness: Liveness, worker: str
) -> None:
    liveness.move(worker, WorkerState.ACTIVE, concurrency=4)
    enqueue(store)
    store.claim(["default"], 1, worker)
    assert sample("workers", state="active") == 1
    assert sample("workers", state="silent") == 0
    assert sample("worker_slots", worker=worker) == 4
    assert sample("worker_tasks", worker=worker) == 1
    assert sample("worker_heartbeat_age_seconds", worker=worker) < 60
    make_silent(worker)
    assert sample("workers", state="active") == 0
    assert sample("workers", state="silent") == 1


def test_the_counters_of_a_worker_are_shown_by_queue(liveness: Liveness, worker: str) -> None:
    work(liveness, worker)
    where = {"worker": worker, "queue": "default"}
    assert sample("tasks_claimed_total", **where) == 3
    assert sample("tasks_finished_total", outcome="succeeded", **where) == 2
    assert sample("tasks_finished_total", outcome="failed", **where) == 1
    assert sample("tasks_finished_total", outcome="timed_out", **where) == 0
    assert sample("task_retries_total", **where) == 0
    assert sample("task_run_seconds_bucket", le="0.005", **where) == 1
    assert sample("task_run_seconds_bucket", le="1.0", **where) == 2
    assert sample("task_run_seconds_bucket", le="+Inf", **where) == 3
    assert sample("task_run_seconds_count", **where) == 3
    assert sample("task_run_seconds_sum", **where) == pytest.approx(41.003)
    assert sample("task_wait_seconds_count", **where) == 3


def test_the_tasks_that_a_worker_lost_are_counted(
    store: Store, liveness: Liveness, worker: str
) -> None:
    enqueue(store, 2)
    store.claim(["default"], 2, worker)
    assert sample("tasks_rescued_total", worker=worker) == 0
    liveness.declare_dead(worker)
    assert sample("tasks_rescued_total", worker=worker) == 2


def test_a_boot_s_counters_stay_for_a_while_after_its_end(liveness: Liveness, worker: str) -> None:
    work(liveness, worker)
    liveness.move(worker, WorkerState.STOPPED)
    where = {"worker": worker, "queue": "default"}
    assert sample("tasks_claimed_total", **where) == 3
    assert sample("worker_slots", worker=worker) is None
    Worker.objects.update(ended_at=timezone.now() - timedelta(minutes=16))
    assert sample("tasks_claimed_total", **where) is None


def test_the_page_declares_each_metric_once_with_help(store: Store) -> None:
    text = page().content.decode()
    helped = [line.split()[2] for line in text.splitlines() if line.startswith("# HELP")]
    assert len(helped) == len(set(helped)) == 15
    assert page()["Content-Type"].startswith("text/plain; version=")


def test_the_page_only_answers_reading(store: Store) -> None:
    assert views.metrics(RequestFactory().post("/metrics")).status_code == 405


def test_a_database_that_does_not_answer_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> bytes:
        raise OperationalError("no")

    monkeypatch.setattr(views, "render", gone)
    assert page().status_code == 503


def plan(sql: str) -> str:
    word = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        cursor.execute(word + sql)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.slow
def test_the_page_reads_none_of_20_000_finished_rows(store: Store, worker: str) -> None:
    enqueue(store, 20)
    QueuedTask.objects.bulk_create(
        QueuedTask(
            id=uuid4(), task_path="tests.tasks.add", state=State.SUCCESSFUL, finished_at=Now()
        )
        for _ in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as captured:
        prometheus.render()
    plans = [plan(query["sql"]) for query in captured if "queuedtask" in query["sql"]]
    assert len(plans) == 2
    for steps in plans:
        whole = [
            step
            for step in steps.splitlines()
            if "Seq Scan on django_ray_runtime_queuedtask" in step
            or ("SCAN django_ray_runtime_queuedtask" in step and "INDEX drr_task_" not in step)
        ]
        assert not whole, steps
    everything = plan("SELECT count(*) FROM django_ray_runtime_queuedtask WHERE backend = 'x'")
    assert "scan" in everything.lower()  # what the test looks for is what a plan would say
