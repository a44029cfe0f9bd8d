"""What the doctor finds in a database, over both."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from django_ray_runtime import control
from django_ray_runtime.doctor import database, diagnosis, fleet
from django_ray_runtime.doctor.diagnosis import Diagnosis
from django_ray_runtime.doctor.report import Check, Verdict
from django_ray_runtime.exceptions import NotMigrated, Unusable
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import WorkerState
from django_ray_runtime.store import Liveness, Store
from tests.contracts.steps import enqueue, make_silent
from tests.support import make_worker

WITHOUT_RAY = Diagnosis(with_ray=False)


def found(name: str, checks: Any) -> Check:
    [check] = [check for check in checks if check.name == name]
    return check


def serve(liveness: Liveness, worker: str) -> None:
    liveness.register(worker, ["default", "bulk"])
    liveness.move(worker, WorkerState.ACTIVE, concurrency=2)


def test_a_queue_in_order_has_no_findings(store: Store, liveness: Liveness) -> None:
    serve(liveness, "w")
    enqueue(store)
    bad = [check for check in WITHOUT_RAY.run() if check.verdict is not Verdict.OK]
    assert bad == []


def test_the_database_is_told_with_its_version(store: Store) -> None:
    told = found("version", database.answers()).message
    assert told.startswith({"sqlite": "SQLite 3.", "postgresql": "PostgreSQL 1"}[connection.vendor])


def test_the_settings_that_matter_are_looked_at(store: Store) -> None:
    names = {check.name for check in database.settings()}
    expected = {
        "sqlite": {"journal", "locking", "durability"},
        "postgresql": {"durability", "isolation", "autovacuum", "connections"},
    }
    assert names == expected[connection.vendor]


def test_settings_that_hurt_are_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "PRAGMA journal_mode": "delete", "PRAGMA busy_timeout": 5000, "PRAGMA synchronous": 0,
        "SHOW fsync": "off", "SHOW synchronous_commit": "on",
        "SHOW transaction_isolation": "serializable", "SHOW autovacuum": "off",
        "SHOW max_connections": "10", "SHOW superuser_reserved_connections": "3",
        "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL": 6,
    }  # fmt: skip
    monkeypatch.setattr(database, "_value", lambda alias, sql: values[sql])
    checks = list(database.settings())
    assert all(check.verdict is not Verdict.OK and check.remedy for check in checks)


def test_a_clock_that_differs_by_more_than_a_second_is_a_warning(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("clock", database.clock()).verdict is Verdict.OK
    ahead = timedelta(seconds=3)
    monkeypatch.setattr(database, "database_now", lambda alias: datetime.now(UTC) + ahead)
    check = found("clock", database.clock())
    assert check.verdict is Verdict.WARNING
    assert "differ by 3.00 s" in check.message


@pytest.mark.parametrize("error", [NotMigrated("lacks 3 migrations"), Unusable("gone")])
def test_a_database_that_cannot_be_used_ends_the_questions_to_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(alias: str) -> None:
        raise error

    monkeypatch.setattr(database, "demand_database", fail)
    checks = list(WITHOUT_RAY.run())
    assert checks[-1].verdict is Verdict.PROBLEM
    assert checks[-1].message == str(error)
    assert {check.area for check in checks} == {"software", "settings", "database"}


def test_a_queue_that_nobody_serves_is_a_problem_once_tasks_wait(store: Store) -> None:
    assert found("queue default", fleet.workers_and_queues()).verdict is Verdict.WARNING
    enqueue(store)
    check = found("queue default", fleet.workers_and_queues())
    assert check.verdict is Verdict.PROBLEM
    assert "--queues default" in check.remedy


def test_a_worker_of_another_queue_does_not_serve_it(store: Store, worker: str) -> None:
    enqueue(store, queue_name="bulk")
    checks = list(fleet.workers_and_queues())
    assert found("queue bulk", checks).verdict is Verdict.PROBLEM
    assert found("queue default", checks).verdict is Verdict.OK


def test_a_silent_worker_is_told_and_serves_nothing(store: Store, worker: str) -> None:
    make_silent(worker)
    checks = list(fleet.workers_and_queues())
    assert worker in found("silent", checks).message
    assert found("alive", checks).verdict is Verdict.WARNING
    assert found("queue default", checks).verdict is Verdict.WARNING


def test_what_a_silent_worker_holds_is_a_problem_while_nobody_takes_it_over(
    store: Store, liveness: Liveness, worker: str
) -> None:
    enqueue(store)
    store.claim(["default"], 1, worker)
    make_silent(worker)
    check = found("silent", fleet.workers_and_queues())
    assert check.verdict is Verdict.PROBLEM
    assert "1 of its tasks count as running" in check.message
    make_worker(liveness, "host:2:b")
    assert found("silent", fleet.workers_and_queues()).verdict is Verdict.WARNING


def test_a_paused_queue_is_a_warning(store: Store, worker: str) -> None:
    control.pause_queue("default")
    assert found("queue default", fleet.workers_and_queues()).verdict is Verdict.WARNING


def test_a_ready_task_that_waits_long_is_a_warning(store: Store, worker: str) -> None:
    enqueue(store)
    QueuedTask.objects.update(enqueued_at=timezone.now() - timedelta(minutes=10))
    check = found("queue default", fleet.workers_and_queues())
    assert check.verdict is Verdict.WARNING
    assert "waits for 10 min" in check.message


def test_a_waiting_task_that_cannot_be_imported_is_a_problem(store: Store) -> None:
    store.enqueue(QueuedTask(task_path="tests.tasks.gone"))
    enqueue(store)
    paths: list[str] = []
    [check] = fleet.tasks(paths)
    assert (check.name, check.verdict) == ("tests.tasks.gone", Verdict.PROBLEM)
    assert paths == ["tests.tasks.add", "tests.tasks.gone"]


def test_what_the_doctor_stumbles_over_is_a_finding(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Any:
        raise ValueError("oh")

    monkeypatch.setattr(diagnosis.fleet, "workers_and_queues", fail)
    check = found("examination", WITHOUT_RAY.run())
    assert check.verdict is Verdict.PROBLEM
    assert "ValueError: oh" in check.message


def test_the_command_ends_with_0_or_with_1_for_a_problem(store: Store, liveness: Liveness) -> None:
    out = io.StringIO()
    call_command("ray_doctor", "--no-ray", stdout=out)  # warnings only
    assert "warning  workers: alive: No worker is running.\n" in out.getvalue()
    assert "         -> Start one: manage.py run_ray_worker.\n" in out.getvalue()
    enqueue(store)
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("ray_doctor", "--no-ray", "--json", stdout=out)
    assert ended.value.code == 1
    document = json.loads(out.getvalue())
    assert document["verdict"] == "problem"
    assert set(document["checks"][0]) == {"area", "name", "verdict", "message", "remedy"}
