"""Volatility and portfolios in a real browser, also what goes through the queue."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_ray_runtime.testing import run_enqueued
from tests.web.browsers import PHONE, listen, new_page, violations
from tests.web.served import PASSWORD, log_in
from tests.web.service_pages import SERVICES, prices_of

pytestmark = [pytest.mark.slow, pytest.mark.acceptance, pytest.mark.any_database]


@pytest.fixture
def page(
    transactional_db: None, live_server: Any, complaints: list[str], settings: Any, tmp_path: Path
) -> Iterator[Any]:
    """A browser where somebody looks at the services."""
    settings.SERVICES_DIR = tmp_path / "services"
    User.objects.create_user("ana", password=PASSWORD)
    with new_page() as page:
        listen(page, complaints)
        log_in(page, f"{live_server.url}{SERVICES}", "ana")
        yield page


def fits(page: Any) -> bool:
    """Whether nothing is wider than a phone."""
    page.set_viewport_size(PHONE)
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    return not wide


def test_volatility_is_two_clicks_away(page: Any, complaints: list[str]) -> None:
    assert violations(page) == []
    page.get_by_role("link", name="Volatility").click()
    for button, heading in (
        ("Predict volatility", "Volatility of SPY"),
        ("Compare models", "Models of SPY"),
        ("Test the value at risk", "Value at risk of SPY, tested"),
    ):
        page.get_by_role("button", name=button).click()
        page.get_by_role("heading", name=heading).wait_for()
        assert page.locator("figure svg").first.is_visible()
        assert violations(page) == []
        assert fits(page)
    page.get_by_role("button", name="Compare models").click()
    page.get_by_role("link", name="Use it").first.click()
    page.wait_for_url("**distribution=**")
    assert complaints == []


def test_what_is_wrong_is_shown_at_its_field(page: Any, complaints: list[str]) -> None:
    page.get_by_role("link", name="Portfolio").click()
    page.get_by_label("Tickers").fill("AAPL, TSLAA")
    page.get_by_role("button", name="Find the weights").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Tickers").get_attribute("aria-invalid") == "true"
    assert "TSLA" in page.locator("#id_tickers_error").inner_text()
    assert violations(page) == []
    # Chromium notes each answer that is no 200.
    assert [one for one in complaints if "422" not in one] == []


def test_a_long_calculation_is_followed_to_its_picture(
    page: Any, complaints: list[str], meanwhile: Any
) -> None:
    page.get_by_role("link", name="Portfolio").click()
    page.get_by_label("Goal").select_option("min_cvar")
    page.get_by_role("button", name="Find the weights").click()
    page.get_by_text("It waits for a worker").wait_for()
    assert violations(page) == []
    assert fits(page)
    meanwhile(lambda: run_enqueued(raise_errors=True))
    # The page follows it to its end by itself.
    page.get_by_role("heading", name="The portfolio").wait_for(timeout=30_000)
    assert page.locator("figure svg").count() == 2
    assert violations(page) == []
    page.get_by_role("link", name="All services").click()
    page.get_by_role("link", name="The best portfolio").wait_for()
    assert violations(page) == []
    assert complaints == []


def test_a_file_of_ones_own_is_uploaded_and_chosen(page: Any, complaints: list[str]) -> None:
    page.get_by_role("link", name="Your data sets").click()
    file = {"name": "mine.csv", "mimeType": "text/csv", "buffer": prices_of("MINE", "YOURS")}
    page.get_by_label("CSV or Parquet file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("rowheader", name="mine.csv").wait_for()
    assert violations(page) == []
    assert fits(page)
    page.get_by_role("link", name="All services").click()
    page.get_by_role("link", name="Portfolio").click()
    page.get_by_label("Data", exact=True).select_option(index=1)
    page.get_by_label("Tickers").fill("MINE YOURS")
    page.get_by_label("Most of one, %").fill("100")
    page.get_by_role("button", name="Find the weights").click()
    page.get_by_role("heading", name="The portfolio").wait_for()
    assert complaints == []
