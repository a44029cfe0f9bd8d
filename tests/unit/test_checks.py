from typing import Any

import pytest

from django_ray_runtime.checks import check_runtime

GOOD = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
}


def found(settings: Any, **database: Any) -> list[str]:
    settings.DATABASES = {**settings.DATABASES, "queue": {**GOOD, **database}}
    settings.DJANGO_RAY_RUNTIME = {"DATABASE": "queue"}
    return [str(message.id) for message in check_runtime()]


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
class TestDatabases:
    def test_a_proper_sqlite_passes(self, settings: Any) -> None:
        assert found(settings) == []

    def test_postgresql_passes(self, settings: Any) -> None:
        assert found(settings, ENGINE="django.db.backends.postgresql") == []

    def test_sqlite_without_immediate_transactions_is_refused(self, settings: Any) -> None:
        assert found(settings, OPTIONS={"timeout": 30}) == ["django_ray_runtime.E004"]

    def test_a_short_lock_timeout_is_warned_of(self, settings: Any) -> None:
        options = {"transaction_mode": "IMMEDIATE"}
        assert found(settings, OPTIONS=options) == ["django_ray_runtime.W001"]

    def test_another_database_is_refused(self, settings: Any) -> None:
        assert found(settings, ENGINE="django.db.backends.mysql") == ["django_ray_runtime.E003"]


def test_a_database_that_is_not_there_is_refused(settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"DATABASE": "elsewhere"}
    assert [message.id for message in check_runtime()] == ["django_ray_runtime.E002"]


def test_settings_that_cannot_be_used_are_told(settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"GRACE_SECONDS": "long"}
    [message] = check_runtime()
    assert message.id == "django_ray_runtime.E001"
    assert "got 'long'" in message.msg
