"""The settings that production runs with, in processes of their own: Django's own advice, plain
http that is sent to https, and health checks that get through."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "HTTPS": "true",
    "ALLOWED_HOSTS": "queue.example.org",
    "TRUSTED_PROXIES": "1",
}
ASK = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
import django
django.setup()
from django.test import Client
for asked in sys.argv[1:]:
    scheme, host, path = asked.replace("://", " ").replace("/", " /", 1).split()
    answer = Client(SERVER_NAME=host).get(path, headers={"x-forwarded-proto": scheme})
    told = [answer.headers.get(name) for name in ("Location", "Strict-Transport-Security")]
    print(answer.status_code, *(one for one in told if one))
"""


def run(folder: Path, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    given = {"PATH": os.defpath, "DATABASE_URL": f"sqlite:///{folder}/x.sqlite3"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env=given | environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def answers(folder: Path, *addresses: str, **environment: str) -> list[str]:
    """Status, place and promise of each answer."""
    asked = run(folder, "-c", ASK, *addresses, **environment)
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.splitlines()


def test_django_has_nothing_to_advise_against_production(tmp_path: Path) -> None:
    command = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    checked = run(tmp_path, *command, **PRODUCTION)
    assert checked.returncode == 0, checked.stderr
    assert "no issues (1 silenced)" in checked.stdout


@pytest.mark.slow
def test_http_is_sent_to_https_but_for_health(tmp_path: Path) -> None:
    login, behind_proxy, *health = answers(
        tmp_path,
        "http://queue.example.org/login/",
        "https://queue.example.org/healthz",
        "http://queue.example.org/healthz",
        "http://localhost/healthz",
        "http://127.0.0.1/healthz",
        **PRODUCTION,
    )
    assert login == "301 https://queue.example.org/login/"
    assert behind_proxy == "200 max-age=3600; includeSubDomains"
    assert set(health) == {"200"}


@pytest.mark.slow
def test_redirects_and_promises_can_be_left_to_a_proxy(tmp_path: Path) -> None:
    changes = {"HTTPS_REDIRECT": "false", "HSTS_SECONDS": "60", "HSTS_SUBDOMAINS": "false"}
    plain, promised, other = answers(
        tmp_path,
        "http://queue.example.org/nothing",
        "https://queue.example.org/nothing",
        "https://other.example.org/nothing",
        **(PRODUCTION | changes),
    )
    assert plain == "404"
    assert promised == "404 max-age=60"
    assert other == "400 max-age=60"


@pytest.mark.slow
def test_who_asks_to_be_in_the_lists_of_browsers_says_so(tmp_path: Path) -> None:
    [listed] = answers(
        tmp_path, "https://queue.example.org/healthz", **(PRODUCTION | {"HSTS_PRELOAD": "true"})
    )
    assert listed == "200 max-age=3600; includeSubDomains; preload"
