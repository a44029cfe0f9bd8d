"""Games in the admin in a real browser: figures while a form is filled in, progress as it grows."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from generation.models import GenerationJob
from tests.web.browsers import admin_page
from tests.web.jobs import JOBS, add_job, page_of

pytestmark = [pytest.mark.slow, pytest.mark.acceptance, pytest.mark.any_database]


@pytest.fixture
def job(transactional_db: None, admin_user: Any) -> GenerationJob:
    # Made before the browser: while its driver runs, Django takes this thread for an async one.
    return add_job(State.RUNNING, games_done=250)


@pytest.fixture
def page(job: GenerationJob, live_server: Any, complaints: list[str]) -> Iterator[Any]:
    """A browser where an administrator looks at the list of jobs."""
    with admin_page(f"{live_server.url}{JOBS}", complaints) as page:
        yield page


def advance(job: GenerationJob) -> None:
    GenerationJob.objects.filter(pk=job.pk).update(games_done=750)


def end(job: GenerationJob) -> None:
    done = {"games_done": 1000, "complete": True, "file_name": "x.csv", "size": 18}
    GenerationJob.objects.filter(pk=job.pk).update(**done)
    values = {"worker": None, "finished_at": timezone.now()}
    QueuedTask.objects.filter(pk=job.task_id).update(state=State.SUCCESSFUL, **values)


def test_the_list_shows_progress_and_file_without_a_reload(
    page: Any, job: GenerationJob, complaints: list[str], meanwhile: Any
) -> None:
    page.evaluate("window.isSameDocument = true")
    row = page.locator("#result_list tbody tr")
    assert "250 of 1,000 (25 %)" in row.inner_text()
    meanwhile(lambda: advance(job))
    row.get_by_text("750 of 1,000 (75 %)").wait_for()
    assert row.locator("progress").get_attribute("value") == "750"
    meanwhile(lambda: end(job))
    row.get_by_role("link", name="CSV").wait_for()
    assert row.get_by_text("Successful").is_visible()
    assert page.locator("[data-unfinished]").count() == 0
    assert page.evaluate("window.isSameDocument")
    assert [one for one in complaints if "favicon.ico" not in one] == []


@pytest.mark.parametrize(("width", "least"), [(1366, 700), (420, 350)])
def test_the_list_uses_the_width_there_is(
    page: Any, live_server: Any, width: int, least: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}{JOBS}")
    shown = page.locator("#result_list").evaluate("table => table.parentElement.clientWidth")
    assert shown >= least
    if width > 1000:  # on a small screen it scrolls
        assert page.locator("#result_list").evaluate("table => table.offsetWidth") <= shown


def test_a_jobs_page_is_live_and_leads_to_its_outcome(
    page: Any, job: GenerationJob, complaints: list[str], meanwhile: Any, live_server: Any
) -> None:
    page.goto(f"{live_server.url}{page_of(job)}")
    assert page.get_by_role("link", name="Cancel").is_visible()
    meanwhile(lambda: end(job))
    page.get_by_text("Show its outcome").wait_for()
    assert not page.get_by_role("link", name="Cancel").is_visible()
    page.get_by_text("Show its outcome").click()
    page.get_by_role("link", name="Delete").wait_for()
    assert [one for one in complaints if "favicon.ico" not in one] == []


def test_figures_and_errors_appear_while_the_form_is_filled_in(
    page: Any, complaints: list[str], live_server: Any, meanwhile: Any
) -> None:
    page.goto(f"{live_server.url}{JOBS}add/")
    figures = page.locator("[data-figures]")
    figures.get_by_text("50,063,860").wait_for()
    page.get_by_label("Quantity").fill("100")
    figures.get_by_text("600.00 BRL").wait_for()
    page.get_by_label("Min odd").fill("5")
    page.get_by_label("Max odd").fill("3")
    figures.get_by_text("Min odd = 5 is greater than max odd = 3").wait_for()
    page.get_by_label("Min odd").fill("2")
    page.get_by_label("Max odd").fill("4")
    figures.get_by_text("40,325,950").wait_for()
    page.get_by_role("button", name="Check").click()
    page.wait_for_load_state()
    assert "40,325,950" in page.locator("[data-figures]").inner_text()
    assert page.get_by_label("Max odd").input_value() == "4"
    page.get_by_role("button", name="Submit the job").click()
    page.get_by_role("heading", name="Ordered").wait_for()
    assert meanwhile(lambda: GenerationJob.objects.filter(quantity=100).count()) == 1
    assert [one for one in complaints if "favicon.ico" not in one] == []
