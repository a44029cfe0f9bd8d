"""The runtime's dashboard: for staff, bounded, plain forms, nothing sensitive."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from django_ray_runtime.models import Queue, Worker
from django_ray_runtime.states import State, WorkerState
from pages.dashboard.acts import ACTS
from pages.dashboard.panels import PANELS
from tests.web.dashboards import CAREFUL, PAGE, SECRET, fail_with_secret, fill, finish
from tests.web.rows import WORKER, add, add_failed, add_worker, report

pytestmark = pytest.mark.django_db

STATICS = ["vendor/htmx-2.0.11.min.js", "pages.css", "dashboard.css", "pages.js"]


@pytest.fixture
def staff_client(staff_user: User) -> Client:
    client = Client()
    client.force_login(staff_user)
    return client


def shown(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def part(client: Client, name: str, **asked: Any) -> str:
    answer = client.get(f"{PAGE}now/{name}/", asked)
    assert answer.status_code == 200
    return answer.content.decode()


class TestAccess:
    ADDRESSES = (PAGE, *(f"{PAGE}now/{name}/" for name in PANELS))

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_staff_alone_may_look(self, user: User, staff_user: User, address: str) -> None:
        client = Client()
        assert client.get(address)["Location"].startswith("/login/")
        client.force_login(user)
        assert client.get(address).status_code == 403
        client.force_login(staff_user)
        assert client.get(address).status_code == 200

    @pytest.mark.parametrize("name", ACTS)
    def test_staff_alone_may_act(self, user: User, name: str) -> None:
        row = add(State.RUNNING)
        client = Client()
        values = {"of": row.id, "confirmed": "1"}
        assert client.post(f"{PAGE}do/{name}/", values)["Location"].startswith("/login/")
        client.force_login(user)
        assert client.post(f"{PAGE}do/{name}/", values).status_code == 403
        row.refresh_from_db()
        assert row.cancel_asked_at is None

    def test_others_find_no_link_to_it(self, user: User, staff_user: User) -> None:
        client = Client()
        client.force_login(user)
        assert PAGE not in shown(client, "/")
        client.force_login(staff_user)
        assert PAGE in shown(client, "/")

    def test_a_fragment_for_whoever_was_logged_out_loads_the_page_anew(self) -> None:
        answer = Client().get(f"{PAGE}now/queues/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")

    def test_what_is_not_there_is_404(self, staff_client: Client) -> None:
        assert staff_client.get(f"{PAGE}now/nothing/").status_code == 404
        assert staff_client.post(f"{PAGE}do/nothing/").status_code == 404

    def test_acts_are_posts(self, staff_client: Client) -> None:
        assert staff_client.get(f"{PAGE}do/pause/").status_code == 405


class TestThePage:
    def test_an_empty_runtime_is_told_in_words(self, staff_client: Client) -> None:
        text = shown(staff_client)
        for said in ("Nothing runs.", "Nothing failed.", "No worker is alive: tasks wait."):
            assert said in text

    def test_it_stays_small_however_much_there_is(self, staff_client: Client) -> None:
        from django.contrib.staticfiles import finders

        fill()
        size = sum(Path(finders.find(f"pages/{name}")).stat().st_size for name in STATICS)
        answer = staff_client.get(PAGE)
        assert len(answer.content) + size < 100 * 1024
        assert "21 more:" in answer.content.decode()

    def test_it_has_neither_inline_style_nor_script(self, staff_client: Client) -> None:
        fill()
        text = shown(staff_client)
        assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:", text)
        assert not re.search(r"<script(?! src=)", text)

    def test_how_often_it_asks_the_database_does_not_depend_on_how_much_there_is(
        self, staff_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        fill()
        with django_assert_max_num_queries(22):
            shown(staff_client)

    @pytest.mark.parametrize("name", PANELS)
    def test_a_part_that_the_browser_has_is_not_sent_again(
        self, staff_client: Client, name: str
    ) -> None:
        finish(3)
        [seen] = re.findall(r'name="seen" value="(\w+)"', part(staff_client, name))
        assert staff_client.get(f"{PAGE}now/{name}/", {"seen": seen}).status_code == 204
        assert staff_client.get(f"{PAGE}now/{name}/", {"seen": "another"}).status_code == 200

    @pytest.mark.parametrize(
        ("dashboard", "host", "told"),
        [
            ({"RAY_DASHBOARD": True}, "localhost", 'href="http://127.0.0.1:8265/"'),
            ({"RAY_DASHBOARD": True}, "testserver", "at 127.0.0.1:8265 of the worker"),
            (
                {"RAY_DASHBOARD": True, "RAY_DASHBOARD_HOST": "::"},
                "testserver",
                'href="http://testserver:8265/"',
            ),
            (
                {"RAY_DASHBOARD": True, "RAY_DASHBOARD_HOST": "ray.example.com"},
                "testserver",
                'href="http://ray.example.com:8265/"',
            ),
        ],
    )
    def test_rays_own_dashboard_is_linked_where_the_settings_enable_it(
        self, staff_client: Client, settings: Any, dashboard: dict[str, Any], host: str, told: str
    ) -> None:
        settings.ALLOWED_HOSTS = [host]
        assert ":8265" not in staff_client.get(PAGE, headers={"Host": host}).content.decode()
        settings.DJANGO_RAY_RUNTIME = {**settings.DJANGO_RAY_RUNTIME, **dashboard}
        assert told in staff_client.get(PAGE, headers={"Host": host}).content.decode()


class TestPast:
    def test_what_finished_is_drawn_and_told(self, staff_client: Client) -> None:
        finish(1200)
        finish(3, State.FAILED)
        text = part(staff_client, "past")
        assert text.count("<svg") == 4
        for said in ("1,200", "3 in all, at most 3", "half within 2.0 s, 95 of 100 within 2.0 s",
                     "told by a sample", "time of day, UTC"):  # fmt: skip
            assert said in text
        assert len(re.findall(r">\d\d:\d\d<", text)) > 4 * 4, "the clock below each chart"

    def test_nothing_finished_is_drawn_too(self, staff_client: Client) -> None:
        from django.core.cache import cache

        cache.clear()
        text = part(staff_client, "past")
        assert text.count("<svg") == 4
        assert "told by a sample" not in text

    @pytest.mark.parametrize(
        ("span", "taken"), [("15m", "15m"), ("24h", "24h"), ("", "15m"), ("x", "15m")]
    )
    def test_how_far_back_is_chosen(self, staff_client: Client, span: str, taken: str) -> None:
        text = part(staff_client, "past", span=span)
        assert f'name="span" value="{taken}"' in text
        assert re.search(rf'id="span-{taken}"[^>]*aria-current="true"', text)
        assert f'name="span" value="{taken}"' in shown(staff_client, f"{PAGE}?span={span}")

    def test_all_who_watch_share_a_reading(
        self, staff_client: Client, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        finish(3)
        part(staff_client, "past")
        with django_assert_num_queries(2):  # who asks
            part(staff_client, "past")


class TestQueuesAndWorkers:
    def test_a_queue_is_shown_with_its_depths_and_the_age_of_the_oldest(
        self, staff_client: Client
    ) -> None:
        add(State.READY, enqueued_at=timezone.now() - timedelta(minutes=5))
        add(State.SCHEDULED)
        Queue.objects.create(name="bulk", paused_at=timezone.now())
        text = part(staff_client, "queues")
        assert "5 min" in text
        assert "paused" in text
        assert "do/resume/" in text
        assert "do/pause/" in text

    def test_a_worker_is_shown_with_what_it_runs_and_a_silent_one_is_marked(
        self, staff_client: Client
    ) -> None:
        add_worker()
        add(State.RUNNING)
        add(State.RUNNING)
        text = part(staff_client, "workers")
        assert "1 worker is alive: 2 of 4 places are taken." in text
        assert "tests.tasks.add \u00d7 2" in text
        assert "Silent" not in text
        Worker.objects.update(last_beat=timezone.now() - timedelta(minutes=2))
        text = part(staff_client, "workers")
        assert "No worker is alive" in text
        assert "Silent" in text

    def test_a_worker_that_died_is_shown_for_a_while(self, staff_client: Client) -> None:
        add_worker(WorkerState.DEAD, ended_at=timezone.now(), released=2)
        text = part(staff_client, "workers")
        assert "Dead" in text
        assert "2 tasks rescued" in text


class TestTasks:
    def test_a_running_task_is_shown_with_its_progress_and_leads_to_its_record(
        self, staff_client: Client
    ) -> None:
        row = add(State.RUNNING)
        report(row, 250, 1000, "<b>importing</b>")
        text = part(staff_client, "running")
        for said in ("250 of 1,000", "25\u00a0%", "&lt;b&gt;importing", WORKER,
                     f"/admin/django_ray_runtime/queuedtask/{row.id}/change/"):  # fmt: skip
            assert said in text

    def test_failures_are_grouped_and_a_group_opens_to_its_latest(
        self, staff_client: Client
    ) -> None:
        rows = [add_failed() for _ in range(7)]
        add_failed("builtins.KeyError")
        text = part(staff_client, "failures")
        assert "7 times" in text
        assert "1 time<" in text
        assert "it broke" not in text
        key = re.findall(r'id="open-(\w+)"', text)[0]
        opened = part(staff_client, "failures", toggle=key)
        assert opened.count("builtins.ValueError: it broke") == 5
        assert "The latest 5." in opened
        assert str(rows[-1].id) in opened
        assert f'name="open" value="{key}"' in opened
        assert "it broke" not in part(staff_client, "failures", open=key, toggle=key)
        # Without scripts the link leads to the page with it opened.
        assert "it broke" in shown(staff_client, f"{PAGE}?open={key}")

    def test_nothing_sensitive_is_shown(self, staff_client: Client) -> None:
        report(add(State.RUNNING, **CAREFUL), 1, 2, f"with {SECRET}")
        fail_with_secret()
        key = re.findall(r'id="open-(\w+)"', part(staff_client, "failures"))[0]
        text = shown(staff_client, f"{PAGE}?open={key}")
        assert SECRET not in text
        assert "ValueError: no •••" in text
        assert "with •••" in text
