"""The site as people meet it: a real web server on the test database."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from tests.support import ROOT, environment, wait_until
from tests.with_postgres import free_port

PASSWORD = "a password for tests"
ENVIRONMENT = {"SECRET_KEY": "of this test", "WEB_WARM_UP": "false", "WEB_CONCURRENCY": "1"}
WEB = ["-m", "gunicorn"]


@contextmanager
def served(log: Path, **extra: str) -> Iterator[str]:
    """The address of the site under gunicorn, until the end of the context."""
    with serving(log, **extra) as (address, _):
        yield address


@contextmanager
def serving(log: Path, **extra: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The same, with gunicorn's master."""
    address = f"127.0.0.1:{free_port()}"
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, *WEB, "--bind", address],
            cwd=ROOT, env=environment(**{**ENVIRONMENT, **extra}), stdout=file, stderr=file,
        )  # fmt: skip

    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        with suppress(URLError, ConnectionError), urlopen(f"http://{address}/healthz") as answer:
            return bool(answer.read() == b"ok\n")
        return False

    try:
        wait_until(answers, "the web server answers", 120)
        yield f"http://{address}", server
    finally:
        server.terminate()
        server.wait(timeout=60)


def add_user(name: str, **values: Any) -> User:
    """A user with PASSWORD, hashed as the server, another process, expects it."""
    hashed = make_password(PASSWORD, hasher="pbkdf2_sha256")
    return User.objects.create(username=name, password=hashed, **values)


def log_in(page: Any, address: str, name: str) -> None:
    """Through the form, to the page at this address."""
    page.goto(address)
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url(address)
