"""`manage.py up`: one command, a user with a password that is shown once, and a clean end."""

import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import pytest

from project.management.commands.up import _secret_key
from tests.support import ROOT, environment, lives, manage, wait_until
from tests.with_postgres import free_port

pytestmark = [pytest.mark.slow, pytest.mark.acceptance]


@contextmanager
def up(folder: Path, port: int) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """The command and its output, once it has said where to go."""
    log = folder / "up.log"
    extra = {
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "SECRET_KEY": "of this test",
        "RESULTS_DIR": str(folder / "results"), "WEB_WARM_UP": "false",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "up", "--port", str(port)]
    command += ["--worker", "executor=sequential"]
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(**extra), stdout=file, stderr=file, text=True
        )
    try:

        def is_open() -> bool:
            assert process.poll() is None, log.read_text()
            return "Open http://" in log.read_text()

        wait_until(is_open, "it says where to go", 180)
        yield process, log
    finally:
        process.terminate()
        process.wait(timeout=60)


def logs_in(port: int, password: str) -> bool:
    """Through the form, as a browser does."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"http://127.0.0.1:{port}/login/"
    html = opener.open(address).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    assert token is not None
    form = {"username": "local", "password": password, "csrfmiddlewaretoken": token[1]}
    answer = opener.open(urllib.request.Request(address, urlencode(form).encode()))
    return str(answer.url).endswith(f":{port}/")


def test_one_command_starts_all_of_it_and_ends_it(tmp_path: Path) -> None:
    port = free_port()
    with up(tmp_path, port) as (process, log):
        password = re.search(r"the password (\S+)", log.read_text())
        assert password is not None
        assert logs_in(port, password[1])
        assert not logs_in(port, "another")
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 4  # gunicorn and its worker, ours and its child
        process.send_signal(signal.SIGHUP)  # as when its terminal is closed
        assert process.wait(timeout=60) == 0
        assert not [one for one in family if lives(one)]
    with up(tmp_path, port) as (_, log):
        assert "password" not in log.read_text()
        assert logs_in(port, password[1])


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = manage("up", "--port", port, DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3")
    assert found.returncode == 1
    assert "make up PORT=8080" in found.stderr
    assert not (tmp_path / "db.sqlite3").exists()


def test_the_key_is_made_once_and_for_its_user_alone(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BASE_DIR = tmp_path
    monkeypatch.delenv("SECRET_KEY", raising=False)
    first = _secret_key()
    assert len(first) >= 50
    assert _secret_key() == first
    assert stat.S_IMODE((tmp_path / ".secret-key").stat().st_mode) == 0o600
    monkeypatch.setenv("SECRET_KEY", "given")
    assert _secret_key() == "given"
