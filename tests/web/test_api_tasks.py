"""`/api/v1/tasks`: what staff see of queued tasks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ray_runtime.api import filters
from django_ray_runtime.models import Attempt, QueuedTask, TaskProgress
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from tests import tasks
from tests.web.ends import fail, finish

pytestmark = pytest.mark.django_db

TASKS = "/api/v1/tasks"


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


class TestList:
    def test_a_task_is_shown_with_what_is_known_of_it(self, staff: Client) -> None:
        later = timezone.now().replace(microsecond=0) + timedelta(hours=1)
        task = tasks.add.using(priority=5, queue_name="bulk", run_after=later).enqueue(1, b=2)
        [shown] = staff.get(TASKS).json()["items"]
        enqueued_at = datetime.fromisoformat(shown.pop("enqueued_at"))
        assert abs(timezone.now() - enqueued_at) < timedelta(minutes=1)
        assert datetime.fromisoformat(shown.pop("run_after")) == later
        assert shown == {
            "id": task.id, "task": "tests.tasks.add", "state": "SCHEDULED", "status": "READY",
            "queue": "bulk", "priority": 5, "args": [1], "kwargs": {"b": 2}, "expires_at": None,
            "started_at": None, "finished_at": None, "attempt": 0, "failures": 0, "losses": 0,
            "suspect": False,
            "worker": None, "cancel_asked_at": None, "progress": None,
        }  # fmt: skip

    def test_a_running_task_names_its_worker_and_progress(
        self, staff: Client, store: Store, worker: str
    ) -> None:
        tasks.add.enqueue(1, 2)
        [claim] = store.claim(["default"], 1, worker)
        start = timezone.now()
        progress = TaskProgress.objects.create(
            task_id=claim.id, attempt=1, done=1, total=4, message="x", started_at=start,
            updated_at=start + timedelta(seconds=10),
        )  # fmt: skip
        [shown] = staff.get(TASKS).json()["items"]
        assert (shown["state"], shown["worker"], shown["attempt"]) == ("RUNNING", worker, 1)
        shown["progress"].pop("updated_at")
        assert shown["progress"] == {
            "done": 1, "total": 4, "message": "x", "fraction": 0.25, "eta_seconds": 30.0,
        }  # fmt: skip
        progress.attempt = 0
        progress.save()
        [shown] = staff.get(TASKS).json()["items"]
        assert shown["progress"] is None, "it is of an earlier run"

    def test_pages_stay_whole_while_tasks_come_and_move(self, staff: Client) -> None:
        newest_first = [tasks.add.enqueue(n, n).id for n in range(7)][::-1]
        first = staff.get(TASKS, {"limit": 3})
        tasks.add.enqueue(7, 7)
        QueuedTask.objects.filter(id=newest_first[4]).update(state="FAILED")
        second = staff.get(TASKS, {"limit": 3, "cursor": first.json()["next"]})
        third = staff.get(TASKS, {"limit": 3, "cursor": second.json()["next"]})
        assert ids(first) + ids(second) + ids(third) == newest_first
        assert third.json()["next"] is None

    @pytest.mark.parametrize("query", [{}, {"queue": "default"}, {"state": "READY"}])
    def test_many_tasks_cost_no_more_queries_than_one(
        self, staff: Client, query: dict[str, str]
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert staff.get(TASKS, query).json()["items"]
            return len(captured)

        tasks.add.enqueue(1, 2)
        staff.get(TASKS)
        one = queries()
        for n in range(30):
            row = tasks.add.enqueue(n, n)
            TaskProgress.objects.create(task_id=row.id, attempt=0)
        assert queries() == one
        assert one <= 12


class TestFilters:
    @pytest.mark.parametrize("few", [0, 500])
    def test_by_state(
        self, staff: Client, store: Store, worker: str, few: int, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(filters, "FEW", few)
        for n in range(4):
            tasks.add.enqueue(n, n)
        failed = fail(store, worker)
        done = finish(store, worker, State.SUCCESSFUL, return_value="1")
        [running] = store.claim(["default"], 1, worker)
        [ready] = QueuedTask.objects.ready()
        expected = {
            "FAILED": [failed], "SUCCESSFUL": [done], "RUNNING": [str(running.id)],
            "READY": [str(ready.id)],
        }  # fmt: skip
        for state in State:
            assert ids(staff.get(TASKS, {"state": state})) == expected.get(state, [])

    def test_by_queue_and_task_together(self, staff: Client) -> None:
        tasks.add.enqueue(1, 2)
        wanted = tasks.add.using(queue_name="bulk").enqueue(1, 2)
        tasks.nothing.using(queue_name="bulk").enqueue()
        query = {"queue": "bulk", "task": "tests.tasks.add"}
        assert ids(staff.get(TASKS, query)) == [wanted.id]
        assert ids(staff.get(TASKS, {"task": "tests.tasks"})) == []

    def test_by_time_from_inclusive_to_exclusive(self, staff: Client) -> None:
        moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        found = {}
        for hours in (0, 1, 2):
            found[hours] = tasks.add.enqueue(1, 2).id
            there = QueuedTask.objects.filter(id=found[hours])
            there.update(enqueued_at=moment + timedelta(hours=hours))
        query = {"since": moment.isoformat(), "until": (moment + timedelta(hours=2)).isoformat()}
        assert ids(staff.get(TASKS, query)) == [found[1], found[0]]
        assert ids(staff.get(TASKS, {"until": moment.isoformat()})) == []

    @pytest.mark.parametrize(("name", "days"), [("since", 2), ("until", -2)])
    def test_times_bound_the_keys_that_are_looked_at(
        self, staff: Client, name: str, days: int
    ) -> None:
        """A key made more than a day outside is passed over, whatever its row says."""
        tasks.add.enqueue(1, 2)
        bound = datetime.now(UTC) + timedelta(days=days)
        QueuedTask.objects.update(enqueued_at=bound + timedelta(days=days / 2))
        assert ids(staff.get(TASKS, {name: bound.isoformat()})) == []

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("state", "DONE", "'SCHEDULED', 'BLOCKED', 'READY', 'RUNNING', 'SUCCESSFUL'"),
            ("state", "ready", "'READY'"),
            ("queue", "nowhere", "expected one of: bulk, default"),
            ("queue", "a\x00b", "NUL"),
            ("task", "a\x00b", "NUL"),
            ("since", "yesterday", "valid datetime"),
            ("since", "2026-03-01T00:00:00", "timezone"),
            ("until", "9999-12-31T23:59:59-14:00", "1970 to 9000"),
            ("limit", "0", "greater than or equal to 1"),
            ("cursor", "x", "`next` of the page before"),
        ],
    )
    def test_a_value_that_cannot_be_is_refused_with_what_can(
        self, staff: Client, name: str, value: str, says: str
    ) -> None:
        answer = staff.get(TASKS, {name: value})
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["source"], error["field"]) == ("query", name)
        assert says in error["detail"]


class TestOne:
    def test_a_task_that_succeeded(self, staff: Client, store: Store, worker: str) -> None:
        task = tasks.add.enqueue(1, 2)
        finish(store, worker, State.SUCCESSFUL, return_value='{"a": [3]}', output="said\n")
        shown = staff.get(f"{TASKS}/{task.id}").json()
        assert shown["return_value"] == {"a": [3]}
        assert shown["worker_ids"] == [worker]
        [run] = shown["attempts"]
        assert (run["number"], run["worker"], run["output"]) == (1, worker, "said\n")
        assert (run["exception"], run["traceback"]) == ("", "")

    def test_a_task_that_failed(self, staff: Client, store: Store, worker: str) -> None:
        task = tasks.add.enqueue(1, 2)
        fail(store, worker, traceback="Traceback …")
        shown = staff.get(f"{TASKS}/{task.id}").json()
        assert (shown["state"], shown["return_value"]) == ("FAILED", None)
        [run] = shown["attempts"]
        assert (run["exception"], run["traceback"]) == ("builtins.ValueError", "Traceback …")
        assert run["started_at"] <= run["finished_at"]

    def test_the_latest_twenty_runs(self, staff: Client) -> None:
        task = tasks.add.enqueue(1, 2)
        Attempt.objects.bulk_create(
            Attempt(task_id=task.id, number=n, worker="w", output=str(n)) for n in range(1, 31)
        )
        shown = staff.get(f"{TASKS}/{task.id}").json()
        assert [run["number"] for run in shown["attempts"]] == list(range(11, 31))

    def test_options_and_keys(self, staff: Client) -> None:
        task = tasks.of_user.using(max_attempts=7).enqueue("ana")
        shown = staff.get(f"{TASKS}/{task.id}").json()
        assert shown["options"]["max_attempts"] == 7
        assert shown["limit_key"].endswith("user:ana")
        assert shown["unique_key"] is None

    def test_of_a_runtime_environment_the_names_only(self, staff: Client) -> None:
        secret = {"env_vars": {"PASSWORD": "hunter22"}, "pip": ["x"]}
        task = tasks.add.using(runtime_env=secret).enqueue(1, 2)
        answer = staff.get(f"{TASKS}/{task.id}")
        assert answer.json()["options"]["runtime_env"] == ["env_vars", "pip"]
        assert b"hunter22" not in answer.content

    def test_an_option_of_a_later_version_is_shown_as_it_is(self, staff: Client) -> None:
        task = tasks.add.enqueue(1, 2)
        QueuedTask.objects.update(options={"colour": "green"})
        assert staff.get(f"{TASKS}/{task.id}").json()["options"] == {"colour": "green"}

    @pytest.mark.parametrize("name", ["00000000-0000-7000-8000-000000000000", "x", "%00", "1"])
    def test_404(self, staff: Client, name: str) -> None:
        answer = staff.get(f"{TASKS}/{name}")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
