"""Nobody gets anything without credentials, anything of another user's, or anything of staff's."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from project.api import api as project_api
from tests.security.addresses import METHODS, everything, filled, patterns, things_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

# All that answers somebody who is not known. Of the rest, each address must refuse.
PUBLIC = {
    "healthz",  # for load balancers
    "readyz",
    "login/",
    "admin/login/",
}
# These lead elsewhere whoever asks: out, to the choice of a language, or to no link.
LINKS = {"shared/<str:token>/", "shared/<str:token>/file/"}
HARMLESS = {"admin/logout/", "logout/", "language/"} | LINKS
REFUSED = {204, 302, 401, 403, 404, 405}
STAFF = ("/api/v1/tasks", "/api/v1/queues", "/api/v1/workers", "/api/v1/draws/import")
FORM = "application/x-www-form-urlencoded"
OWNED = ("job_id", "calculation_id", "run_id", "sha256")


@pytest.fixture
def things() -> dict[str, Any]:
    return things_of(User.objects.create_user("eva"))


@pytest.fixture(autouse=True)
def _often(settings: Any) -> None:
    settings.API_RATE = settings.API_FAILED_LOGINS_RATE = (10**6, 60)


def operations() -> list[tuple[str, str]]:
    """Method and path of everything that the API offers."""
    paths = project_api.get_openapi_schema()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def call(client: Client, method: str, path: str, things: dict[str, Any]) -> Any:
    return sent(client, method, filled(path, things), b"{}", content_type="application/json")


def sent(client: Client, method: str, path: str, body: bytes = b"", **more: Any) -> Any:
    """The answer; a file is read to its end, which closes it."""
    answer = client.generic(method, path, body, **more)
    if answer.streaming:
        answer.getvalue()
    return answer


def test_nobody_gets_an_answer_without_credentials(things: dict[str, Any]) -> None:
    before = everything()
    nobody, answering = Client(), set()
    found = patterns()
    assert len(found) > 150
    for pattern in found:
        for method in METHODS:
            # No CSRF check stands in the way: it is the credentials that must be missed.
            answer = sent(nobody, method, filled(pattern, things))
            if answer.status_code not in REFUSED:
                answering.add(pattern)
            if answer.status_code == 302 and pattern not in HARMLESS:
                assert "/login/" in answer.headers["Location"], (method, pattern)
    assert answering == PUBLIC
    assert everything() == before


def test_the_api_says_401_to_each_of_its_operations(things: dict[str, Any]) -> None:
    found = operations()
    assert len(found) > 60
    told = {(one, call(Client(), *one, things).status_code) for one in found}
    assert {status for _, status in told} == {401}


def test_the_api_keeps_users_apart_and_out_of_what_is_for_staff(
    api: Client, things: dict[str, Any]
) -> None:
    before = everything()
    for method, path in operations():
        if path.startswith(STAFF):
            # Of an import the form is looked at first.
            allowed = {403, 422} if "import" in path else {403}
            assert call(api, method, path, things).status_code in allowed, (method, path)
        elif any(f"{{{name}}}" in path for name in OWNED):
            answer = call(api, method, path, things)
            assert answer.status_code == 404, (method, path, answer.content)
            assert "eva" not in answer.content.decode()
    changed = {name for name, rows in everything().items() if rows != before[name]}
    assert changed <= {"ApiToken"}


def test_lists_show_nobody_elses(api: Client, things: dict[str, Any]) -> None:
    for path in ("generation/jobs", "workflows", "services/calculations", "services/data-sets"):
        shown = api.get(f"/api/v1/{path}").json()
        assert (shown if isinstance(shown, list) else shown["items"]) == [], path


def test_pages_keep_users_apart_and_out_of_what_is_for_staff(
    ana: Client, things: dict[str, Any]
) -> None:
    before = everything()
    for pattern in patterns():
        if pattern.startswith(("api/", "admin/(")) or "logout" in pattern:
            continue
        owned = any(f":{name}>" in pattern for name in (*OWNED, "link_id", "token"))
        for method in METHODS:
            answer = sent(ana, method, filled(pattern, things))
            if pattern.startswith("admin/"):  # asked to log in as somebody else
                assert answer.status_code in {302, 405, 200}, (method, pattern)
                assert answer.status_code != 200 or "login" in pattern, (method, pattern)
            elif pattern.startswith("runtime/"):
                assert answer.status_code == 403, (method, pattern)
            elif owned:
                # 204: no stream is to be had under WSGI, whoever asks.
                allowed = {404, 405, 204} if "events" in pattern else {404, 405}
                assert answer.status_code in allowed, (method, pattern)
    after = everything()
    assert [name for name, rows in after.items() if rows != before[name]] == []


def test_staff_without_permissions_change_nothing_in_the_admin(
    client: Client, staff_user: User, things: dict[str, Any]
) -> None:
    client.force_login(staff_user)
    before = everything()
    for pattern in (one for one in patterns() if one.startswith("admin/") and "log" not in one):
        for method in ("GET", "POST"):
            path = filled(pattern, things)
            answer = sent(client, method, path, b"post=yes&_save=1", content_type=FORM)
            own = pattern in {"admin/", "admin/jsi18n/"} or "password_change" in pattern
            assert own or answer.status_code in {302, 400, 403, 404, 405}, (method, pattern)
    assert everything() == before


@pytest.mark.parametrize("door", ["pages", "api"])
def test_no_look_changes_anything(door: str, admin_client: Client, things: dict[str, Any]) -> None:
    """GET is what links, images and prefetching browsers send."""
    before = everything()
    for pattern in patterns():
        if (pattern.startswith("api/") == (door == "api")) and "logout" not in pattern:
            sent(admin_client, "GET", filled(pattern, things))
    assert everything() == before


def test_a_session_changes_nothing_without_the_token_against_forgery(
    admin_user: User, things: dict[str, Any]
) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(admin_user)
    before = everything()
    for pattern in patterns():
        for method in ("POST", "DELETE"):
            for headers in ({}, {"HTTP_ORIGIN": "https://evil.example"}):
                answer = sent(client, method, filled(pattern, things), b"{}", **headers)
                assert answer.status_code in {403, 404, 405}, (method, pattern)
    assert everything() == before


def test_who_manages_users_does_not_become_or_end_a_superuser(
    client: Client, staff_user: User, admin_user: User
) -> None:
    from django.contrib.auth.models import Permission

    for word in ("view", "add", "change", "delete"):
        staff_user.user_permissions.add(Permission.objects.get(codename=f"{word}_user"))
    client.force_login(staff_user)
    page = f"/admin/auth/user/{staff_user.pk}/change/"
    values = {"username": "bob", "is_superuser": "on", "is_staff": "on", "is_active": "on",
              "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}  # fmt: skip
    client.post(page, values | {"user_permissions": [Permission.objects.all()[0].pk]})
    staff_user.refresh_from_db()
    assert not staff_user.is_superuser
    assert staff_user.user_permissions.count() == 4
    boss = f"/admin/auth/user/{admin_user.pk}"
    new = {"usable_password": "true", "password1": "a-Long-1", "password2": "a-Long-1"}
    assert client.post(f"{boss}/password/", new).status_code == 403
    assert client.post(f"{boss}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{boss}/change/", values).status_code == 403
