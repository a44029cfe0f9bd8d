"""System checks: what would only fail later, in a worker, is told at start."""

import ipaddress
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import InvalidSettings

LOCK_SECONDS = 30  # a writer of SQLite waits for its turn, as long as many others may take
WRITE_AHEAD_LOG = "PRAGMA journal_mode=WAL;"

_JOURNAL_MODE = re.compile(
    r"""\s* PRAGMA \s+ (?: \w+ \s* \. \s* )? journal_mode \s* [=(] \s* ['"]? (\w+) .*""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


@checks.register(checks.Tags.compatibility)
def check_runtime(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Settings that cannot be used, and databases that cannot carry the queue."""
    try:
        runtime = runtime_settings()
    except InvalidSettings as error:
        return [checks.Error(str(error), id="django_ray_runtime.E001")]
    alias = runtime.database
    if alias not in settings.DATABASES:
        return [
            checks.Error(
                f"DJANGO_RAY_RUNTIME['DATABASE'] names {alias!r}, which DATABASES does not have.",
                hint=f"Use one of: {', '.join(settings.DATABASES)}.",
                id="django_ray_runtime.E002",
            )
        ]
    return [*_database_problems(alias), *address_problems(alias, runtime.ray_address)]


@checks.register(checks.Tags.compatibility)
def check_periodic(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Periodic tasks that workers of these settings enqueue, but may not run."""
    from django_ray_runtime.periodic import discover  # models; settings import this module
    from django_ray_runtime.results import is_listed

    try:
        modules = runtime_settings().task_modules
    except InvalidSettings:  # told by check_runtime
        return []
    if modules is None:
        return []
    missing = [one for one in discover().values() if not is_listed(one.task_path, modules)]
    return [
        checks.Warning(
            f"The periodic task {one.name!r} ({one.task_path}) is in none of the packages of "
            f"TASK_MODULES ({', '.join(modules)}): each of its ticks would fail.",
            hint=(
                f"Add {one.task_path.partition('.')[0]!r} to TASK_MODULES, or switch it off: "
                f"manage.py periodic_tasks --disable {shlex.quote(one.name)}."
            ),
            id="django_ray_runtime.W009",
        )
        for one in missing
    ]


type AddressCheck = Callable[[str], list[checks.CheckMessage]]

_of_applications: list[AddressCheck] = []


def address_check(check: AddressCheck) -> AddressCheck:
    """A decorator for an application's own check of where Ray is: `manage.py check` and
    `ray_doctor` give it RAY_ADDRESS, `run_ray_worker` its --address."""
    if check not in _of_applications:
        _of_applications.append(check)
    return check


def is_elsewhere(address: str) -> bool:
    """Whether this address of Ray or Dask names another machine."""
    host = _host_of(address)
    return bool(host) and not _is_loopback(host)


def address_problems(alias: str, address: str) -> list[checks.CheckMessage]:
    """Why tasks cannot run on the Ray at this address: the queue's reasons and those of the
    applications."""
    found = ray_problems(alias, address)
    return found + [problem for check in _of_applications for problem in check(address)]


def ray_problems(alias: str, address: str) -> list[checks.CheckMessage]:
    """Why tasks of this database cannot run on the Ray at this address: a SQLite file is on
    this machine, and the tasks of another would write to a file of their own, or to none."""
    if not _is_sqlite(alias) or not is_elsewhere(address):
        return []
    return [
        checks.Error(
            f"The queue is on SQLite (database {alias!r}), a file of this machine, so tasks must "
            "run here too: expected the address auto, local, or one whose host is localhost, "
            f"127.0.0.1 or [::1]; got {address!r}.",
            hint=(
                "Use PostgreSQL (DATABASE_URL=postgres://USER:PASSWORD@HOST:PORT/NAME), which "
                "other machines reach, or a Ray or Dask of this machine (RAY_ADDRESS or "
                "--address: local, or 127.0.0.1:6379 for one that `ray start --head` started here)."
            ),
            id="django_ray_runtime.E008",
        )
    ]


def _database_problems(alias: str) -> Iterator[checks.CheckMessage]:
    engine = str(settings.DATABASES[alias]["ENGINE"])
    if _is_sqlite(alias):
        yield from _sqlite_problems(alias)
    elif not engine.endswith("postgresql"):
        yield checks.Error(
            f"The queue runs on PostgreSQL or SQLite; database {alias!r} uses {engine}.",
            id="django_ray_runtime.E003",
        )


def _sqlite_problems(alias: str) -> Iterator[checks.CheckMessage]:
    database: dict[str, Any] = settings.DATABASES[alias]
    options = database.get("OPTIONS", {})
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        yield _demand(
            alias, "transaction_mode", "IMMEDIATE", "E004",
            "On SQLite a transaction that reads and then writes fails with 'database is locked'.",
        )  # fmt: skip
    commands = str(options.get("init_command") or "")
    if _journal_mode(commands) != "WAL" and not _is_in_memory(database):
        kept = commands.strip().rstrip(";")
        wanted = f"{kept}; {WRITE_AHEAD_LOG}" if kept else WRITE_AHEAD_LOG
        yield _demand(
            alias, "init_command", wanted, "E006",
            "On SQLite without write-ahead logging those who read and those who write the queue "
            "wait for each other.",
        )  # fmt: skip
    if not _is_long_enough(options.get("timeout", 5)):
        yield _demand(
            alias, "timeout", LOCK_SECONDS, "E007",
            "Several processes write to this SQLite file; a lock timeout of less than "
            f"{LOCK_SECONDS} s shows as 'database is locked'.",
        )  # fmt: skip


def _demand(alias: str, option: str, value: Any, number: str, why: str) -> checks.CheckMessage:
    return checks.Error(
        why,
        hint=f"Set DATABASES[{alias!r}]['OPTIONS'][{option!r}] = {value!r}.",
        id=f"django_ray_runtime.{number}",
    )


def _is_sqlite(alias: str) -> bool:
    return str(settings.DATABASES[alias]["ENGINE"]).endswith("sqlite3")


def _is_in_memory(database: dict[str, Any]) -> bool:
    """A database in memory cannot have a log beside it."""
    name = database.get("NAME")
    if isinstance(name, Path):
        return False
    return ":memory:" in str(name) or "mode=memory" in str(name)


def _journal_mode(commands: str) -> str | None:
    """The mode that these commands end with. Django too takes them apart at each semicolon."""
    found = [_JOURNAL_MODE.fullmatch(command) for command in commands.split(";")]
    return next((match[1].upper() for match in reversed(found) if match), None)


def _is_long_enough(timeout: Any) -> bool:
    try:
        return float(timeout) >= LOCK_SECONDS
    except (TypeError, ValueError):
        return False


def _host_of(address: str) -> str:
    """Of HOST:PORT, ray://HOST:PORT or tcp://HOST:PORT; empty for the words auto and local, and for
    what is no address, which the code for Ray or Dask refuses."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    return host.strip("[]") if port.isdecimal() else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
