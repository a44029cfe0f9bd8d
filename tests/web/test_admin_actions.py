"""What people do to tasks from the admin, and what they are told about it."""

import json
import re
import uuid
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from django_ray_runtime.admin import acting
from django_ray_runtime.models import QueuedTask, UniqueKey
from django_ray_runtime.states import State
from tests.web.rows import LIST, add, add_failed
from tests.web.test_admin_tasks import client_of, page_of

WAITING = [State.SCHEDULED, State.BLOCKED, State.READY]
ENDED_BADLY = [State.FAILED, State.CANCELLED, State.EXPIRED]


def state_of(row: QueuedTask) -> str:
    return QueuedTask.objects.values_list("state", flat=True).get(pk=row.pk)


def messages_of(answer: Any) -> list[str]:
    found = re.findall(
        r'<li class="(?:success|warning|info|error)">(.*?)</li>', answer.content.decode()
    )
    return [str(one).replace("&#x27;", "'") for one in found]


def run(client: Client, action: str, *rows: QueuedTask, query: str = "", **extra: Any) -> Any:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], "index": "0"}
    return client.post(f"{LIST}{query}", data | extra, follow=True)


@pytest.mark.parametrize("state", WAITING)
def test_a_waiting_task_is_cancelled_at_once(admin_client: Client, state: State) -> None:
    row = add(state)
    answer = admin_client.post(f"{LIST}{row.pk}/cancel/", follow=True)
    assert messages_of(answer) == ["1 task cancelled."]
    assert state_of(row) == State.CANCELLED


def test_a_running_task_is_told_to_stop(admin_client: Client) -> None:
    row = add(State.RUNNING)
    answer = admin_client.post(f"{LIST}{row.pk}/cancel/", follow=True)
    assert messages_of(answer) == ["1 running task told to stop."]
    assert QueuedTask.objects.get().cancel_asked_at is not None
    assert "stopping" in answer.content.decode()


@pytest.mark.parametrize("state", ENDED_BADLY)
def test_what_ended_badly_is_requeued(admin_client: Client, state: State) -> None:
    row = add(state)
    answer = admin_client.post(f"{LIST}{row.pk}/requeue/", follow=True)
    assert messages_of(answer) == ["1 task requeued."]
    assert state_of(row) == State.READY


@pytest.mark.parametrize(
    ("verb", "state", "why"),
    [
        ("cancel", State.SUCCESSFUL, "1 task not cancelled: 1 already successful."),
        ("cancel", State.FAILED, "1 task not cancelled: 1 already failed."),
        ("requeue", State.SUCCESSFUL, "1 task not requeued: 1 already successful."),
        ("requeue", State.RUNNING, "1 task not requeued: 1 still running."),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    admin_client: Client, verb: str, state: State, why: str
) -> None:
    row = add(state)
    answer = admin_client.post(f"{LIST}{row.pk}/{verb}/", follow=True)
    assert messages_of(answer) == [why]
    assert state_of(row) == state
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("verb", ["cancel", "requeue"])
def test_a_question_comes_first(admin_client: Client, verb: str) -> None:
    row = add(State.READY if verb == "cancel" else State.FAILED)
    page = admin_client.get(f"{LIST}{row.pk}/{verb}/").content.decode()
    assert f'value="Yes, {verb} it"' in page
    assert state_of(row) == row.state


@pytest.mark.parametrize("verb", ["cancel", "requeue"])
def test_a_forged_request_is_refused(admin_user: Any, verb: str) -> None:
    row = add(State.READY if verb == "cancel" else State.FAILED)
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(f"{LIST}{row.pk}/{verb}/").status_code == 403
    data = {"action": f"{verb}_selected", "_selected_action": [str(row.pk)], "index": "0"}
    assert client.post(LIST, data).status_code == 403
    assert state_of(row) == row.state


def test_who_may_only_look_changes_nothing(db: None) -> None:
    waiting, failed = add(State.READY), add_failed()
    client = client_of("view_queuedtask")
    assert client.post(f"{LIST}{waiting.pk}/cancel/").status_code == 403
    assert client.post(f"{LIST}{failed.pk}/requeue/").status_code == 403
    run(client, "cancel_selected", waiting)
    run(client, "requeue_selected", failed)
    run(client, "requeue_same_kind", failed, confirmed="yes", kind=json.dumps(["x", "y"]))
    assert (state_of(waiting), state_of(failed)) == (State.READY, State.FAILED)
    for row in (waiting, failed):
        page = client.get(page_of(row)).content.decode()
        assert "/cancel/" not in page
        assert "/requeue/" not in page
    assert "cancel_selected" not in client.get(LIST).content.decode()


def test_buttons_are_there_where_they_work(db: None) -> None:
    client = client_of("change_queuedtask")
    for state in State:
        row = add(state)
        page = client.get(page_of(row)).content.decode()
        assert ("/cancel/" in page) is (state in {*WAITING, State.RUNNING}), state
        assert ("/requeue/" in page) is (state in ENDED_BADLY), state


def test_a_task_that_is_gone_is_neither_cancelled_nor_an_error(admin_client: Client) -> None:
    gone = uuid.uuid4()
    answer = admin_client.post(f"{LIST}{gone}/cancel/", follow=True)
    assert messages_of(answer) == [f"There is no task {gone} any more; it may have been pruned."]


def test_many_are_cancelled_with_one_account_of_it(admin_client: Client) -> None:
    rows = [add(state) for state in State]
    answer = run(admin_client, "cancel_selected", *rows)
    done, asked, left = messages_of(answer)
    assert (done, asked) == ("3 tasks cancelled.", "1 running task told to stop.")
    assert left.startswith("4 tasks not cancelled: ")
    for why in (
        "1 already successful",
        "1 already failed",
        "1 already cancelled",
        "1 already expired",
    ):
        assert why in left


def test_many_are_requeued_with_one_account_of_it(admin_client: Client) -> None:
    rows = [add(state) for state in State]
    answer = run(admin_client, "requeue_selected", *rows)
    done, left = messages_of(answer)
    assert done == "3 tasks requeued."
    assert left.startswith("5 tasks not requeued: ")
    assert "1 still running" in left


def test_a_unique_task_whose_key_is_held_is_left_with_a_reason(admin_client: Client) -> None:
    holder = add(State.READY, unique_key="k")
    UniqueKey.objects.create(key="k", task_id=holder.id)
    failed = add_failed(unique_key="k")
    answer = run(admin_client, "requeue_selected", failed)
    assert messages_of(answer) == ["1 task not requeued: 1 whose unique key another task holds."]


def test_all_that_is_listed_can_be_chosen(admin_client: Client) -> None:
    rows = [add(State.READY, queue_name="bulk") for _ in range(3)]
    other = add(State.READY)
    run(admin_client, "cancel_selected", rows[0], query="?queue=bulk", select_across="1")
    assert {state_of(row) for row in rows} == {State.CANCELLED}
    assert state_of(other) == State.READY


def test_no_more_than_the_limit_is_changed_at_once(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "MOST", 2)
    rows = [add(State.READY) for _ in range(3)]
    answer = run(admin_client, "cancel_selected", *rows)
    assert "Only the newest 2 were taken. Repeat for the rest." in messages_of(answer)
    assert [state_of(row) for row in rows] == ["READY", "CANCELLED", "CANCELLED"]


def kinds_asked(answer: Any) -> dict[str, Any]:
    """What the confirmation would send."""
    page = answer.content.decode().replace("&quot;", '"')
    return {
        "action": "requeue_same_kind",
        "_selected_action": re.findall(r'name="_selected_action" value="([^"]+)"', page),
        "kind": re.findall(r'name="kind" value="(\[.*?\])"', page),
        "confirmed": "yes",
    }


def test_all_that_failed_alike_are_requeued(admin_client: Client) -> None:
    alike = [add_failed() for _ in range(3)]
    other_error = add_failed("builtins.KeyError")
    other_path = add_failed(task_path="tests.tasks.fail")
    cancelled = add(State.CANCELLED)
    asked = run(admin_client, "requeue_same_kind", alike[0])
    assert "<td>tests.tasks.add</td><td>builtins.ValueError</td><td>3" in asked.content.decode()
    assert state_of(alike[0]) == State.FAILED
    answer = admin_client.post(LIST, kinds_asked(asked), follow=True)
    assert messages_of(answer) == ["3 tasks requeued."]
    assert {state_of(row) for row in alike} == {State.READY}
    assert [state_of(row) for row in (other_error, other_path, cancelled)] == [
        "FAILED", "FAILED", "CANCELLED",
    ]  # fmt: skip


def test_a_kind_is_that_of_the_last_exception(db: None) -> None:
    row = add_failed("builtins.KeyError", attempt=2)
    row.attempts.create(number=1, worker="w", exception_class_path="builtins.ValueError")
    assert acting.kinds_of(QueuedTask.objects.all()) == [("tests.tasks.add", "builtins.KeyError")]
    assert not acting.failed_of_kind(("tests.tasks.add", "builtins.ValueError")).exists()


def test_kinds_are_requeued_in_batches_up_to_the_limit(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "BATCH", 2)
    monkeypatch.setattr(acting, "MOST", 5)
    rows = [add_failed() for _ in range(7)]
    asked = run(admin_client, "requeue_same_kind", rows[0])
    assert "5 or more" in asked.content.decode()
    answer = admin_client.post(LIST, kinds_asked(asked), follow=True)
    assert messages_of(answer) == [
        "5 tasks requeued.", "These were the first 5. Repeat for the rest.",
    ]  # fmt: skip
    assert [state_of(row) for row in rows] == ["READY"] * 5 + ["FAILED"] * 2


def test_tasks_that_have_not_failed_have_no_kind(admin_client: Client) -> None:
    answer = run(admin_client, "requeue_same_kind", add(State.READY))
    assert messages_of(answer) == ["None of the selected tasks has failed."]


def test_what_was_done_is_recorded_with_who_did_it(admin_client: Client, admin_user: Any) -> None:
    ready, running, failed, done = (
        add(State.READY), add(State.RUNNING), add_failed(), add(State.SUCCESSFUL),
    )  # fmt: skip
    run(admin_client, "cancel_selected", ready, running, done)
    admin_client.post(f"{LIST}{failed.pk}/requeue/")
    entries = LogEntry.objects.values_list("user_id", "object_id", "change_message")
    assert set(entries) == {
        (admin_user.pk, str(ready.pk), "Cancelled."),
        (admin_user.pk, str(running.pk), "Told to stop."),
        (admin_user.pk, str(failed.pk), "Requeued."),
    }
    assert "Requeued." in admin_client.get(f"{LIST}{failed.pk}/history/").content.decode()
