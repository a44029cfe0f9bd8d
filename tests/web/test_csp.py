"""What every page sends along; how browsers take it is in test_browser."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

STRICT = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}


def policy(client: Client, path: str) -> set[str]:
    header = client.get(path).headers["Content-Security-Policy"]
    return {directive.strip() for directive in header.split(";")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/admin/login/", "/admin/", "/api/v1/docs", "/api/v1/nothing", "/nothing", "/healthz"],
)
def test_every_response_has_the_strict_policy(path: str, client: Client) -> None:
    client.force_login(User.objects.create_superuser("boss"))
    found = policy(client, path)
    assert found >= STRICT
    assert not [word for word in found if "unsafe" in word or "http" in word]


@pytest.mark.django_db
def test_the_documentation_page_loads_nothing_from_elsewhere(client: Client) -> None:
    client.force_login(User.objects.create_user("ana"))
    page = client.get("/api/v1/docs").content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) >= 4
    for source in sources:
        assert source.startswith("/static/ninja/")
        answer = client.get(source)
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] != "0"
        answer.close()
    inline = re.findall(r"<script(?![^>]* src=)([^>]*)>", page)
    assert inline == [' type="application/json" id="swagger-settings"']
