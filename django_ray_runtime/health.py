"""Whether this process can serve, as verdicts that may be shown to anyone."""

import logging
from dataclasses import dataclass
from functools import cache

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.workers import has_recent_worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was looked at. `detail` names no host, user or error of the database."""

    name: str
    holds: bool
    detail: str


def verdicts() -> list[Verdict]:
    """Database, migrations and workers, each told apart; costs three small queries."""
    aliases = list(dict.fromkeys([DEFAULT_DB_ALIAS, runtime_settings().database]))
    silent = [alias for alias in aliases if not _answers(alias)]
    if silent:
        return [
            Verdict("database", False, f"no answer from: {', '.join(silent)}"),
            Verdict("migrations", False, "not known without the database"),
            Verdict("worker", False, "not known without the database"),
        ]
    return [Verdict("database", True, "answers"), _migrations(aliases), _worker()]


def _answers(alias: str) -> bool:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        # The error may hold addresses and user names: it goes to the log only.
        logger.warning("The database %r does not answer", alias, exc_info=True)
        return False
    return True


def _migrations(aliases: list[str]) -> Verdict:
    try:
        recorders = [MigrationRecorder(connections[alias]) for alias in aliases]
        missing = [_leaves() - recorder.applied_migrations().keys() for recorder in recorders]
    except Error:
        logger.warning("The table of migrations cannot be read", exc_info=True)
        return Verdict("migrations", False, "not known: their table cannot be read")
    if any(missing):
        return Verdict("migrations", False, "some are missing: run `manage.py migrate`")
    return Verdict("migrations", True, "all applied")


@cache
def _leaves() -> frozenset[tuple[str, str]]:
    """The last migration of each app. Files do not change while a process runs."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _worker() -> Verdict:
    try:
        recent = has_recent_worker()
    except Error:
        logger.warning("The table of workers cannot be read", exc_info=True)
        return Verdict("worker", False, "not known: its table cannot be read")
    if recent:
        return Verdict("worker", True, "one is alive")
    return Verdict("worker", False, "none is alive: run `manage.py run_ray_worker`")
