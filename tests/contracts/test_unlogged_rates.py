"""The counts of calls are kept UNLOGGED on PostgreSQL, and becoming so keeps nobody waiting."""

from importlib import import_module

import psycopg
import pytest
from django.apps import apps
from django.db import OperationalError, connection

from tests.support import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

change = import_module("project.migrations.0002_unlogged_rates")._set


@pytest.fixture(autouse=True)
def _on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such tables")


def kind() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'project_ratewindow'")
        return str(cursor.fetchone()[0])


def test_a_table_that_somebody_reads_is_left_as_it_was_soon() -> None:
    assert kind() == "u"
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT FROM project_ratewindow")
        with (
            pytest.raises(OperationalError, match="lock timeout"),
            connection.schema_editor() as editor,
        ):
            change("LOGGED")(apps, editor)
    assert kind() == "u"
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_publication_that_names_it_must_let_go_of_it_first() -> None:
    with connection.cursor() as cursor:
        with connection.schema_editor() as editor:
            change("LOGGED")(apps, editor)
        cursor.execute("CREATE PUBLICATION all_but FOR TABLE project_ratewindow")
        try:
            with (
                pytest.raises(Exception, match="publication"),
                connection.schema_editor() as editor,
            ):
                change("UNLOGGED")(apps, editor)
            cursor.execute("ALTER PUBLICATION all_but DROP TABLE project_ratewindow")
            with connection.schema_editor() as editor:
                change("UNLOGGED")(apps, editor)
        finally:
            cursor.execute("DROP PUBLICATION all_but")
    assert kind() == "u"
