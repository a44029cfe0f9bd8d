"""What a worker costs: the statements that its connections have the server run, CPU, memory.

A worker connects as a role of its own, and only for that role does the server count statements
(pg_stat_statements). What the benchmark itself asks meanwhile is not among them.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

from benchmarks.worker import Worker

# Loaded, but counting for nobody unless the role says so.
COUNTING = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "none",
}
ROLE = "counted"
SETTLE = 3.0
"""Seconds after the last task before a worker counts as idle."""


@dataclass(frozen=True, slots=True)
class Used:
    """By one worker, over some time."""

    seconds: float
    statements: int
    supervisor_cpu: float
    child_cpu: float


def counted_role(url: str) -> str:
    """Create the role whose statements are counted. Returns the DATABASE_URL with it."""
    from django.db import connection

    password = secrets.token_hex(16)
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_stat_statements")
        cursor.execute(f"CREATE ROLE {ROLE} LOGIN SUPERUSER PASSWORD '{password}'")
        cursor.execute(f"ALTER ROLE {ROLE} SET pg_stat_statements.track = 'top'")
    parts = urlsplit(url)
    return parts._replace(netloc=f"{ROLE}:{password}@{parts.hostname}:{parts.port}").geturl()


def statements() -> int:
    """How many the server has run for the role, transaction control included."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE userid = %s::regrole",
            [ROLE],
        )
        return int(cursor.fetchone()[0])


def used(worker: Worker, action: Callable[[], object]) -> Used:
    """What the worker uses while this is done."""
    processes = worker.supervisor, worker.child
    before, began = statements(), time.monotonic()
    cpu_before = [_cpu_seconds(process) for process in processes]
    action()
    cpu = [_cpu_seconds(p) - b for p, b in zip(processes, cpu_before, strict=True)]
    return Used(time.monotonic() - began, statements() - before, *cpu)


def idle(worker: Worker, seconds: float) -> Used:
    """What it uses while there is nothing to do."""
    time.sleep(SETTLE)
    return used(worker, lambda: time.sleep(seconds))


def megabytes(worker: Worker) -> float:
    """Memory of the worker's process that it shares with nobody."""
    return float(worker.child.memory_full_info().uss) / 1e6


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
