"""The admin of tasks in a real browser: what changes is seen without a reload."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from django_ray_runtime.models import QueuedTask, TaskProgress
from django_ray_runtime.states import State
from tests.web.browsers import admin_page
from tests.web.rows import LIST, add, report
from tests.web.test_admin_tasks import page_of

pytestmark = [pytest.mark.slow, pytest.mark.acceptance, pytest.mark.any_database]


@pytest.fixture
def task(transactional_db: None, admin_user: Any) -> QueuedTask:
    # Made before the browser: while its driver runs, Django takes this thread for an async one.
    row = add(State.RUNNING)
    report(row, 1, 4, "first part")
    return row


@pytest.fixture
def page(task: QueuedTask, live_server: Any, complaints: list[str]) -> Iterator[Any]:
    """A browser where an administrator has logged in."""
    with admin_page(f"{live_server.url}{LIST}", complaints) as page:
        yield page


def advance(task: QueuedTask) -> None:
    TaskProgress.objects.filter(task=task).update(done=3, message="third part")


def end(task: QueuedTask) -> None:
    values = {"worker": None, "finished_at": timezone.now(), "return_value": 7}
    QueuedTask.objects.filter(pk=task.pk).update(state=State.SUCCESSFUL, **values)


def test_the_list_shows_what_changes_without_a_reload(
    page: Any, task: QueuedTask, complaints: list[str], meanwhile: Any
) -> None:
    page.evaluate("window.isSameDocument = true")
    row = page.locator("#result_list tbody tr")
    assert "1 of 4 (25 %)" in row.inner_text()
    meanwhile(lambda: advance(task))
    row.get_by_text("3 of 4 (75 %)").wait_for()
    assert row.locator("progress").get_attribute("value") == "3"
    assert "third part" in row.inner_text()
    meanwhile(lambda: end(task))
    row.get_by_text("Successful").wait_for()
    assert page.locator("[data-unfinished]").count() == 0
    assert page.evaluate("window.isSameDocument")
    assert [one for one in complaints if "favicon.ico" not in one] == []


def test_a_page_shows_what_changes_and_offers_the_outcome(
    page: Any, task: QueuedTask, complaints: list[str], meanwhile: Any, live_server: Any
) -> None:
    page.goto(f"{live_server.url}{page_of(task)}")
    assert not page.locator(".drr-ended").is_visible()
    meanwhile(lambda: advance(task))
    page.get_by_text("3 of 4 (75 %)").wait_for()
    assert page.get_by_role("link", name="Cancel").is_visible()
    meanwhile(lambda: end(task))
    page.get_by_text("Show its outcome").wait_for()
    assert not page.get_by_role("link", name="Cancel").is_visible()
    page.get_by_text("Show its outcome").click()
    page.get_by_role("heading", name="Return value").wait_for()
    assert [one for one in complaints if "favicon.ico" not in one] == []


@pytest.mark.parametrize(("width", "least"), [(1366, 700), (420, 350)])
def test_the_list_uses_the_width_there_is(
    page: Any, live_server: Any, width: int, least: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}{LIST}")
    shown = page.locator("#result_list").evaluate("table => table.parentElement.clientWidth")
    assert shown >= least
    if width > 1000:  # on a small screen it scrolls
        assert page.locator("#result_list").evaluate("table => table.offsetWidth") <= shown


def test_nothing_is_asked_while_the_page_is_hidden(
    page: Any, task: QueuedTask, meanwhile: Any
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.reload()
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", {get: () => window.isHidden});
            window.setHidden = (value) => {
                window.isHidden = value;
                document.dispatchEvent(new Event("visibilitychange"));
            };
            window.setHidden(true);
        }"""
    )
    asked.clear()
    page.clock.run_for(20_000)
    assert [url for url in asked if "/live/" in url] == []
    with page.expect_response("**/live/*"):
        page.evaluate("window.setHidden(false)")
        page.clock.run_for(10)


def test_a_selected_task_is_cancelled_by_hand(
    page: Any, task: QueuedTask, complaints: list[str]
) -> None:
    page.check("input.action-select")
    page.select_option("select[name=action]", "cancel_selected")
    page.click("button[name=index]")
    assert "1 running task told to stop." in page.inner_text(".messagelist")
    page.get_by_text("stopping").wait_for()
    assert [one for one in complaints if "favicon.ico" not in one] == []
