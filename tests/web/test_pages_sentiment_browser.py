"""The pages of sentiment and of intraday strategy in a real browser, as somebody walks through."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.web.browsers import listen, new_page

pytestmark = [pytest.mark.slow, pytest.mark.acceptance, pytest.mark.any_database]


@pytest.fixture
def person(transactional_db: None) -> User:
    # Made before the browser: while its driver runs, Django takes this thread for an async one.
    return User.objects.create_user("ana", password="a long password")


@pytest.fixture
def page(person: User, live_server: Any, complaints: list[str]) -> Iterator[Any]:
    """A browser where somebody has logged in."""
    with new_page() as page:
        page.set_default_timeout(60_000)  # what computes is compiled at its first call
        listen(page, complaints)
        page.goto(f"{live_server.url}/login/?next=/services/sentiment/")
        page.fill("#id_username", "ana")
        page.fill("#id_password", "a long password")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="How texts feel").wait_for()
        yield page


def test_texts_are_scored_and_one_is_explained_in_place(page: Any, complaints: list[str]) -> None:
    page.get_by_role("button", name="Score them").click()
    page.get_by_role("img", name="Scores of the texts").wait_for()
    page.evaluate("window.isSameDocument = true")
    page.get_by_role("button", name="Why? Text 4").click()
    page.locator("#explained").get_by_text("before or after a “but”").first.wait_for()
    assert page.evaluate("window.isSameDocument")
    page.get_by_role("button", name="Why? Text 3").click()
    page.locator("#explanation").get_by_text("knows none of its words").wait_for()
    assert complaints == []


def test_the_strategy_and_its_benchmark_are_one_click_away(
    page: Any, complaints: list[str]
) -> None:
    page.get_by_role("link", name="Strategy").click()
    page.get_by_role("button", name="Run it").click()
    page.get_by_role("img", name="Return since the first day").wait_for()
    assert page.get_by_role("rowheader", name="Growth of a year (CAGR)").is_visible()
    page.get_by_label("Benchmark").fill("NONE")
    page.get_by_role("button", name="Run it").click()
    page.get_by_role("alert").get_by_role("link", name="Benchmark").click()
    assert page.evaluate("document.activeElement.name") == "benchmark"
    # A refusal is what the browser notes of it, nothing else.
    assert [one for one in complaints if "422" not in one] == []


def test_another_strategy_brings_its_own_parameters(
    page: Any, live_server: Any, complaints: list[str]
) -> None:
    page.goto(f"{live_server.url}/services/intraday/")
    page.get_by_label("Strategy").select_option("breakout")
    page.get_by_label("Window to leave by, bars").fill("12")
    page.get_by_role("button", name="Run the backtest").click()
    page.get_by_role("img", name="What one unit becomes").wait_for()
    assert page.get_by_label("Window to leave by, bars").input_value() == "12"
    page.get_by_role("link", name="Search for parameters").click()
    assert page.get_by_label("Strategy").input_value() == "breakout"
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("heading", name="Skill or luck").wait_for()
    page.get_by_role("button", name="Choose, and test on later days").click()
    page.get_by_role("heading", name="Chosen and tested").wait_for()
    assert complaints == []


def test_nothing_is_wider_than_a_phone(page: Any, live_server: Any, complaints: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    walk = {
        "sentiment/": "Score them",
        "sentiment/words/": "Explain it",
        "sentiment/strategy/": "Run it",
        "intraday/?strategy_name=momentum": "Run the backtest",
        "intraday/search/?strategy_name=volatility": "Walk forward",
    }
    for address, button in walk.items():
        page.goto(f"{live_server.url}/services/{address}")
        page.get_by_role("button", name=button).click()
        page.locator("#answer").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
    assert complaints == []
