"""What the admin shows of workers and queues, and how queues are paused from it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from django_ray_runtime import control
from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.states import State, WorkerState
from tests.web.rows import QUEUES, WORKER, WORKERS, add, add_worker
from tests.web.test_admin_actions import messages_of
from tests.web.test_admin_tasks import client_of, text_of


def cells_of(page: str) -> list[list[str]]:
    """The texts of the table's rows."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    rows = [re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL) for row in body.split("</tr>")]
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in row] for row in rows if row]


def test_living_workers_come_first_with_what_they_run(admin_client: Client) -> None:
    old = timezone.now() - timedelta(hours=1)
    add_worker(WorkerState.DEAD, id="dead", ended_at=timezone.now(), released=2)
    add_worker(started_at=old, queues=["default", "bulk"])
    for _ in range(3):
        add(State.RUNNING)
    first, last = cells_of(text_of(admin_client, WORKERS))
    assert first[:6] == [WORKER, "Active", "default, bulk", "ray", "4", "3"]
    assert (last[0], last[1], last[5], last[9]) == ("dead", "Dead", "0", "2")


def test_the_age_of_a_heartbeat_tells_silent_workers(admin_client: Client) -> None:
    add_worker(id="lively")
    add_worker(id="silent", last_beat=timezone.now() - timedelta(seconds=100))
    heartbeats = {row[0]: row[6] for row in cells_of(text_of(admin_client, WORKERS))}
    assert re.fullmatch(r"\d\.\d+ s ago", heartbeats["lively"])
    assert re.fullmatch(r"1 min 4\d s ago +silent", heartbeats["silent"])


def test_a_worker_has_a_page_with_its_tasks(admin_client: Client) -> None:
    worker = add_worker(stats={"claimed": 12})
    row = add(State.RUNNING)
    page = text_of(admin_client, f"{WORKERS}{worker.pk}/change/")
    assert f"/admin/django_ray_runtime/queuedtask/{row.pk}/change/" in page
    assert "&quot;claimed&quot;: 12" in page
    assert 'name="_save"' not in page


def test_workers_cannot_be_changed(admin_client: Client) -> None:
    worker = add_worker()
    url = f"{WORKERS}{worker.pk}/"
    assert admin_client.post(f"{url}change/", {"concurrency": 9}).status_code == 403
    assert admin_client.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{WORKERS}add/").status_code == 403
    assert Worker.objects.get().concurrency == 4


def test_many_workers_take_as_many_queries_as_one(
    admin_client: Client, django_assert_num_queries: Any
) -> None:
    add_worker()
    text_of(admin_client, WORKERS)
    for number in range(10):
        add_worker(id=f"worker {number}")
        add(State.RUNNING, worker=f"worker {number}")
    with django_assert_num_queries(5):  # session, user, count, rows, what they run
        text_of(admin_client, WORKERS)


@pytest.mark.parametrize("url", [WORKERS, QUEUES])
def test_looking_at_workers_and_queues_needs_a_permission(db: None, url: str) -> None:
    assert client_of("view_queuedtask").get(url).status_code == 403
    assert Client().get(url).status_code == 302


def test_all_queues_are_listed_with_their_depths(admin_client: Client) -> None:
    for state in State:
        add(state, queue_name="bulk")
    add(State.READY, queue_name="unlisted")
    lines = {row[0]: row[1:] for row in cells_of(text_of(admin_client, QUEUES))}
    assert lines.keys() == {"bulk", "default", "unlisted"}
    assert lines["bulk"][:4] == ["1", "1", "1", "1"]
    assert lines["unlisted"][:4] == ["1", "0", "0", "0"]
    assert lines["default"] == ["0", "0", "0", "0", "—", "Open", "Pause"]


def test_the_oldest_ready_task_counts_from_when_it_was_due(admin_client: Client) -> None:
    now = timezone.now()
    add(State.READY, queue_name="bulk", enqueued_at=now - timedelta(seconds=130))
    add(State.READY, queue_name="bulk")
    an_hour_ago, just_now = now - timedelta(hours=1), now - timedelta(seconds=5)
    add(State.READY, enqueued_at=an_hour_ago, run_after=just_now)
    ages = {row[0]: row[5] for row in cells_of(text_of(admin_client, QUEUES))}
    assert re.fullmatch(r"2 min 1\d s", ages["bulk"])
    assert re.fullmatch(r"[5-9]\.\d s", ages["default"])


def test_a_queue_without_a_row_is_paused_and_resumed(admin_client: Client) -> None:
    answer = admin_client.post(QUEUES, {"pause": "bulk"}, follow=True)
    assert messages_of(answer) == ["The queue bulk is paused."]
    assert [q.name for q in control.queues() if q.paused] == ["bulk"]
    assert ["Paused", "Resume"] in [row[6:] for row in cells_of(answer.content.decode())]
    answer = admin_client.post(QUEUES, {"pause": "bulk"}, follow=True)
    assert messages_of(answer) == ["The queue bulk was paused already."]
    answer = admin_client.post(QUEUES, {"resume": "bulk"}, follow=True)
    assert messages_of(answer) == ["The queue bulk is resumed."]
    assert not any(queue.paused for queue in control.queues())
    entries = LogEntry.objects.order_by("id").values_list("object_id", "change_message")
    assert list(entries) == [("bulk", "Paused."), ("bulk", "Resumed.")]


def test_the_log_of_a_queue_leads_to_the_queues(admin_client: Client) -> None:
    admin_client.post(QUEUES, {"pause": "bulk"})
    assert f'href="{QUEUES}bulk/change/"' in text_of(admin_client, "/admin/")
    assert admin_client.get(f"{QUEUES}bulk/change/").url == QUEUES


def test_an_unknown_queue_is_refused_with_those_there_are(admin_client: Client) -> None:
    answer = admin_client.post(QUEUES, {"pause": "blk"}, follow=True)
    assert messages_of(answer) == ["There is no queue 'blk'. Expected one of: bulk, default."]


def test_pausing_needs_a_permission_and_a_token(db: None, admin_user: Any) -> None:
    viewer = client_of("view_queue")
    assert "Pause" not in "".join(cells_of(text_of(viewer, QUEUES))[0])
    assert viewer.post(QUEUES, {"pause": "bulk"}).status_code == 403
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(admin_user)
    assert forged.post(QUEUES, {"pause": "bulk"}).status_code == 403
    assert not any(queue.paused for queue in control.queues())


def test_odd_names_of_queues_are_linked_and_paused(admin_client: Client) -> None:
    row: QueuedTask = add(State.READY, queue_name='a/b & "c"')
    page = text_of(admin_client, QUEUES)
    [link] = re.findall(r'href="([^"]*queue=a[^"]*)&amp;state=READY"', page)
    assert row.id.hex in text_of(admin_client, link)
    admin_client.post(QUEUES, {"pause": row.queue_name})
    assert [q.name for q in control.queues() if q.paused] == [row.queue_name]
