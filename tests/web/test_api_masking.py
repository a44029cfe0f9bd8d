"""Sensitive arguments over REST."""

from typing import Any

import pytest
from django.test import Client

from django_ray_runtime.models import QueuedTask, TaskProgress
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from tests import tasks
from tests.web.ends import fail, finish

pytestmark = pytest.mark.django_db

TASKS = "/api/v1/tasks"
SECRET = "s3cr3t-värde"


@pytest.mark.parametrize("positional", [True, False])
def test_a_sensitive_value_is_shown_nowhere(
    staff: Client, store: Store, worker: str, positional: bool
) -> None:
    call = tasks.with_secret.enqueue
    task = call("ana", SECRET) if positional else call("ana", token=SECRET)
    text = f"ValueError: token {SECRET} refused"
    fail(store, worker, traceback=text, output=f"sent {SECRET}")
    TaskProgress.objects.create(task_id=task.id, attempt=1, message=f"with {SECRET}")
    QueuedTask.objects.update(unique_key=f"k:{SECRET}")
    listed, one = staff.get(TASKS), staff.get(f"{TASKS}/{task.id}")
    for answer in (listed, one):
        assert SECRET not in answer.content.decode()
        assert "s3cr3t" not in answer.content.decode()
    shown = one.json()
    assert shown["args"] == (["ana", "•••"] if positional else ["ana"])
    assert shown["kwargs"] == ({} if positional else {"token": "•••"})
    assert shown["attempts"][0]["traceback"] == "ValueError: token ••• refused"
    assert shown["attempts"][0]["output"] == "sent •••"
    assert shown["progress"]["message"] == "with •••"
    assert shown["unique_key"] == "k:•••"


@pytest.mark.parametrize(
    ("token", "returned", "shown"),
    [
        (SECRET, f'{{"t": "{SECRET}", "n": 1}}', {"t": "•••", "n": 1}),
        (4711471, '{"t": 4711471}', "•••"),
        (SECRET, "[1]", [1]),
    ],
)
def test_nor_in_a_return_value(
    staff: Client, store: Store, worker: str, token: Any, returned: str, shown: Any
) -> None:
    task = tasks.with_secret.enqueue("ana", token)
    finish(store, worker, State.SUCCESSFUL, return_value=returned)
    assert staff.get(f"{TASKS}/{task.id}").json()["return_value"] == shown


def test_nor_after_a_cancel_or_a_retry(staff: Client) -> None:
    task = tasks.with_secret.enqueue("ana", SECRET)
    for action in ("cancel", "retry"):
        answer = staff.post(f"{TASKS}/{task.id}/{action}")
        assert answer.json()["args"] == ["ana", "•••"]
