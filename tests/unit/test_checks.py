from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.management import call_command
from django.core.management.base import CommandError

from django_ray_runtime.checks import check_periodic, check_runtime, ray_problems
from django_ray_runtime.doctor import cluster, machine
from django_ray_runtime.doctor.report import Verdict
from tests.support import ROOT, manage

OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "queue.sqlite3", "OPTIONS": OPTIONS}
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql"}

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")


def use(settings: Any, database: dict[str, Any], **runtime: Any) -> None:
    settings.DATABASES = {**settings.DATABASES, "queue": database}
    settings.DJANGO_RAY_RUNTIME = {"DATABASE": "queue", **runtime}


def found(settings: Any, database: dict[str, Any], **runtime: Any) -> list[CheckMessage]:
    use(settings, database, **runtime)
    return check_runtime()


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix("django_ray_runtime.") for message in messages]


def with_options(**options: Any) -> dict[str, Any]:
    return {**SQLITE, "OPTIONS": {**OPTIONS, **options}}


class TestDatabases:
    def test_a_proper_sqlite_passes(self, settings: Any) -> None:
        assert found(settings, SQLITE) == []

    def test_postgresql_passes(self, settings: Any) -> None:
        assert found(settings, POSTGRESQL) == []

    def test_another_database_is_refused(self, settings: Any) -> None:
        assert ids(found(settings, {"ENGINE": "django.db.backends.mysql"})) == ["E003"]

    def test_a_bare_sqlite_is_told_all_that_it_needs(self, settings: Any) -> None:
        messages = found(settings, {"ENGINE": SQLITE["ENGINE"], "NAME": Path("q.sqlite3")})
        assert [message.is_serious() for message in messages] == [True, True, True]
        assert {str(message.id)[-4:]: message.hint for message in messages} == {
            "E004": "Set DATABASES['queue']['OPTIONS']['transaction_mode'] = 'IMMEDIATE'.",
            "E006": "Set DATABASES['queue']['OPTIONS']['init_command'] = "
            "'PRAGMA journal_mode=WAL;'.",
            "E007": "Set DATABASES['queue']['OPTIONS']['timeout'] = 30.",
        }

    def test_the_doctor_tells_them_as_problems(self, settings: Any) -> None:
        use(settings, with_options(timeout=20, init_command=""))
        told = {check.name[-4:]: check.verdict for check in machine.settings()}
        assert told == {"E006": Verdict.PROBLEM, "E007": Verdict.PROBLEM}

    @pytest.mark.parametrize("mode", ["DEFERRED", "EXCLUSIVE", None])
    def test_transactions_that_are_not_immediate_are_refused(
        self, settings: Any, mode: str | None
    ) -> None:
        assert ids(found(settings, with_options(transaction_mode=mode))) == ["E004"]

    @pytest.mark.parametrize("timeout", [29.9, 0, None, "long"])
    def test_a_short_lock_timeout_is_refused(self, settings: Any, timeout: Any) -> None:
        assert ids(found(settings, with_options(timeout=timeout))) == ["E007"]


class TestWriteAheadLog:
    @pytest.mark.parametrize(
        "commands",
        [
            "PRAGMA journal_mode=WAL",
            "pragma  journal_mode =\twal ;",
            "PRAGMA main.journal_mode='WAL';",
            "PRAGMA journal_mode(wal)",
            "PRAGMA synchronous=NORMAL;\nPRAGMA journal_mode = WAL;\nPRAGMA cache_size=-64000;",
            "PRAGMA journal_mode=DELETE; PRAGMA journal_mode=WAL",
        ],
    )
    def test_it_is_known_however_it_is_written(self, settings: Any, commands: str) -> None:
        assert found(settings, with_options(init_command=commands)) == []

    @pytest.mark.parametrize(
        "commands",
        [
            "",
            "PRAGMA journal_mode",
            "PRAGMA journal_mode=DELETE",
            "PRAGMA journal_mode=WAL; PRAGMA journal_mode=DELETE",
            "-- PRAGMA journal_mode=WAL",
            None,
        ],
    )
    def test_its_lack_is_refused(self, settings: Any, commands: str | None) -> None:
        assert ids(found(settings, with_options(init_command=commands))) == ["E006"]

    def test_the_hint_keeps_the_other_commands(self, settings: Any) -> None:
        [message] = found(settings, with_options(init_command="PRAGMA synchronous=NORMAL;"))
        assert str(message.hint).endswith(
            "= 'PRAGMA synchronous=NORMAL; PRAGMA journal_mode=WAL;'."
        )

    @pytest.mark.parametrize("name", [":memory:", "file:memorydb_queue?mode=memory&cache=shared"])
    def test_a_database_in_memory_needs_none(self, settings: Any, name: str) -> None:
        assert found(settings, {**with_options(init_command=""), "NAME": name}) == []

    def test_a_file_that_is_named_like_memory_needs_it(self, settings: Any) -> None:
        database = {**with_options(init_command=""), "NAME": Path("mode=memory")}
        assert ids(found(settings, database)) == ["E006"]


class TestRayElsewhere:
    FAR = ["head:6379", "ray://head:10001", "10.0.0.7:6379", "ray://[2001:db8::1]:10001",
        "tcp://head:8786",
    ]  # fmt: skip
    HERE = [
        "auto", "local", "localhost:6379", "ray://LOCALHOST:10001", "127.0.0.1:6379",
        "ray://127.8.9.10:10001", "[::1]:6379", "nonsense",
    ]  # fmt: skip

    @pytest.fixture(autouse=True)
    def _of_the_queue_alone(self, settings: Any) -> None:
        settings.GENERATION_RESULTS_SHARED = True

    @pytest.mark.parametrize("address", FAR)
    def test_sqlite_is_refused(self, settings: Any, address: str) -> None:
        [message] = found(settings, SQLITE, RAY_ADDRESS=address)
        assert message.id == "django_ray_runtime.E008"
        assert message.is_serious()
        assert address in message.msg
        assert "DATABASE_URL=postgres://" in str(message.hint)

    @pytest.mark.parametrize("address", HERE)
    def test_a_ray_of_this_machine_will_do(self, settings: Any, address: str) -> None:
        assert found(settings, SQLITE, RAY_ADDRESS=address) == []

    @pytest.mark.parametrize("address", [*FAR, *HERE])
    def test_postgresql_takes_any(self, settings: Any, address: str) -> None:
        assert found(settings, POSTGRESQL, RAY_ADDRESS=address) == []

    @pytest.mark.parametrize("address", FAR)
    def test_the_worker_refuses_the_option_before_anything_is_started(
        self, settings: Any, address: str
    ) -> None:
        use(settings, SQLITE)
        [expected] = ray_problems("queue", address)
        with pytest.raises(CommandError) as refused:  # and not: a database that is not there
            call_command("run_ray_worker", "--address", address)
        assert str(refused.value) == f"{expected.msg} {expected.hint}"

    def test_the_worker_refuses_the_setting_too_where_checks_were_skipped(
        self, settings: Any
    ) -> None:
        use(settings, SQLITE, RAY_ADDRESS="ray://head:10001")
        with pytest.raises(CommandError, match="got 'ray://head:10001'"):
            call_command("run_ray_worker", skip_checks=True)

    def test_the_doctor_does_not_try_it(self, settings: Any) -> None:
        use(settings, SQLITE)
        [check] = cluster.ray("ray://head:10001", [], 5)
        assert (check.name, check.verdict) == ("address", Verdict.PROBLEM)
        assert "PostgreSQL" in check.remedy

    def test_an_application_may_refuse_it_too(self, settings: Any) -> None:
        settings.GENERATION_RESULTS_SHARED = False
        assert ids(found(settings, POSTGRESQL, RAY_ADDRESS="head:6379")) == ["generation.E001"]
        with pytest.raises(CommandError, match="RESULTS_SHARED=true"):
            call_command("run_ray_worker", "--address", "head:6379")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run_ray_worker", "check"])
def test_nobody_starts_a_worker_on_a_sqlite_that_will_fail(tmp_path: Path, command: str) -> None:
    lines = [
        "from project.settings import *",
        "from project.settings import DATABASES",
        "DATABASES['default'].update(ENGINE='django.db.backends.sqlite3', NAME='queue.sqlite3')",
        "DATABASES['default']['OPTIONS'] = {'transaction_mode': 'IMMEDIATE', 'timeout': 5}",
    ]
    (tmp_path / "bad_settings.py").write_text("\n".join(lines))
    path = f"{tmp_path}:{ROOT}"
    run = manage(command, cwd=tmp_path, DJANGO_SETTINGS_MODULE="bad_settings", PYTHONPATH=path)
    assert run.returncode == 1
    assert "['OPTIONS']['init_command'] = 'PRAGMA journal_mode=WAL;'." in run.stderr
    assert "['OPTIONS']['timeout'] = 30." in run.stderr
    assert "Traceback" not in run.stderr


def test_a_database_that_is_not_there_is_refused(settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"DATABASE": "elsewhere"}
    assert ids(check_runtime()) == ["E002"]


def test_settings_that_cannot_be_used_are_told(settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"GRACE_SECONDS": "long"}
    [message] = check_runtime()
    assert message.id == "django_ray_runtime.E001"
    assert "got 'long'" in message.msg


class TestPeriodicTasks:
    def test_those_that_are_not_listed_are_named(self, settings: Any) -> None:
        settings.DJANGO_RAY_RUNTIME = {"TASK_MODULES": ["generation", "ray_services", "pages"]}
        [message] = check_periodic()
        assert message.id == "django_ray_runtime.W009"
        assert "'tidy records' (project.tasks.tidy_records)" in message.msg
        assert message.hint is not None
        assert "Add 'project' to TASK_MODULES" in message.hint
        assert "periodic_tasks --disable 'tidy records'" in message.hint

    @pytest.mark.parametrize("listed", [None, ["generation", "ray_services", "pages", "project"]])
    def test_where_all_may_run_nothing_is_told(self, listed: Any, settings: Any) -> None:
        settings.DJANGO_RAY_RUNTIME = {"TASK_MODULES": listed}
        assert check_periodic() == []

    def test_the_command_tells_and_goes_on(self, settings: Any) -> None:
        settings.DJANGO_RAY_RUNTIME = {"TASK_MODULES": ["generation", "ray_services", "pages"]}
        told = StringIO()
        call_command("check", tags=["compatibility"], stderr=told)
        assert "django_ray_runtime.W009" in told.getvalue()
