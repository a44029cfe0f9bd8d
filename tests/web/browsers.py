"""A real browser for the tests that look at pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-sync", "--disable-background-networking",
         "--disable-component-update"]  # fmt: skip


PHONE = {"width": 390, "height": 844}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@contextmanager
def new_page() -> Iterator[Any]:
    """An empty page, whose browser ends with the context; skips where there is no browser."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on the PATH")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield browser.new_page()
        finally:
            browser.close()


@contextmanager
def admin_page(address: str, complaints: list[str]) -> Iterator[Any]:
    """The list at this address, where pytest-django's administrator has logged in."""
    with new_page() as page:
        page.goto(address)
        listen(page, complaints)
        page.fill("#id_username", "admin")
        page.fill("#id_password", "password")
        page.click("input[type=submit]")
        page.wait_for_selector("#result_list")
        yield page


def listen(page: Any, complaints: list[str]) -> None:
    """Note from now on what the browser reports."""
    page.on(
        "console",
        lambda said: complaints.append(f"{said.type}: {said.text} {said.location['url']}"),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))


def violations(page: Any) -> list[str]:
    """What hinders somebody, as axe-core finds it, by light and by dark."""
    from axe_playwright_python.sync_playwright import Axe  # with the driver, which may be absent

    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for one in Axe().run(page, options=RULES).response["violations"]:
            places = [node["target"] for node in one["nodes"]][:3]
            found.append(f"{scheme}: {one['id']}: {one['help']} {places}")
    page.emulate_media(color_scheme="light")
    return found
