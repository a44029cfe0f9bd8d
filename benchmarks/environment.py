"""The project set up for a benchmark: on a database of its own that is gone afterwards."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def project(database: str) -> Iterator[Path]:
    """Django set up on an empty `sqlite` or `postgresql`; yields a folder for files.

    PostgreSQL is started for the occasion, with fsync on. Once per process.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if database == "postgresql":
            from tests.with_postgres import running_postgres

            url = stack.enter_context(running_postgres()).url
        else:
            url = f"sqlite:///{folder}/db.sqlite3"
        os.environ["DATABASE_URL"] = url
        os.environ["RESULTS_DIR"] = str(folder / "results")
        os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        yield folder
        connections.close_all()
