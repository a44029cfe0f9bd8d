"""A ledger for each test, and servers that may be stopped."""

from collections.abc import Iterator

import dj_database_url
import pytest
from django.core.management import call_command
from django.db import connection

from tests.faults.ledger import ledger
from tests.with_postgres import Postgres, running_postgres


@pytest.fixture
def a_ledger(transactional_db: None) -> Iterator[None]:
    """An empty ledger, where `tests.faults.tasks.work` writes its runs."""
    with ledger():
        yield


@pytest.fixture(scope="session")
def _own_server() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def own_postgres(transactional_db: None, _own_server: Postgres) -> Iterator[Postgres]:
    """A PostgreSQL that the test may stop, never the one it was given; this process and the
    workers it starts use it until the test ends, with an empty ledger."""
    if connection.vendor != "postgresql":
        pytest.skip("runs with the tests on PostgreSQL")
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(dj_database_url.parse(_own_server.url))
    try:
        call_command("migrate", verbosity=0)
        call_command("flush", interactive=False, verbosity=0)
        with ledger():
            yield _own_server
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(before)
