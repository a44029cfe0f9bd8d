"""Cancel and retry over REST."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from django_ray_runtime.models import QueuedTask, UniqueKey
from django_ray_runtime.rest.audit import changed
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from project.models import AuditEntry
from tests import tasks
from tests.web.ends import finish

pytestmark = pytest.mark.django_db


def post(client: Client, task_id: Any, action: str) -> Any:
    return client.post(f"/api/v1/tasks/{task_id}/{action}")


def recorded() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.order_by("id")
    return list(rows.values_list("action", "kind", "object_id"))


class TestCancel:
    def test_a_waiting_task_at_once(self, staff: Client) -> None:
        task = tasks.add.enqueue(1, 2)
        answer = post(staff, task.id, "cancel")
        assert answer.status_code == 200
        assert (answer.json()["id"], answer.json()["state"]) == (task.id, "CANCELLED")
        assert answer.json()["finished_at"] is not None
        assert recorded() == [("cancel", "task", task.id)]

    def test_a_running_task_is_told_once(self, staff: Client, store: Store, worker: str) -> None:
        task = tasks.add.enqueue(1, 2)
        store.claim(["default"], 1, worker)
        first, again = (post(staff, task.id, "cancel") for _ in range(2))
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json()["state"] == "RUNNING"
        assert first.json()["cancel_asked_at"] == again.json()["cancel_asked_at"] is not None
        assert list(store.to_stop(worker)) == [uuid.UUID(task.id)]
        assert recorded() == [("cancel", "task", task.id)]

    @pytest.mark.parametrize("state", [State.SUCCESSFUL, State.FAILED, State.CANCELLED])
    def test_a_finished_one_is_409_with_its_state(
        self, staff: Client, store: Store, worker: str, state: State
    ) -> None:
        task = tasks.add.enqueue(1, 2)
        finish(store, worker, state)
        heard: list[dict[str, Any]] = []
        changed.connect(note := lambda **told: heard.append(told))
        try:
            answer = post(staff, task.id, "cancel")
        finally:
            changed.disconnect(note)
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith(f"It is {state} already")
        assert (heard, recorded()) == ([], [])

    def test_one_that_ends_meanwhile_is_409(self, staff: Client, store: Store, worker: str) -> None:
        """Between the look at the task and the cancel."""
        task = tasks.add.enqueue(1, 2)

        def ends(**_: Any) -> None:
            finish(store, worker, State.SUCCESSFUL)

        changed.connect(ends)
        try:
            answer = post(staff, task.id, "cancel")
        finally:
            changed.disconnect(ends)
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith("It is SUCCESSFUL already")
        assert recorded() == []


class TestRetry:
    @pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
    def test_a_task_that_ended_badly(
        self, staff: Client, store: Store, worker: str, state: State
    ) -> None:
        task = tasks.add.enqueue(1, 2)
        finish(store, worker, state)
        answer = post(staff, task.id, "retry")
        assert answer.status_code == 202
        shown = answer.json()
        assert (shown["state"], shown["finished_at"], shown["attempt"]) == ("READY", None, 1)
        assert recorded() == [("retry", "task", task.id)]
        [claim] = store.claim(["default"], 1, worker)
        assert (str(claim.id), claim.attempt) == (task.id, 2)

    @pytest.mark.parametrize("state", [State.READY, State.RUNNING, State.SUCCESSFUL])
    def test_409_in_another_state(
        self, staff: Client, store: Store, worker: str, state: State
    ) -> None:
        task = tasks.add.enqueue(1, 2)
        if state is State.RUNNING:
            store.claim(["default"], 1, worker)
        if state is State.SUCCESSFUL:
            finish(store, worker, state)
        answer = post(staff, task.id, "retry")
        assert answer.status_code == 409
        detail = f"It is {state}: only FAILED, CANCELLED or EXPIRED tasks can be run again."
        assert answer.json()["detail"] == detail
        assert recorded() == []

    def test_409_names_the_task_that_holds_its_unique_key(self, staff: Client) -> None:
        unique = tasks.add.using(unique=True)
        first = unique.enqueue(1, 2)
        post(staff, first.id, "cancel")
        second = unique.enqueue(1, 2)
        assert second.id != first.id
        answer = post(staff, first.id, "retry")
        assert answer.status_code == 409
        assert second.id in answer.json()["detail"]
        assert QueuedTask.objects.get(id=first.id).state == "CANCELLED"
        assert str(UniqueKey.objects.get().task_id) == second.id
        assert recorded() == [("cancel", "task", first.id)]
        post(staff, second.id, "cancel")
        assert post(staff, first.id, "retry").status_code == 202


@pytest.mark.parametrize("action", ["cancel", "retry"])
class TestBoth:
    @pytest.mark.parametrize("name", ["00000000-0000-7000-8000-000000000000", "x"])
    def test_404(self, staff: Client, name: str, action: str) -> None:
        answer = post(staff, name, action)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert recorded() == []

    def test_a_record_that_cannot_be_written_undoes_the_change(
        self, staff: Client, action: str
    ) -> None:
        task = tasks.add.enqueue(1, 2)
        if action == "retry":
            post(staff, task.id, "cancel")
        before = QueuedTask.objects.get().state

        def refuse(**_: Any) -> None:
            assert connection.in_atomic_block
            raise RuntimeError("the disk is full")

        changed.connect(refuse)
        try:
            assert post(staff, task.id, action).status_code == 500
        finally:
            changed.disconnect(refuse)
        assert QueuedTask.objects.get().state == before
