"""The dashboard in a real browser: what changes comes by itself, acting needs no reload."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from django_ray_runtime.models import Queue, QueuedTask, TaskProgress
from django_ray_runtime.states import State
from tests.web.browsers import listen, new_page
from tests.web.dashboards import PAGE, finish
from tests.web.rows import add, add_failed, add_worker, report

pytestmark = [pytest.mark.slow, pytest.mark.acceptance, pytest.mark.any_database]


@pytest.fixture
def running(transactional_db: None, admin_user: Any) -> QueuedTask:
    # Made before the browser: while its driver runs, Django takes this thread for an async one.
    add_worker()
    row = add(State.RUNNING)
    report(row, 250, 1000)
    for _ in range(3):
        add_failed()
    add_failed("builtins.KeyError")
    finish(12)
    return row


@pytest.fixture
def session(running: QueuedTask, admin_user: Any, settings: Any) -> dict[str, str]:
    """The cookie of somebody who has logged in."""
    client = Client()
    client.force_login(admin_user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value}


@pytest.fixture
def page(session: dict[str, str], live_server: Any, complaints: list[str]) -> Iterator[Any]:
    """A browser with the dashboard."""
    with new_page() as page:
        listen(page, complaints)
        page.context.add_cookies([{**session, "url": live_server.url}])
        page.goto(f"{live_server.url}{PAGE}")
        page.evaluate("window.isSameDocument = true")
        yield page


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id"))


def told(page: Any, text: str) -> None:
    page.get_by_role("status").get_by_text(text).wait_for()


def test_what_changes_comes_by_itself_and_what_does_not_is_left_alone(
    page: Any, running: QueuedTask, complaints: list[str], meanwhile: Any
) -> None:
    cancel = page.get_by_role("button", name="Cancel tests.tasks.add")
    cancel.focus()
    here = focused(page)
    page.evaluate("document.querySelector('#queues-now table').isSameTable = true")
    page.evaluate("window.scrollTo(0, 300)")
    with page.expect_response(lambda answer: "now/queues/" in answer.url) as asked:
        pass
    assert asked.value.status == 204
    progress = TaskProgress.objects.filter(task=running)
    meanwhile(lambda: progress.update(done=750))
    page.get_by_text("750 of 1,000").wait_for()
    assert focused(page) == here
    assert page.evaluate("window.scrollY") == 300
    assert page.evaluate("document.querySelector('#queues-now table').isSameTable")
    meanwhile(lambda: finish(30))
    page.locator("#past-now dd.big").get_by_text("42", exact=True).wait_for()
    assert page.evaluate("window.isSameDocument")
    assert complaints == []


def test_staff_act_in_place(
    page: Any, running: QueuedTask, complaints: list[str], meanwhile: Any
) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))

    page.get_by_role("button", name="Pause bulk").press("Enter")
    told(page, "bulk is paused: what runs goes on.")
    resume = page.get_by_role("button", name="Resume bulk")
    assert focused(page) == resume.get_attribute("id")
    resume.click()
    told(page, "bulk is no longer paused.")
    assert asked == []

    page.get_by_role("button", name="Cancel tests.tasks.add").click()
    page.get_by_text("told to stop", exact=True).wait_for()
    assert asked == ["Cancel this task? It is told to stop."]
    assert meanwhile(lambda: QueuedTask.objects.get(id=running.id).cancel_asked_at) is not None

    kind = page.locator("#failures-now > div > ul > li").filter(has_text="ValueError")
    kind.get_by_role("link", name="tests.tasks.add", exact=True).click()
    kind.get_by_role("button", name="Retry tests.tasks.add").first.click()
    told(page, "runs again.")
    kind.get_by_text("2 times").wait_for()
    assert kind.get_by_role("button", name="Retry tests.tasks.add").count() == 2, "still open"
    kind.get_by_role("button", name="Retry all").click()
    told(page, "2 tasks run again.")
    page.wait_for_function("document.activeElement.textContent == '2 tasks run again.'")
    assert kind.count() == 0
    assert asked[1:] == ["Run this task again?", "Run 2 failed tests.tasks.add again?"]
    assert page.evaluate("window.isSameDocument")
    assert complaints == []


def test_a_click_that_was_not_meant_does_nothing(
    page: Any, running: QueuedTask, meanwhile: Any
) -> None:
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Cancel tests.tasks.add").click()
    assert page.get_by_role("button", name="Cancel tests.tasks.add").is_visible()
    assert meanwhile(lambda: QueuedTask.objects.get(id=running.id).cancel_asked_at) is None


def test_how_far_back_is_chosen_in_place_and_kept(page: Any, complaints: list[str]) -> None:
    page.get_by_role("link", name="24 hours").press("Enter")
    page.locator("#span-24h[aria-current=true]").wait_for()
    assert focused(page) == "span-24h"
    with page.expect_response(lambda answer: "now/past/" in answer.url) as asked:
        pass
    assert "span=24h" in asked.value.url
    assert page.locator("#span-24h[aria-current=true]").is_visible()
    assert page.evaluate("window.isSameDocument")
    assert complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator(".opens").first.click()
    page.locator(".latest").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    small = "[...document.querySelectorAll('main button')].filter(b => b.offsetHeight < 24).length"
    assert page.evaluate(small) == 0


def test_without_scripts_it_is_a_page_of_forms(
    page: Any, running: QueuedTask, live_server: Any, meanwhile: Any
) -> None:
    plain = page.context.browser.new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())
    page = plain.new_page()
    page.goto(f"{live_server.url}{PAGE}")
    page.get_by_role("button", name="Pause bulk").click()
    told(page, "bulk is paused: what runs goes on.")
    assert meanwhile(lambda: Queue.objects.get(name="bulk").paused_at) is not None
    page.get_by_role("button", name="Cancel tests.tasks.add").click()
    page.get_by_role("heading", name="Are you sure?").wait_for()
    page.get_by_role("button", name="Yes").click()
    told(page, "is told to stop.")
    page.locator(".opens").first.click()
    page.get_by_role("button", name="Retry tests.tasks.add").first.click()
    page.get_by_role("button", name="Yes").click()
    told(page, "runs again.")
    page.get_by_role("link", name="24 hours").click()
    assert page.locator("#span-24h").get_attribute("aria-current") == "true"
