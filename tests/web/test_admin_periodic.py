"""What the admin shows of periodic tasks, and how they are switched and run from it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from django_ray_runtime import periodic as module
from django_ray_runtime.admin.periodic import discover_once
from django_ray_runtime.models import PeriodicTask, QueuedTask
from django_ray_runtime.periodic import periodic
from django_ray_runtime.states import State
from tests import tasks
from tests.web.rows import LIST, add
from tests.web.test_admin_actions import messages_of
from tests.web.test_admin_tasks import client_of, text_of
from tests.web.test_admin_workers_queues import cells_of

PAGE = "/admin/django_ray_runtime/periodictask/"
NAME = "tests.tasks.add"


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """One schedule that this process declares."""
    discover_once()
    monkeypatch.setattr(module, "_declared", {})
    periodic(cron="0 3 * * *", timezone="Europe/Lisbon", args=(1, 2))(tasks.add)


def store_row(name: str = NAME, **values: Any) -> PeriodicTask:
    """A schedule as a worker keeps it."""
    values = {"task_path": NAME, "schedule": "0 3 * * * Europe/Lisbon", "missed": "skip"} | values
    values.setdefault("next_run_at", timezone.now() + timedelta(hours=1))
    return PeriodicTask.objects.create(name=name, **values)


def lines_of(page: str) -> list[list[str]]:
    """The texts of the table's rows; where a name may be broken is no space."""
    return cells_of(page.replace("<wbr>", ""))


def history() -> list[tuple[str, str]]:
    rows = LogEntry.objects.order_by("id").values_list("object_id", "change_message")
    return [(str(name), text) for name, text in rows]


def test_a_schedule_that_no_worker_has_stored_is_listed(admin_client: Client) -> None:
    [cells] = lines_of(text_of(admin_client, PAGE))
    assert cells[:5] == [NAME, "0 3 * * * Europe/Lisbon", "Skipped", "Enabled", "—"]
    assert re.search(r"\d\d:\d\d", cells[5])
    assert cells[6].split() == ["Disable", "Run", "now"]
    assert not PeriodicTask.objects.exists()


def test_the_page_finds_the_declarations_by_itself(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[bool] = []
    monkeypatch.setattr(
        "django_ray_runtime.admin.periodic.discover_once", lambda: called.append(True)
    )
    text_of(admin_client, PAGE)
    assert called == [True]


def test_the_last_run_leads_to_its_task_while_there_is_one(admin_client: Client) -> None:
    task = add(State.FAILED)
    row = store_row(last_task=task.id, last_run_at=timezone.now())
    page = text_of(admin_client, PAGE)
    assert f'href="{LIST}{task.pk}/change/"' in page
    assert "Failed" in lines_of(page)[0][4]
    QueuedTask.objects.all().delete()
    assert f"{LIST}{row.last_task}" not in text_of(admin_client, PAGE)


def test_a_tick_that_nobody_takes_is_overdue(admin_client: Client) -> None:
    now = timezone.now()
    store_row(next_run_at=now - timedelta(seconds=5))
    store_row("late", next_run_at=now - timedelta(minutes=5))
    store_row("off", next_run_at=None, enabled=False)
    overdue = {
        row[0].split()[0]: "overdue" in row[5] for row in lines_of(text_of(admin_client, PAGE))
    }
    assert overdue == {NAME: False, "late": True, "off": False}


def test_one_is_disabled_and_enabled(admin_client: Client) -> None:
    answer = admin_client.post(PAGE, {"disable": NAME}, follow=True)
    assert messages_of(answer) == [f"The schedule {NAME} is disabled. Queued tasks still run."]
    row = PeriodicTask.objects.get()
    assert (row.enabled, row.next_run_at) == (False, None)
    assert lines_of(answer.content.decode())[0][3] == "Disabled"
    answer = admin_client.post(PAGE, {"enable": NAME}, follow=True)
    assert messages_of(answer) == [f"The schedule {NAME} is enabled from its next tick on."]
    row.refresh_from_db()
    assert row.enabled
    assert row.next_run_at is not None
    assert history() == [(NAME, "Disabled."), (NAME, "Enabled.")]


def test_running_it_now_enqueues_it_with_its_arguments(admin_client: Client) -> None:
    before = store_row(enabled=False, next_run_at=None)
    answer = admin_client.post(PAGE, {"run": NAME}, follow=True)
    task = QueuedTask.objects.get()
    assert (task.task_path, task.args) == (NAME, [1, 2])
    assert messages_of(answer) == [
        f'The <a href="{LIST}{task.pk}/change/">task</a> of {NAME} is in the queue.'
    ]
    row = PeriodicTask.objects.get()
    assert (row.last_task, row.enabled, row.next_run_at) == (task.id, before.enabled, None)
    assert history() == [(NAME, f"Run now, as task {task.id}.")]


def test_what_is_not_declared_here_can_be_switched_but_not_run(admin_client: Client) -> None:
    store_row("old & gone")
    page = text_of(admin_client, PAGE)
    assert "not declared here" in lines_of(page)[0][0]
    assert lines_of(page)[0][6] == "Disable"
    assert "its arguments are in the code" in page
    answer = admin_client.post(PAGE, {"run": "old & gone"}, follow=True)
    [message] = messages_of(answer)
    assert "To run it now its declaration must be known to this process." in message
    assert not QueuedTask.objects.exists()
    admin_client.post(PAGE, {"disable": "old & gone"})
    assert not PeriodicTask.objects.get().enabled
    assert history() == [("old & gone", "Disabled.")]


@pytest.mark.parametrize("verb", ["enable", "disable", "run"])
def test_an_unknown_name_is_refused(admin_client: Client, verb: str) -> None:
    [message] = messages_of(admin_client.post(PAGE, {verb: "nothing"}, follow=True))
    assert message.startswith("No periodic task 'nothing' here. This process declares: tests")
    assert history() == []


def test_looking_and_switching_need_permissions_and_a_token(db: None, admin_user: Any) -> None:
    store_row()
    viewer = client_of("view_periodictask")
    page = text_of(viewer, PAGE)
    assert "<button" not in page.split("<tbody>")[1]
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(admin_user)
    for client in (viewer, forged):
        for verb in ("disable", "run"):
            assert client.post(PAGE, {verb: NAME}).status_code == 403
    assert PeriodicTask.objects.get().enabled
    assert not QueuedTask.objects.exists()
    assert Client().get(PAGE).status_code == 302


def test_those_who_may_not_look_are_refused(db: None) -> None:
    assert client_of("view_queue").get(PAGE).status_code == 403


def test_the_log_of_a_schedule_leads_to_the_page(admin_client: Client) -> None:
    admin_client.post(PAGE, {"disable": NAME})
    [link] = re.findall(rf'href="({PAGE}[^"]*/change/)"', text_of(admin_client, "/admin/"))
    assert admin_client.get(link).url == PAGE


def test_many_schedules_take_as_many_queries_as_one(
    admin_client: Client, django_assert_num_queries: Any
) -> None:
    for number in range(10):
        store_row(f"schedule {number}", last_task=add(State.SUCCESSFUL).id)
    with django_assert_num_queries(6):  # session, user, clock (twice), rows, their last tasks
        text_of(admin_client, PAGE)
