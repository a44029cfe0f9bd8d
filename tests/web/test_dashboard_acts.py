"""What staff do from the dashboard: as plain forms and in place, recorded as through the API."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from django_ray_runtime.models import Queue, QueuedTask
from django_ray_runtime.rest.audit import changed
from django_ray_runtime.states import State
from pages.dashboard import acts
from project.models import AuditEntry
from tests import tasks
from tests.web.dashboards import PAGE
from tests.web.rows import add, add_failed

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(staff_user: User) -> Client:
    client = Client()
    client.force_login(staff_user)
    return client


def form(client: Client, name: str, of: object, **more: Any) -> str:
    """Send the plain form; what the page that follows says."""
    answer = client.post(f"{PAGE}do/{name}/", {"of": of, "confirmed": "1", **more})
    assert answer.status_code == 302
    assert answer["Location"] == f"{PAGE}#{acts.ACTS[name].panel}"
    text = client.get(PAGE).content.decode()
    return re.findall(r'<p class="told [^"]*" role="status">(.*?)</p>', text)[0]


def in_place(client: Client, name: str, of: object, **more: Any) -> tuple[str, str]:
    """What the script does: the part as it is then, and what is told."""
    headers = {"HX-Request": "true"}
    answer = client.post(f"{PAGE}do/{name}/", {"of": of, **more}, headers=headers)
    assert answer.status_code == 200
    text = answer.content.decode()
    [told] = re.findall(r'hx-swap-oob="innerHTML"><p [^>]*>(.*?)</p>', text)
    return text, told


def state_of(row: QueuedTask) -> str:
    return str(QueuedTask.objects.get(id=row.id).state)


def recorded() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "kind", "object_id"))


def key_of(client: Client) -> str:
    text = client.get(f"{PAGE}now/failures/").content.decode()
    return str(re.findall(r'id="open-(\w+)"', text)[0])


class TestQueues:
    def test_paused_and_resumed_as_a_form(self, client: Client) -> None:
        assert form(client, "pause", "bulk") == "bulk is paused: what runs goes on."
        assert Queue.objects.get(name="bulk").paused_at is not None
        assert form(client, "resume", "bulk") == "bulk is no longer paused."
        assert recorded() == [("pause", "queue", "bulk"), ("resume", "queue", "bulk")]

    def test_paused_in_place(self, client: Client) -> None:
        text, told = in_place(client, "pause", "bulk")
        assert told == "bulk is paused: what runs goes on."
        assert "do/resume/" in text
        assert in_place(client, "pause", "bulk")[1] == told
        assert recorded() == [("pause", "queue", "bulk")]

    @pytest.mark.parametrize("name", ["nope", "", "a\x00b"])
    def test_one_that_is_none_is_told(self, client: Client, name: str) -> None:
        assert "There is no queue" in in_place(client, "pause", name)[1]
        assert recorded() == []


class TestCancel:
    def test_a_form_without_scripts_is_asked_first(self, client: Client) -> None:
        row = add(State.RUNNING)
        answer = client.post(f"{PAGE}do/cancel/", {"of": row.id})
        assert f"Cancel tests.tasks.add …{str(row.id)[-8:]}?" in answer.content.decode()
        row.refresh_from_db()
        assert row.cancel_asked_at is None
        assert "is told to stop" in form(client, "cancel", row.id)
        row.refresh_from_db()
        assert row.cancel_asked_at is not None
        assert recorded() == [("cancel", "task", str(row.id))]

    def test_in_place_and_once(self, client: Client) -> None:
        row = add(State.RUNNING)
        text, _ = in_place(client, "cancel", row.id)
        assert "told to stop</span>" in text
        in_place(client, "cancel", row.id)
        assert recorded() == [("cancel", "task", str(row.id))]

    def test_a_waiting_task_is_cancelled_at_once(self, client: Client) -> None:
        row = add(State.READY)
        assert "is cancelled" in in_place(client, "cancel", row.id)[1]
        assert state_of(row) == "CANCELLED"

    def test_one_that_has_ended_is_told(self, client: Client) -> None:
        row = add(State.SUCCESSFUL)
        assert "It had ended already: successful." in in_place(client, "cancel", row.id)[1]
        assert recorded() == []

    @pytest.mark.parametrize("of", ["", "x", UUID(int=5)])
    @pytest.mark.parametrize("name", ["cancel", "retry"])
    def test_one_that_is_none_is_told(self, client: Client, name: str, of: object) -> None:
        assert "no such task" in in_place(client, name, of)[1]
        # Nothing is asked, for there is nothing to do.
        assert client.post(f"{PAGE}do/{name}/", {"of": of}).status_code == 302
        assert "no such task" in form(client, name, of)

    def test_a_record_that_cannot_be_written_undoes_it(self, client: Client) -> None:
        row = add(State.READY)

        def refuse(**_: Any) -> None:
            assert connection.in_atomic_block
            raise RuntimeError("the disk is full")

        changed.connect(refuse)
        try:
            with pytest.raises(RuntimeError):
                form(client, "cancel", row.id)
        finally:
            changed.disconnect(refuse)
        assert state_of(row) == "READY"


class TestRetry:
    def test_one_as_a_form_and_in_place(self, client: Client) -> None:
        first, second = add_failed(), add_failed()
        assert "runs again" in form(client, "retry", first.id)
        text, told = in_place(client, "retry", second.id)
        assert "runs again" in told
        assert "Nothing failed." in text
        assert "autofocus" in text, "what was clicked is gone"
        assert {state_of(first), state_of(second)} == {"READY"}
        assert recorded() == [("retry", "task", str(row.id)) for row in (first, second)]

    def test_a_group_stays_open_when_one_of_it_runs_again(self, client: Client) -> None:
        rows = [add_failed() for _ in range(3)]
        text, _ = in_place(client, "retry", rows[0].id, open=key_of(client))
        assert text.count("it broke") == 2

    def test_one_in_another_state_is_told(self, client: Client) -> None:
        row = add(State.SUCCESSFUL)
        assert in_place(client, "retry", row.id)[1] == "It is successful by now."
        assert recorded() == []

    def test_one_whose_unique_key_is_held_is_told(self, client: Client) -> None:
        unique = tasks.add.using(unique=True)
        first = unique.enqueue(1, 2)
        in_place(client, "cancel", first.id)
        second = unique.enqueue(1, 2)
        assert f"Task {second.id} holds its unique key" in in_place(client, "retry", first.id)[1]


class TestRetryAll:
    def test_of_one_kind_and_of_the_last_hour_alone(self, client: Client) -> None:
        alike = [add_failed() for _ in range(3)]
        others = [
            add_failed("builtins.KeyError"),
            add_failed(task_path="tests.tasks.other"),
            add_failed(finished_at=timezone.now() - timedelta(hours=2)),
        ]
        text, told = in_place(client, "retry-all", key_of(client))
        assert told == "3 tasks run again."
        assert "builtins.KeyError" in text
        assert [state_of(row) for row in alike] == ["READY"] * 3
        assert [state_of(row) for row in others] == ["FAILED"] * 3
        assert recorded() == [("retry", "task", str(row.id)) for row in alike]

    def test_a_form_without_scripts_is_asked_with_how_many(self, client: Client) -> None:
        for _ in range(2):
            add_failed()
        key = key_of(client)
        answer = client.post(f"{PAGE}do/retry-all/", {"of": key})
        asked = "failed with builtins.ValueError in the last hour: 2 times tests.tasks.add?"
        assert asked in answer.content.decode()
        assert form(client, "retry-all", key) == "2 tasks run again."

    def test_no_more_than_a_bound_at_once(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(acts, "MOST", 2)
        for _ in range(3):
            add_failed()
        told = in_place(client, "retry-all", key_of(client))[1]
        assert told == "2 tasks run again. No more than 2 at once: repeat it for the rest."
        assert QueuedTask.objects.filter(state="FAILED").count() == 1

    def test_failures_without_a_recorded_exception_are_a_kind_too(self, client: Client) -> None:
        row = add(State.FAILED)
        add_failed(task_path="tests.tasks.other")
        QueuedTask.objects.filter(id=row.id).update(finished_at=timezone.now())
        assert in_place(client, "retry-all", key_of(client))[1] == "1 task runs again."
        assert state_of(row) == "READY"

    @pytest.mark.parametrize("of", ["", "nope"])
    def test_a_kind_that_is_gone_is_told(self, client: Client, of: str) -> None:
        add_failed()
        assert "no such failures" in in_place(client, "retry-all", of)[1]
        assert client.post(f"{PAGE}do/retry-all/", {"of": of}).status_code == 302
