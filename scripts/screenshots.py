"""Pictures of the pages for the documentation: `make screenshots`.

Starts the site and a worker with `manage.py up` on a database of its own, walks through the pages
in Chromium, and writes docs/images/*.png. Everything that was started ends with it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
NAME, PASSWORD = "ana", "a password for pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
READY_SECONDS = 120


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as address:
        from playwright.sync_api import sync_playwright

        IMAGES.mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or sys.exit("There is no chromium on the PATH.")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            try:
                walk(browser, address)
            finally:
                browser.close()


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Its address, with a member of staff and a worker that is up."""
    port = _free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "RESULTS_DIR": f"{folder}/r",
        "SECRET_KEY": "of these pictures",  # nosec
        "RAY_ADDRESS": "local",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }  # fmt: skip
    manage = [sys.executable, "manage.py"]
    user = ["createsuperuser", "--no-input", "--username", NAME, "--email", ""]
    for command in (["migrate", "--verbosity", "0"], user):
        subprocess.run([*manage, *command], cwd=ROOT, env=environment, check=True)
    log = folder / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [*manage, "up", "--port", str(port)],
            cwd=ROOT, env=environment, stdout=file, stderr=file,
        )  # fmt: skip
    try:
        until = time.monotonic() + READY_SECONDS
        while "takes tasks" not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"It did not come up:\n{log.read_text()}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def walk(browser: Any, address: str) -> None:
    """Every picture, in the order in which somebody comes by."""
    page = browser.new_context(viewport=DESKTOP, locale="en-US").new_page()
    page.goto(address)
    page.fill("#id_username", NAME)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_selector(".choices")

    page.goto(f"{address}/games/new/")
    for number in (7, 13):
        page.click(f".ball[data-n='{number}']")
    page.check("input[value=excluded]")
    for number in (1, 20, 60):
        page.click(f".ball[data-n='{number}']")
    page.fill("#id_quantity", "200000")
    page.locator("#id_min_odd").fill("2")
    page.locator("#id_max_odd").fill("4")
    page.wait_for_selector("#figures tr:nth-child(3)")
    shot(page, "new-games", whole=True)
    page.click("button.main")
    page.wait_for_selector("#heat", timeout=120_000)
    page.fill("#id_draw", "7 13 15 16 23 42")
    page.get_by_role("button", name="Count the hits").click()
    page.wait_for_selector("#hit table")
    shot(page, "job", whole=True)
    job = page.url
    page.goto(address)
    page.wait_for_selector("table")
    shot(page, "home")

    for path, button, name in (
        ("services/garch/", "button.main", "garch"),
        ("services/portfolio/", "button.main", "portfolio"),
        ("services/intraday/", "button.main", "intraday"),
        ("services/sentiment/strategy/", "button.main", "sentiment"),
    ):
        page.goto(f"{address}/{path}")
        page.locator(f"main {button}").first.click()
        page.wait_for_selector("main svg.chart", timeout=180_000)
        shot(page, name, whole=True)
    page.goto(f"{address}/runtime/")
    page.wait_for_selector("main svg.chart")
    shot(page, "runtime", whole=True)

    small = browser.new_context(
        viewport=PHONE, color_scheme="dark", locale="pt-BR",
        storage_state=page.context.storage_state(),
    ).new_page()  # fmt: skip
    small.goto(f"{address}/games/new/")
    shot(small, "new-games-phone")
    small.goto(job)
    shot(small, "job-phone")


def shot(page: Any, name: str, *, whole: bool = False) -> None:
    page.screenshot(path=IMAGES / f"{name}.png", full_page=whole)
    print(f"docs/images/{name}.png")


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
