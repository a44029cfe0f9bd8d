"""System checks: what would only fail later, in a worker, is told at start."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import InvalidSettings


@checks.register(checks.Tags.compatibility)
def check_runtime(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Settings that cannot be used, and databases that cannot carry the queue."""
    try:
        alias = runtime_settings().database
    except InvalidSettings as error:
        return [checks.Error(str(error), id="django_ray_runtime.E001")]
    if alias not in settings.DATABASES:
        return [
            checks.Error(
                f"DJANGO_RAY_RUNTIME['DATABASE'] names {alias!r}, which DATABASES does not have.",
                hint=f"Use one of: {', '.join(settings.DATABASES)}.",
                id="django_ray_runtime.E002",
            )
        ]
    return list(_database_problems(alias))


def _database_problems(alias: str) -> Iterator[checks.CheckMessage]:
    database: dict[str, Any] = settings.DATABASES[alias]
    engine = database["ENGINE"]
    if engine.endswith("postgresql"):
        return
    if not engine.endswith("sqlite3"):
        yield checks.Error(
            f"The queue runs on PostgreSQL or SQLite; database {alias!r} uses {engine}.",
            id="django_ray_runtime.E003",
        )
        return
    options = database.get("OPTIONS", {})
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        yield checks.Error(
            "On SQLite a transaction that reads and then writes fails with 'database is locked'.",
            hint=f"Set DATABASES[{alias!r}]['OPTIONS']['transaction_mode'] = 'IMMEDIATE'.",
            id="django_ray_runtime.E004",
        )
    if float(options.get("timeout", 5)) < 20:
        yield checks.Warning(
            "Several processes write to this SQLite file; a short lock timeout shows as errors.",
            hint=f"Set DATABASES[{alias!r}]['OPTIONS']['timeout'] = 30.",
            id="django_ray_runtime.W001",
        )
