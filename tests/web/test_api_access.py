"""Who may use the queue over REST, and how its documentation reads."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from project.models import AuditEntry
from tests import tasks
from tests.web.documented import documented

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-7000-8000-000000000000"
OPERATIONS = [
    ("get", "tasks"),
    ("get", f"tasks/{NOBODY}"),
    ("post", f"tasks/{NOBODY}/cancel"),
    ("post", f"tasks/{NOBODY}/retry"),
    ("get", "queues"),
    ("get", "queues/default"),
    ("post", "queues/default/pause"),
    ("post", "queues/default/resume"),
    ("get", "workers"),
    ("get", "workers/host:1:abc"),
]


def call(client: Client, method: str, path: str) -> Any:
    return getattr(client, method)(f"/api/v1/{path}")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
class TestWhoMay:
    def test_nobody_without_credentials(self, client: Client, method: str, path: str) -> None:
        assert call(client, method, path).status_code == 401

    def test_no_user_who_is_not_staff(self, api: Client, method: str, path: str) -> None:
        answer = call(api, method, path)
        assert answer.status_code == 403
        assert "staff" in answer.json()["detail"]

    def test_staff_with_a_token(self, staff: Client, method: str, path: str) -> None:
        assert call(staff, method, path).status_code in {200, 404}

    def test_staff_with_a_session(self, staff_user: User, method: str, path: str) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(staff_user)
        allowed = {200, 404} if method == "get" else {403}
        assert call(browser, method, path).status_code in allowed


def test_a_session_of_staff_changes_things_with_its_csrf_token(staff_user: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff_user)
    task = tasks.add.enqueue(1, 2)
    browser.get("/api/v1/docs")  # sets the cookie
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post(f"/api/v1/tasks/{task.id}/cancel", headers=token).status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.user, entry.token) == (staff_user, "")
    assert (entry.action, entry.kind, entry.object_id) == ("cancel", "task", task.id)


def test_staff_with_a_token_change_things_under_its_name(staff: Client, staff_user: User) -> None:
    task = tasks.add.enqueue(1, 2)
    assert staff.post(f"/api/v1/tasks/{task.id}/cancel").status_code == 200
    entry = AuditEntry.objects.get()
    assert entry.user == staff_user
    assert entry.token.startswith("drr_")
    assert uuid.UUID(entry.object_id) == uuid.UUID(task.id)


def test_every_operation_is_documented(staff: Client) -> None:
    models = documented(staff, {"tasks", "queues", "workers"}, len(OPERATIONS))
    for model in ("TaskOut", "TaskDetail", "QueueOut", "WorkerOut"):
        assert models[model]["example"].keys() == models[model]["properties"].keys()
