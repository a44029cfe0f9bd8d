"""A database's entry in DATABASES from one URL, as the queue wants it."""

from django.core.exceptions import ImproperlyConfigured

from django_ray_runtime.checks import LOCK_SECONDS, WRITE_AHEAD_LOG


def database_of(url: str) -> dict[str, object]:
    """Of `sqlite:///PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`; needs dj-database-url.

    Raises ImproperlyConfigured for anything else.
    """
    import dj_database_url

    try:
        # Kept open, and looked at before use: the server may have restarted meanwhile.
        parsed = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
        database: dict[str, object] = dict(parsed)
    except (KeyError, ValueError) as error:
        raise ImproperlyConfigured(
            "DATABASE_URL must look like sqlite:///db.sqlite3 or "
            f"postgres://USER:PASSWORD@HOST:PORT/NAME ({type(error).__name__})."
        ) from None
    if "sqlite" in str(database["ENGINE"]):
        # A transaction that reads and then writes fails at once with "database is
        # locked" unless it takes the write lock when it begins.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": LOCK_SECONDS,
            "init_command": f"{WRITE_AHEAD_LOG} PRAGMA synchronous=NORMAL;",
        }
    else:
        database["OPTIONS"] = {"connect_timeout": 5}
    return database
