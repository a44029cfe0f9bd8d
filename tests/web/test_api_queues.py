"""`/api/v1/queues`."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from django_ray_runtime.models import Queue, QueuedTask
from django_ray_runtime.store import Store
from project.models import AuditEntry
from tests import tasks

pytestmark = pytest.mark.django_db

QUEUES = "/api/v1/queues"
EMPTY = {"SCHEDULED": 0, "BLOCKED": 0, "READY": 0, "RUNNING": 0}


def recorded() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.order_by("id")
    return list(rows.values_list("action", "kind", "object_id"))


def test_queues_of_the_settings_are_there_when_empty(staff: Client) -> None:
    assert staff.get(QUEUES).json() == [
        {"name": name, "paused": False, "counts": EMPTY, "oldest_ready_seconds": None}
        for name in ("bulk", "default")
    ]


def test_unfinished_tasks_are_counted_by_state(staff: Client, store: Store, worker: str) -> None:
    for n in range(3):
        tasks.add.enqueue(n, n)
    tasks.add.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(1, 2)
    tasks.of_user.enqueue("ana")
    store.claim(["default"], 1, worker)
    shown = staff.get(f"{QUEUES}/default").json()
    assert shown["counts"] == {"SCHEDULED": 1, "BLOCKED": 1, "READY": 2, "RUNNING": 1}
    assert staff.get(f"{QUEUES}/bulk").json()["counts"] == EMPTY


def test_age_of_the_oldest_ready_task_by_the_clock_of_the_database(staff: Client) -> None:
    for minutes in (1, 10):
        task = tasks.add.enqueue(1, 2)
        row = QueuedTask.objects.filter(id=task.id)
        row.update(enqueued_at=Now() - timedelta(minutes=minutes))
    assert 600 <= staff.get(f"{QUEUES}/default").json()["oldest_ready_seconds"] < 660
    # It could be claimed since its run_after only.
    row.update(run_after=Now() - timedelta(minutes=5))
    assert 300 <= staff.get(f"{QUEUES}/default").json()["oldest_ready_seconds"] < 360


def test_pause_and_resume_say_how_it_is_then_and_are_recorded_when_they_change_something(
    staff: Client, store: Store, worker: str
) -> None:
    tasks.add.enqueue(1, 2)
    for _ in range(2):
        answer = staff.post(f"{QUEUES}/default/pause")
        assert (answer.status_code, answer.json()["paused"]) == (200, True)
    assert store.claim(["default"], 1, worker) == []
    assert recorded() == [("pause", "queue", "default")]
    for _ in range(2):
        answer = staff.post(f"{QUEUES}/default/resume")
        assert (answer.status_code, answer.json()["paused"]) == (200, False)
    assert len(store.claim(["default"], 1, worker)) == 1
    assert recorded()[1:] == [("resume", "queue", "default")]


@pytest.mark.parametrize("name", ["nowhere", "%00", "x" * 500, "a b"])
@pytest.mark.parametrize(
    ("method", "action"), [("get", ""), ("post", "/pause"), ("post", "/resume")]
)
def test_404_lists_the_queues_there_are(staff: Client, name: str, method: str, action: str) -> None:
    answer: Any = getattr(staff, method)(f"{QUEUES}/{name}{action}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].endswith("Expected one of: bulk, default.")
    assert not Queue.objects.exists()
    assert recorded() == []
