"""Users, tokens, clients and what browsers need for the tests of the web part."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from project.models import ApiToken


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ana")


@pytest.fixture
def staff_user(db: None) -> User:
    return User.objects.create_user("bob", is_staff=True)


@pytest.fixture
def ana(client: Client, user: User) -> Client:
    """A browser in which the user has logged in."""
    client.force_login(user)
    return client


@pytest.fixture
def bearer() -> Callable[[User], Client]:
    """A client that sends a token of the user with every request."""

    def make(user: User, **fields: Any) -> Client:
        _, text = ApiToken.objects.issue(user=user, name="test", **fields)
        return Client(
            enforce_csrf_checks=True,
            raise_request_exception=False,
            headers={"Authorization": f"Bearer {text}"},
        )

    return make


@pytest.fixture
def api(bearer: Callable[[User], Client], user: User) -> Client:
    """A client with a token of an ordinary user."""
    return bearer(user)


@pytest.fixture
def staff(bearer: Callable[[User], Client], staff_user: User, settings: Any) -> Client:
    """A client with a token of a staff user, which may call as often as it likes."""
    settings.API_RATE = (1_000_000, 60)
    return bearer(staff_user)


@pytest.fixture
def results(tmp_path: Path, settings: Any) -> Path:
    """Where the files of games are, for this test alone."""
    settings.GENERATION_RESULTS_DIR = tmp_path / "results"
    return tmp_path / "results"


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Look at the database, or change it, from a thread of its own: while a browser's driver runs,
    Django takes the test's for an async one."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda change: pool.submit(change).result(timeout=30)
        pool.submit(connections.close_all).result(timeout=30)


@pytest.fixture
def complaints() -> list[str]:
    """What the browser reported: refused by the policy, missing files, errors of scripts."""
    return []
