"""What a web process refuses to start with, and what no setting turns off."""

from pathlib import Path

import pytest

from tests.web.test_startup import run

KEY = "of this test, with enough characters"
SEEN = [{"HTTPS": "true"}, {"TRUSTED_PROXIES": "1"}, {"ALLOWED_HOSTS": "queue.example.org"}]


@pytest.mark.slow
@pytest.mark.parametrize("seen", SEEN)
def test_debugging_and_weak_keys_are_for_a_machine_of_ones_own(
    seen: dict[str, str], tmp_path: Path
) -> None:
    """All in one process: importing the site takes a second."""
    code = (
        "import project.wsgi as site; from django.conf import settings as s\n"
        "from django.core.exceptions import ImproperlyConfigured\n"
        "def told():\n"
        "    try: site.demand_secret_key()\n"
        "    except ImproperlyConfigured as error: return str(error).split()[0]\n"
        "print(told())\n"
        "s.DEBUG = True; print(told()); s.DEBUG = False\n"
        "for key in ('changeme', 'django-insecure-' + 'x' * 50):\n"
        "    s.SECRET_KEY = key; print(told())\n"
    )
    told = run(code, tmp_path, SECRET_KEY=KEY, **seen)
    assert told.stdout.split() == ["None", "DEBUG=true", "SECRET_KEY", "SECRET_KEY"], told.stderr


@pytest.mark.slow
def test_a_site_for_others_does_not_come_up_with_debug(tmp_path: Path) -> None:
    told = run("import project.asgi", tmp_path, DEBUG="true", HTTPS="true", SECRET_KEY=KEY)
    assert told.returncode != 0
    assert "DEBUG=true shows settings and source" in told.stderr


def test_nothing_is_shown_by_default(settings) -> None:  # type: ignore[no-untyped-def]
    assert settings.DEBUG is False
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
    assert settings.X_FRAME_OPTIONS == "DENY"
    assert settings.SECURE_CONTENT_TYPE_NOSNIFF
    assert "*" not in settings.ALLOWED_HOSTS
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
