"""Who may make games over REST, and how its documentation reads."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.web.documented import documented

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-4000-8000-000000000000"
JOB = f"generation/jobs/{NOBODY}"
OPERATIONS = [
    ("get", "lotteries"),
    ("post", "generation/count"),
    ("get", "generation/jobs"),
    ("post", "generation/jobs"),
    ("get", JOB),
    ("delete", JOB),
    ("get", f"{JOB}/games"),
    ("get", f"{JOB}/statistics"),
    ("get", f"{JOB}/download"),
    ("get", "draws"),
    ("post", "draws/import"),
]


def call(client: Client, method: str, path: str) -> Any:
    return getattr(client, method)(f"/api/v1/{path}")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
class TestWhoMay:
    def test_nobody_without_credentials(self, client: Client, method: str, path: str) -> None:
        assert call(client, method, path).status_code == 401

    def test_every_user_with_a_token(self, api: Client, method: str, path: str) -> None:
        allowed = {200, 400, 404, 422} if path != "draws/import" else {403, 422}
        assert call(api, method, path).status_code in allowed

    def test_a_session_changes_nothing_without_its_csrf_token(
        self, user: User, method: str, path: str
    ) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(user)
        allowed = {200, 404, 422} if method == "get" else {403}
        assert call(browser, method, path).status_code in allowed


def test_every_operation_is_documented(api: Client) -> None:
    models = documented(api, {"lotteries", "generation", "draws"}, len(OPERATIONS))
    for model in ("LotteryOut", "CountOut", "JobOut", "JobDetail", "GamesOut", "DrawOut"):
        assert models[model]["example"].keys() == models[model]["properties"].keys(), model
    assert "max_per_decade" in models["GameConstraints"]["properties"]
