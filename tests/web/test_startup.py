"""What a process of the web part asks for before it serves, and what workers are spared."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT


def test_no_cookie_is_secure_only_unless_told_so(settings) -> None:  # type: ignore[no-untyped-def]
    assert not settings.SESSION_COOKIE_SECURE
    assert settings.SECURE_PROXY_SSL_HEADER is None
    assert settings.SECURE_HSTS_SECONDS == 0


def run(code: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `code` in a process of its own, whose settings come from `environment` alone."""
    given = {"PATH": "/usr/bin:/bin", "DATABASE_URL": f"sqlite:///{folder}/x.sqlite3"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=given | environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def start_pages(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Import what a web server imports."""
    code = (
        "import project.wsgi; from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)"
    )
    return run(code, folder, **environment)


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_pages_are_not_served_without_a_key(server: str, tmp_path: Path) -> None:
    refused = run(f"import project.{server}", tmp_path)
    assert refused.returncode != 0
    assert "Pages need a SECRET_KEY in the environment" in refused.stderr


def test_behind_https_cookies_stay_there(tmp_path: Path) -> None:
    started = start_pages(tmp_path, SECRET_KEY="k" * 50, HTTPS="true")
    assert started.stdout.split() == ["True", "True", "3600"], started.stderr


def test_a_rate_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    refused = start_pages(tmp_path, SECRET_KEY="k", API_RATE="often")
    assert "API_RATE must look like 600/m (or /s, /h, /d), got 'often'." in refused.stderr


def test_commands_and_workers_start_without_a_key_and_without_the_api(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'project.settings'; "
        "import django; django.setup(); "
        "print([name for name in ('ninja', 'whitenoise', 'project.admin') if name in sys.modules])"
    )
    started = run(code, tmp_path)
    assert started.stdout.strip() == "[]", started.stderr
