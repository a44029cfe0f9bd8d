"""What a measured site holds: a job of a million games, and those who may see it."""

from dataclasses import dataclass
from typing import Any

from benchmarks.bench_pages import made_job

READERS = 100
"""Who share open streams: one reader has six of a process at most."""
GAMES = 1_000_000


@dataclass(frozen=True, slots=True)
class Site:
    """A finished job, a token of its owner, and sessions of readers who may see it."""

    job: Any
    token: str
    sessions: list[str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def status(self) -> str:
        return f"/api/v1/generation/jobs/{self.job.id}"

    @property
    def events(self) -> str:
        return f"/games/{self.job.id}/events/"


def prepared(games: int = GAMES) -> Site:
    """On an empty database, in the process that set Django up."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    from project.models import ApiToken

    settings.SECRET_KEY = "of this run"  # noqa: S105 - Web's
    boss = User.objects.create_superuser("boss")
    _, token = ApiToken.objects.issue(user=boss, name="load")
    sessions = []
    for number in range(READERS):
        client = Client()
        client.force_login(User.objects.create(username=f"reader{number}", is_staff=True))
        sessions.append(client.cookies["sessionid"].value)
    return Site(made_job(boss, games), token, sessions)


def questions() -> list[tuple[str, Any]]:
    """Paths of all that services answer at once, each with the body that the API's pages show."""
    from project.api import api
    from ray_services.operations import OPERATIONS
    from ray_services.warming import example_of

    paths = api.get_openapi_schema()["paths"]
    asked = [
        (f"/api/v1/services/{service}/{name}", example_of(one))
        for (service, name), one in OPERATIONS.items()
    ]
    # Those that measure themselves compute for seconds, by their nature.
    return [
        (path, body)
        for path, body in asked
        if "post" in paths.get(path, ()) and "/performance" not in path
    ]
