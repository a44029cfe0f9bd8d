"""Whether the database can be used, told in one line where it cannot."""

from datetime import UTC, datetime

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.executor import MigrationExecutor

from django_ray_runtime.exceptions import NotMigrated, Unusable


def demand_database(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Raise Unusable when the database does not answer, NotMigrated when it lacks tables."""
    connection = connections[alias]
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unusable(
            f"The database {alias!r} does not answer: {first}. Check the server, and its address "
            "in DATABASES."
        ) from None
    if missing:
        raise NotMigrated(
            f"The database {alias!r} lacks {len(missing)} migrations "
            f"(first: {missing[0][0]}). Run `manage.py migrate`."
        )


_CLOCK = {
    "postgresql": "SELECT clock_timestamp()",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
}


def database_now(alias: str = DEFAULT_DB_ALIAS) -> datetime:
    """The clock by which leases, heartbeats and due times are decided."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK[connection.vendor])
        [(value,)] = cursor.fetchall()
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
