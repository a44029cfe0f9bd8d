"""The pages in a real browser, served by a real web server."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from tests.support import ROOT, environment, wait_until
from tests.web.browsers import listen, new_page
from tests.with_postgres import free_port

pytestmark = [pytest.mark.slow, pytest.mark.acceptance]


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The address of the site under gunicorn, on the test database."""
    address = f"127.0.0.1:{free_port()}"
    log = tmp_path / "gunicorn.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "project.wsgi", "--bind", address, "--workers=2"],
            cwd=ROOT, env=environment(SECRET_KEY="of this test"), stdout=file, stderr=file,
        )  # fmt: skip

    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        with suppress(URLError, ConnectionError), urlopen(f"http://{address}/healthz") as answer:
            return bool(answer.read() == b"ok\n")
        return False

    try:
        wait_until(answers, "the web server answers", 60)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.fixture
def page(site: str, boss: User, complaints: list[str]) -> Iterator[Any]:
    with new_page() as page:
        listen(page, complaints)
        page.on(
            "response",
            lambda answer: (
                complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
            ),
        )
        yield page


@pytest.fixture
def boss(transactional_db: None) -> User:
    # Made before the browser: while its driver runs, Django takes this thread for an async one.
    # Hashed as the server, another process, expects it.
    hashed = make_password("a password for boss", hasher="pbkdf2_sha256")
    return User.objects.create(username="boss", password=hashed, is_staff=True, is_superuser=True)


def log_in(page: Any, site: str, target: str) -> None:
    page.goto(f"{site}{target}")
    login = "/admin/login/" if target.startswith("/admin/") else "/login/"
    assert page.url == f"{site}{login}?next={target}"
    page.fill("#id_username", "boss")
    page.fill("#id_password", "a password for boss")
    page.press("#id_password", "Enter")


def test_the_documentation_is_rendered_and_calls_the_api(
    page: Any, site: str, complaints: list[str]
) -> None:
    log_in(page, site, "/api/v1/docs")
    page.wait_for_selector(".swagger-ui .info .title")
    assert "Django on Ray" in page.inner_text(".swagger-ui .info")
    call = page.locator("#operations-account-project_account_whoami")
    call.locator(".opblock-summary-control").click()
    call.locator("button.execute").click()
    answer = call.locator(".live-responses-table td.response-col_description:not(.col_header)")
    answer.wait_for()
    assert '"username": "boss"' in answer.inner_text()
    assert complaints == []


def test_the_admin_works_under_the_policy(
    page: Any, site: str, boss: User, complaints: list[str]
) -> None:
    log_in(page, site, "/admin/project/apitoken/add/")
    # These buttons are drawn by scripts of the admin.
    page.click(".datetimeshortcuts a:has-text('Today')")
    page.click(".datetimeshortcuts a:has-text('Now')")
    page.select_option("#id_user", label="boss")
    page.fill("#id_name", "nightly")
    page.click("input[name=_save]")
    assert "drr_" in page.inner_text(".messagelist")
    page.goto(f"{site}/admin/project/apitoken/")
    page.check("#action-toggle")
    assert page.is_checked("input.action-select")
    for path in ("/admin/", "/admin/project/auditentry/", f"/admin/auth/user/{boss.pk}/change/"):
        page.goto(f"{site}{path}")
    assert complaints == []
