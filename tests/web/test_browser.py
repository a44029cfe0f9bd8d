"""The pages in a real browser, served by a real web server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.web.browsers import listen, new_page
from tests.web.served import PASSWORD, add_user, served

pytestmark = [pytest.mark.slow, pytest.mark.acceptance, pytest.mark.any_database]


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    with served(tmp_path / "gunicorn.log") as address:
        yield address


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
    return add_user("boss", is_staff=True, is_superuser=True)


def log_in(page: Any, site: str, target: str) -> None:
    page.goto(f"{site}{target}")
    login = "/admin/login/" if target.startswith("/admin/") else "/login/"
    assert page.url == f"{site}{login}?next={target}"
    page.fill("#id_username", "boss")
    page.fill("#id_password", PASSWORD)
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
