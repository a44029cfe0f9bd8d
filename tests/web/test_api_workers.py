"""`/api/v1/workers`."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_ray_runtime.models import Worker
from django_ray_runtime.store import Store
from tests import tasks

pytestmark = pytest.mark.django_db

WORKERS = "/api/v1/workers"


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


def boot(n: int, **values: Any) -> str:
    return Worker.objects.create(id=f"host:{n}:abc", **values).id


def test_a_worker_at_work(staff: Client, store: Store, worker: str) -> None:
    Worker.objects.update(concurrency=4, executor="ray", last_beat=Now() - timedelta(seconds=7))
    for n in range(3):
        tasks.add.enqueue(n, n)
    store.claim(["default"], 2, worker)
    [shown] = staff.get(WORKERS).json()["items"]
    assert 7 <= shown.pop("heartbeat_age_seconds") < 60
    assert shown.pop("started_at")
    assert shown == {
        "id": worker, "state": "ACTIVE", "queues": ["default"], "executor": "ray",
        "concurrency": 4, "ended_at": None, "running": 2, "released": 0,
    }  # fmt: skip
    one = staff.get(f"{WORKERS}/{worker}").json()
    assert (one["id"], one["running"]) == (worker, 2)


def test_by_state(staff: Client) -> None:
    boot(1, state="ACTIVE")
    dead = boot(2, state="DEAD", ended_at=Now(), released=3)
    assert ids(staff.get(WORKERS, {"state": "DEAD"})) == [dead]
    assert ids(staff.get(WORKERS, {"state": "STOPPED"})) == []
    assert staff.get(f"{WORKERS}/{dead}").json()["released"] == 3


def test_pages_come_latest_first_also_where_several_started_together(staff: Client) -> None:
    for n in range(9):
        boot(n)
    Worker.objects.update(started_at=Now())
    Worker.objects.filter(id="host:5:abc").update(started_at=Now() + timedelta(seconds=1))
    found, cursor = [], {}
    while True:
        page = staff.get(WORKERS, {"limit": 2, **cursor})
        found += ids(page)
        boot(100 + len(found), started_at=Now() + timedelta(hours=1))
        if page.json()["next"] is None:
            break
        cursor = {"cursor": page.json()["next"]}
    assert found == [f"host:{n}:abc" for n in (5, 8, 7, 6, 4, 3, 2, 1, 0)]


def test_many_workers_cost_no_more_queries_than_one(staff: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ids(staff.get(WORKERS))
        return len(captured)

    boot(0)
    staff.get(WORKERS)
    one = queries()
    for n in range(1, 20):
        boot(n)
    assert queries() == one


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("state", "ALIVE", "'STARTING', 'ACTIVE'"),
        ("cursor", "gone:1:x", "`next` of the page before"),
        ("cursor", "a\x00b", "`next` of the page before"),
        ("limit", "201", "less than or equal to 200"),
    ],
)
def test_a_value_that_cannot_be_is_refused(staff: Client, name: str, value: str, says: str) -> None:
    answer = staff.get(WORKERS, {name: value})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], says in error["detail"]) == (name, True)


@pytest.mark.parametrize("name", ["host:1:gone", "%00", "x" * 300])
def test_404(staff: Client, name: str) -> None:
    answer = staff.get(f"{WORKERS}/{name}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
