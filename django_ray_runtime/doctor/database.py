"""The queue's database: whether it answers, how it is set, and its clock."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import connections

from django_ray_runtime.checks import LOCK_SECONDS, WRITE_AHEAD_LOG
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.doctor.report import Check, ok, problem, warning
from django_ray_runtime.exceptions import NotMigrated, Unusable
from django_ray_runtime.overview import workers
from django_ray_runtime.readiness import database_now, demand_database

SKEW_SECONDS = 1.0
CROWDED = 0.8  # of max_connections
_SAMPLES = 5
_AREA = "database"


def answers() -> Iterator[Check]:
    """Whether it can be reached, is new enough, and has our tables."""
    alias = runtime_settings().database
    try:
        demand_database(alias)
    except NotMigrated as error:
        yield problem(_AREA, "migrations", str(error), "Run manage.py migrate.")
        return
    except Unusable as error:
        yield problem(
            _AREA, "reachable", str(error), "Start the server, or correct its address in DATABASES."
        )
        return
    connection = connections[alias]
    found, needed = connection.get_database_version(), _needed(connection)
    told = f"{connection.display_name} {'.'.join(map(str, found))}"
    if found < needed:
        remedy = f"Django needs {'.'.join(map(str, needed))} or newer."
        yield problem(_AREA, "version", told, remedy)
    else:
        yield ok(_AREA, "version", told)
    yield ok(_AREA, "migrations", "All are applied.")


def settings() -> Iterator[Check]:
    """What of the server's, or of SQLite's, settings matters to a queue."""
    alias = runtime_settings().database
    check = {"sqlite": _sqlite, "postgresql": _postgresql}[connections[alias].vendor]
    yield from check(alias)


def clock() -> Iterator[Check]:
    """Whether this machine's clock agrees with the database's."""
    alias = runtime_settings().database
    skew = measure_skew(lambda: database_now(alias), time.time)
    told = f"This machine's clock and the database's differ by {abs(skew):.2f} s."
    if abs(skew) <= SKEW_SECONDS:
        yield ok(_AREA, "clock", told)
        return
    yield warning(
        _AREA,
        "clock",
        told,
        "Synchronise both (chrony, systemd-timesyncd). The queue decides by the database's "
        "clock alone, but a run_after or an expiry computed here is off by as much.",
    )


def measure_skew(ask: Callable[[], datetime], clock: Callable[[], float]) -> float:
    """Seconds by which the database's clock is ahead of ours (negative: behind), less what the
    round trip can explain: the quickest of some answers is the surest."""
    best = (float("inf"), 0.0)
    for _ in range(_SAMPLES):
        began = clock()
        theirs = ask().timestamp()
        ended = clock()
        best = min(best, (ended - began, theirs - (began + ended) / 2))
    trip, offset = best
    sure = max(0.0, abs(offset) - trip / 2)
    return sure if offset > 0 else -sure


def _sqlite(alias: str) -> Iterator[Check]:
    journal = str(_value(alias, "PRAGMA journal_mode")).lower()
    if journal == "wal":
        yield ok(_AREA, "journal", "journal_mode is wal: readers do not wait for a writer.")
    else:
        remedy = f"Set OPTIONS['init_command'] = {WRITE_AHEAD_LOG!r}, on a disk of this machine."
        told = f"journal_mode is {journal}: readers and writers wait for each other."
        yield warning(_AREA, "journal", told, remedy)
    wait = int(_value(alias, "PRAGMA busy_timeout")) / 1000
    told = f"A writer waits up to {wait:g} s for another."
    if wait >= LOCK_SECONDS:
        yield ok(_AREA, "locking", told)
    else:
        yield warning(_AREA, "locking", told, f"Set OPTIONS['timeout'] = {LOCK_SECONDS}.")
    level = {0: "off", 1: "normal", 2: "full", 3: "extra"}.get(
        int(_value(alias, "PRAGMA synchronous")), "unknown"
    )
    if level == "off":
        remedy = "Set PRAGMA synchronous=NORMAL."
        yield warning(_AREA, "durability", "synchronous is off: a crash may break it.", remedy)
    else:
        yield ok(_AREA, "durability", f"synchronous is {level}.")


def _postgresql(alias: str) -> Iterator[Check]:
    fsync, commit = _value(alias, "SHOW fsync"), _value(alias, "SHOW synchronous_commit")
    told = f"fsync is {fsync}, synchronous_commit is {commit}."
    if fsync == "off":
        remedy = "Set fsync = on, unless this data may be lost with the machine."
        yield warning(_AREA, "durability", told, remedy)
    else:
        yield ok(_AREA, "durability", told)
    isolation = _value(alias, "SHOW transaction_isolation")
    if isolation == "read committed":
        yield ok(_AREA, "isolation", "Transactions are read committed.")
    else:
        yield problem(
            _AREA,
            "isolation",
            f"Transactions are {isolation}: claims that meet fail instead of going on.",
            "Leave default_transaction_isolation and OPTIONS['isolation_level'] at READ COMMITTED.",
        )
    if _value(alias, "SHOW autovacuum") == "off":
        remedy = "Set autovacuum = on: a queue updates every row several times."
        yield warning(_AREA, "autovacuum", "autovacuum is off.", remedy)
    else:
        yield ok(_AREA, "autovacuum", "autovacuum is on.")
    yield _connections(alias)


def _connections(alias: str) -> Check:
    """Room for what the workers may open: supervisor, child and its listener one each, and one
    per slot."""
    allowed = int(_value(alias, "SHOW max_connections"))
    allowed -= int(_value(alias, "SHOW superuser_reserved_connections"))
    used = int(_value(alias, "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL"))
    needed = sum(3 + worker.concurrency for worker in workers())
    told = f"{used} of {allowed} connections are used; the living workers may need {needed}."
    if max(used, needed) <= CROWDED * allowed:
        return ok(_AREA, "connections", told)
    remedy = "Raise max_connections, lower --concurrency, or put a pooler in between."
    return warning(_AREA, "connections", told, remedy)


def _needed(connection: Any) -> tuple[int, ...]:
    return tuple(connection.features.minimum_database_version)


def _value(alias: str, sql: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        [(value,)] = cursor.fetchall()
    return value
