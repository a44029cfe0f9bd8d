"""The pages in a real browser, over a real web server and a real worker: as a person walks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_ray_runtime.states import State
from generation.models import GenerationJob
from tests.support import WorkerProcess, worker_process
from tests.web.browsers import PHONE, listen, new_page, violations
from tests.web.jobs import add_job
from tests.web.served import add_user, log_in, served

pytestmark = [pytest.mark.slow, pytest.mark.acceptance]


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def _server(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory, _folder: Path
) -> Iterator[str]:
    """One web server for all: it keeps nothing but what is in the database and the folder."""
    log = tmp_path_factory.mktemp("server") / "gunicorn.log"
    with served(log, RESULTS_DIR=str(_folder)) as address:
        yield address


@pytest.fixture
def results(_folder: Path, settings: Any) -> Path:
    settings.GENERATION_RESULTS_DIR = _folder
    return _folder


@pytest.fixture
def site(transactional_db: None, results: Path, _server: str) -> str:
    add_user("ana")
    add_user("boss", is_staff=True, is_superuser=True)
    return _server


@pytest.fixture
def page(site: str, complaints: list[str]) -> Iterator[Any]:
    with new_page() as page:
        listen(page, complaints)
        yield page


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path, results: Path) -> Iterator[WorkerProcess]:
    with worker_process(
        tmp_path / "worker.log", "--executor", "sequential", RESULTS_DIR=str(results)
    ) as worker:
        yield worker


def valid_games(page: Any) -> int:
    return int(page.locator("#figures [data-valid]").get_attribute("data-valid"))


def shows_games(page: Any, count: int) -> None:
    """Wait until so many games are possible."""
    page.wait_for_selector(f"#figures [data-valid='{count}']")


def test_from_the_login_to_games_in_ones_hands(
    worker: WorkerProcess, page: Any, site: str, complaints: list[str], tmp_path: Path
) -> None:
    log_in(page, f"{site}/", "ana")
    page.get_by_role("link", name="Mega-Sena").click()
    shows_games(page, 50_063_860)
    # A constraint by clicking.
    page.get_by_role("button", name="07", exact=True).click()
    shows_games(page, 5_006_386)
    assert page.get_by_role("button", name="07, fixed").get_attribute("aria-pressed") == "true"
    page.check("input[value=excluded]")
    page.locator(".ball[data-n='60']").click()
    shows_games(page, 4_582_116)
    page.get_by_label("How many games").fill("200000")
    page.locator("#figures [data-quantity='200000']").wait_for()
    assert "R$\u00a01,200,000.00" in page.locator("#figures").inner_text()
    page.get_by_role("button", name="Make these games").click()
    # The page follows the job to its end by itself.
    page.get_by_role("heading", name="The first games").wait_for(timeout=60_000)
    assert page.locator(".tickets li").count() == 12
    assert page.locator("svg.heat").is_visible()
    assert page.locator(".chart-sum svg").is_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download CSV").click()
    file = tmp_path / "games.csv"
    downloading.value.save_as(file)
    lines = file.read_text().splitlines()
    assert len(lines) == 200_001
    assert all({"7"} < set(line.split(",")) - {"60"} for line in lines[1:])
    page.get_by_label("Numbers drawn").fill("7 8 15 16 23 42")
    page.get_by_role("button", name="Count the hits").click()
    page.locator("#hit table").wait_for()
    counts = [int(one.replace(",", "")) for one in page.locator("#hit td").all_inner_texts()]
    assert sum(counts) == 200_000
    assert violations(page) == []
    assert complaints == []


def test_what_takes_long_is_shown_as_it_grows_and_can_be_cancelled(
    page: Any, site: str, complaints: list[str], meanwhile: Any
) -> None:
    job = meanwhile(running_job)
    log_in(page, f"{site}/games/{job.id}/", "ana")
    live = page.locator("[data-live]")
    live.get_by_text("25\u00a0%").wait_for()
    assert live.get_attribute("data-way") == "stream"
    assert violations(page) == []
    meanwhile(lambda: GenerationJob.objects.update(games_done=750))
    live.get_by_text("75\u00a0%").wait_for()
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_text("It is told to stop.").wait_for()
    assert complaints == []


def running_job() -> GenerationJob:
    """Of ana's, a quarter made."""
    owner = User.objects.get(username="ana")
    return add_job(State.RUNNING, games_done=250, owner=owner)


@pytest.mark.any_database
def test_where_streams_fail_the_page_asks(page: Any, site: str, meanwhile: Any) -> None:
    job = meanwhile(running_job)
    page.route("**/events/", lambda route: route.abort())
    log_in(page, f"{site}/games/{job.id}/", "ana")
    page.locator("[data-way=poll]").wait_for()
    meanwhile(lambda: GenerationJob.objects.update(games_done=750))
    page.locator("[data-live]").get_by_text("75\u00a0%").wait_for()


@pytest.mark.any_database
def test_the_ticket_is_used_by_keys_alone(page: Any, site: str, complaints: list[str]) -> None:
    log_in(page, f"{site}/games/new/", "ana")
    page.locator(".ball[data-n='1']").focus()
    for key in ("ArrowRight", "ArrowDown", "Space"):
        page.keyboard.press(key)
    assert page.get_by_role("button", name="12, fixed").is_visible()
    shows_games(page, 5_006_386)
    assert page.locator("#id_fixed_numbers").input_value() == "12"
    page.keyboard.press("Enter")  # again takes it back
    shows_games(page, 50_063_860)
    assert complaints == []


@pytest.mark.any_database
def test_a_refusal_stands_where_it_belongs(page: Any, site: str, complaints: list[str]) -> None:
    log_in(page, f"{site}/games/new/", "ana")
    page.get_by_label("or for how much (BRL)").fill("5")
    told = page.locator("#error-budget")
    told.get_by_text("buys no game").wait_for()
    page.wait_for_selector("#id_budget[aria-invalid=true]")
    page.get_by_label("or for how much (BRL)").fill("12")
    page.wait_for_selector("#id_budget[aria-invalid=false]")
    assert page.locator("#figures [data-quantity='2']").is_visible()
    assert complaints == []


@pytest.mark.any_database
def test_another_lottery_has_another_ticket_and_keeps_what_fits(page: Any, site: str) -> None:
    log_in(page, f"{site}/games/new/", "ana")
    page.locator(".ball[data-n='7']").click()
    page.locator(".ball[data-n='50']").click()
    page.get_by_label("Lottery").select_option("lotofacil")
    page.wait_for_url("**lottery=lotofacil**")
    assert page.locator(".ball").count() == 25
    assert page.locator(".ball[data-state=fixed]").all_inner_texts() == ["07"]


@pytest.mark.any_database
@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desktop"])
def test_everybody_can_use_each_page(
    page: Any, site: str, size: dict[str, int], complaints: list[str]
) -> None:
    page.set_viewport_size(size)
    page.goto(f"{site}/login/")
    assert violations(page) == []
    log_in(page, f"{site}/", "boss")
    for path in ("/", "/games/", "/games/new/?lottery=lotomania", "/runtime/", "/services/"):
        page.goto(f"{site}{path}")
        assert violations(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], f"{path} scrolls sideways"
    assert complaints == []


@pytest.mark.any_database
def test_pages_are_light_with_all_they_load(page: Any, site: str) -> None:
    log_in(page, f"{site}/games/new/", "ana")
    sizes = page.evaluate(
        "performance.getEntries().map(one => one.encodedBodySize).filter(Boolean)"
    )
    assert len(sizes) >= 5
    assert sum(sizes) < 100_000
