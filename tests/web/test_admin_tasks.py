"""What the admin shows of tasks, to whom, and at what cost."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.utils import timezone

from django_ray_runtime.admin.filters import LimitedPaginator, first_id_of
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.states import State
from tests.web.rows import LIST, WORKER, add, add_failed, report

SECRET = "it's s3cret-token"
CAREFUL: dict[str, Any] = {
    "args": ["ana"],
    "kwargs": {"token": SECRET},
    "options": {"sensitive": ["token"]},
}


def client_of(*permissions: str) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def shown_ids(page: str) -> set[str]:
    return set(re.findall(r'data-live-id="([0-9a-f]{32})"', page))


def page_of(task: QueuedTask) -> str:
    return f"{LIST}{task.pk}/change/"


def test_every_state_has_a_row_and_a_page(admin_client: Client) -> None:
    rows = {state: add(state) for state in State}
    page = text_of(admin_client, LIST)
    assert shown_ids(page) == {row.id.hex for row in rows.values()}
    for state, row in rows.items():
        badge = f'<span class="drr-badge drr-{state.lower()}">{state.capitalize()}</span>'
        assert badge in page
        assert badge in text_of(admin_client, page_of(row))


def test_only_unfinished_tasks_are_kept_up_to_date(admin_client: Client) -> None:
    for state in State:
        add(state)
    assert text_of(admin_client, LIST).count("data-unfinished>") == 4


@pytest.mark.parametrize(
    ("state", "index"),
    [("READY", "claimable"), ("RUNNING", "running"), ("SCHEDULED", "due"), ("BLOCKED", "blocked")],
)
def test_unfinished_tasks_are_found_without_reading_the_finished_ones(
    rf: Any, admin_user: Any, state: str, index: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("what PostgreSQL plans depends on how many rows there are")
    request = rf.get(LIST, {"state": state})
    request.user = admin_user
    rows = admin.site.get_model_admin(QueuedTask).get_changelist_instance(request).queryset
    assert f"drr_task_{index}" in rows.explain()


def test_the_newest_tasks_come_first(admin_client: Client) -> None:
    ids = [add(State.READY).id.hex for _ in range(3)]
    found = re.findall(r'data-live-id="([0-9a-f]{32})"', text_of(admin_client, LIST))
    assert found == ids[::-1]


@pytest.mark.parametrize("state", list(State))
def test_a_state_can_be_chosen(admin_client: Client, state: State) -> None:
    rows = {one: add(one) for one in State}
    assert shown_ids(text_of(admin_client, f"{LIST}?state={state}")) == {rows[state].id.hex}


def test_a_queue_and_a_task_can_be_chosen(admin_client: Client) -> None:
    one = add(State.READY, queue_name="bulk")
    other = add(State.READY, task_path="tests.tasks.fail")
    assert shown_ids(text_of(admin_client, f"{LIST}?queue=bulk")) == {one.id.hex}
    assert shown_ids(text_of(admin_client, f"{LIST}?task=tests.tasks.fail")) == {other.id.hex}


def test_a_time_of_enqueueing_can_be_chosen(admin_client: Client) -> None:
    two_hours_ago = (timezone.now() - timedelta(hours=2)).timestamp()
    old = add(State.READY, id=first_id_of(two_hours_ago))
    new = add(State.READY)
    assert shown_ids(text_of(admin_client, f"{LIST}?enqueued=1h")) == {new.id.hex}
    assert shown_ids(text_of(admin_client, f"{LIST}?enqueued=1d")) == {new.id.hex, old.id.hex}


def test_filters_offer_only_what_there_is(admin_client: Client) -> None:
    add(State.READY, queue_name="odd & rare")
    page = text_of(admin_client, LIST)
    for value in ("queue=odd+%26+rare", "queue=bulk", "queue=default", "task=tests.tasks.add"):
        assert f"?{value}" in page
    assert "?task=tests.tasks.fail" not in page


@pytest.mark.parametrize("query", ["queue=%00", "task=%00", "state=%00", "state=nonsense", "p=99"])
def test_odd_filters_break_nothing(admin_client: Client, query: str) -> None:
    add(State.READY)
    assert admin_client.get(f"{LIST}?{query}").status_code in {200, 302}


def test_a_task_is_found_by_its_identifier_and_by_the_beginning_of_its_path(
    admin_client: Client,
) -> None:
    one, other = add(State.READY), add(State.READY, task_path="tests.tasks.fail")
    assert shown_ids(text_of(admin_client, f"{LIST}?q={one.id}")) == {one.id.hex}
    assert shown_ids(text_of(admin_client, f"{LIST}?q={one.id.hex}")) == {one.id.hex}
    assert shown_ids(text_of(admin_client, f"{LIST}?q=tests.tasks.f")) == {other.id.hex}
    assert shown_ids(text_of(admin_client, f"{LIST}?q=tasks.fail")) == set()
    assert shown_ids(text_of(admin_client, f"{LIST}?q={uuid.uuid4()}")) == set()


@pytest.mark.parametrize("lookup", ["kwargs__token__startswith=i", "args__0=ana", "worker=x"])
def test_filters_by_hand_cannot_probe_arguments(admin_client: Client, lookup: str) -> None:
    add(State.READY, **CAREFUL)
    assert admin_client.get(f"{LIST}?{lookup}").status_code == 400


def test_a_list_takes_as_many_queries_for_many_tasks_as_for_few(
    admin_client: Client, django_assert_num_queries: Any
) -> None:
    def add_each() -> None:
        for state in State:
            report(add(state, **CAREFUL), 1, 2, "a message")
            add(state)

    add_each()
    text_of(admin_client, LIST)  # content types and the like are read once
    # Session, user, count, rows, arguments of careful ones, values of the filters.
    with django_assert_num_queries(6):
        text_of(admin_client, LIST)
    for _ in range(2):
        add_each()
    with django_assert_num_queries(6):
        text_of(admin_client, LIST)


def test_a_list_counts_no_further_than_its_limit(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        add(State.READY)
    assert "Only the newest" not in text_of(admin_client, LIST)
    monkeypatch.setattr(LimitedPaginator, "most", 3)
    page = text_of(admin_client, LIST)
    assert "3 tasks" in page
    assert "Only the newest 3 tasks are listed" in page


def test_progress_is_shown_of_the_present_run_only(admin_client: Client) -> None:
    report(add(State.RUNNING), 1234, 10_000, "reading")
    stale = report(add(State.RUNNING, attempt=2), 77, 100)
    type(stale).objects.filter(pk=stale.pk).update(attempt=1)
    page = text_of(admin_client, LIST)
    assert '<progress value="1234" max="10000" aria-label="Progress"></progress>' in page
    assert "1,234 of 10,000 (12 %)" in page
    assert "reading" in page
    assert page.count("<progress") == 1


def test_a_page_shows_arguments_times_options_and_attempts(admin_client: Client) -> None:
    options = {"max_attempts": 3, "timeout": 90.0, "num_gpus": 1.0, "rate_count": 5}
    row = add_failed(args=[1, {"x": "<b>"}], kwargs={"y": None}, options=options, limit_key="mail")
    page = text_of(admin_client, page_of(row))
    for part in (
        "&quot;x&quot;: &quot;&lt;b&gt;&quot;",
        "&quot;y&quot;: null",
        "Ends after 3 failures of its own.",
        "A run may take 1 min 30 s.",
        "Reserves 1 CPU, 1 GPU.",
        "At most 5 starts in 1 s with its limit key.",
        "builtins.ValueError: it broke",
        "what it printed",
        str(row.id),
        WORKER,
    ):
        assert part in page, part


def test_a_return_value_is_bounded_and_says_so(admin_client: Client) -> None:
    row = add(State.SUCCESSFUL, return_value="x" * 50_000)
    page = text_of(admin_client, page_of(row))
    assert "The first 20,000 of 50,002 characters." in page
    assert page.count("x" * 1000) < 21


def test_only_the_latest_attempts_are_shown(admin_client: Client) -> None:
    row = add_failed(attempt=40)
    for number in range(1, 40):
        Attempt.objects.create(task=row, number=number, worker=WORKER)
    page = text_of(admin_client, page_of(row))
    assert page.count("<article") == 20
    assert "20 earlier ones are not shown." in page


def test_sensitive_values_are_shown_nowhere(admin_client: Client) -> None:
    row = add_failed(unique_key=f"add:{SECRET}", limit_key=f"of {SECRET}", **CAREFUL)
    Attempt.objects.update(traceback=f"KeyError: {SECRET!r}", output=f"token={SECRET}")
    report(row, 1, 2, f"calling with {SECRET}")
    done = add(State.SUCCESSFUL, return_value={"echo": SECRET}, **CAREFUL)
    report(add(State.RUNNING, **CAREFUL), 1, 2, f"calling with {SECRET}")
    ids = ".".join(one.id.hex for one in QueuedTask.objects.all())
    for url in (LIST, page_of(row), page_of(done), f"{LIST}live/?ids={ids}"):
        page = text_of(admin_client, url)
        assert "s3cret" not in page, url
        assert "•••" in page or "\\u2022" in page, url
    assert "ana" in text_of(admin_client, page_of(row))


def test_nothing_can_be_added_edited_or_deleted(admin_client: Client) -> None:
    row = add(State.SUCCESSFUL)
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(page_of(row), {"state": "READY"}).status_code == 405
    assert QueuedTask.objects.get().state == State.SUCCESSFUL


def test_a_task_that_is_gone_is_said_to_be(admin_client: Client) -> None:
    for gone in (uuid.uuid4(), "nonsense"):
        answer = admin_client.get(f"{LIST}{gone}/change/", follow=True)
        assert f"There is no task {gone} any more" in answer.content.decode()


@pytest.mark.parametrize(
    ("permissions", "status"),
    [((), 403), (("view_queuedtask",), 200), (("change_queuedtask",), 200)],
)
def test_looking_needs_a_permission(db: None, permissions: tuple[str, ...], status: int) -> None:
    row = add(State.READY)
    client = client_of(*permissions)
    for url in (LIST, page_of(row), f"{LIST}live/?ids={row.id.hex}", f"{LIST}{row.pk}/history/"):
        assert client.get(url).status_code == status, url


def test_strangers_are_asked_to_log_in(client: Client, db: None) -> None:
    row = add(State.READY)
    for url in (LIST, page_of(row), f"{LIST}live/", f"{LIST}{row.pk}/cancel/"):
        answer = client.get(url)
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/admin/login/")


def test_the_script_learns_what_changed(admin_client: Client) -> None:
    row, ended, other = add(State.RUNNING), add(State.FAILED), add(State.READY)
    report(row, 1, 4)
    ids = f"{row.id.hex}.{ended.id.hex}.nonsense.{uuid.uuid4().hex}"
    answer = admin_client.get(f"{LIST}live/?ids={ids}")
    assert "no-store" in answer["Cache-Control"]
    tasks = answer.json()["rows"]
    assert tasks.keys() == {row.id.hex, ended.id.hex}
    assert other.id.hex not in tasks
    assert (tasks[row.id.hex]["unfinished"], tasks[ended.id.hex]["unfinished"]) == (True, False)
    assert "1 of 4 (25 %)" in tasks[row.id.hex]["cells"]["progress"]
    assert tasks[row.id.hex]["cells"]["run_time"].startswith("1 min 3")


def test_the_script_is_answered_in_a_constant_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        report(add(State.RUNNING, **CAREFUL), 1, 2, "message")
    url = f"{LIST}live/?ids=" + ".".join(row.id.hex for row in QueuedTask.objects.all())
    with django_assert_num_queries(4):  # session, user, rows, arguments
        admin_client.get(url)


def test_the_index_reads_well_and_hides_what_is_internal(admin_client: Client) -> None:
    page = text_of(admin_client, "/admin/")
    found = re.findall(r'href="/admin/django_ray_runtime/(\w+)/"[^>]*>([^<]+)</a>', page)
    for entry in (("queuedtask", "Tasks"), ("worker", "Workers"), ("queue", "Queues")):
        assert entry in found
    internal = {"attempt", "limitkey", "uniquekey", "taskprogress"}
    assert not internal & {name for name, _ in found}


def test_pages_have_nothing_that_a_strict_policy_refuses(admin_client: Client) -> None:
    row = add_failed()
    report(row, 1, 2, "message")
    for url in (LIST, page_of(row), f"{LIST}{row.pk}/requeue/"):
        page = text_of(admin_client, url)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page), url
