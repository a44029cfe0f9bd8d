"""Counts of calls need not survive a crash of PostgreSQL, and each call would wait for the disk.

The table is written anew under a lock that every request waits behind: where somebody holds the
table, this gives up soon, changes nothing, and is to be run again.
"""

from typing import Any

from django.db import migrations


def _set(logged: str) -> Any:
    def alter(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("SET LOCAL lock_timeout = '2s'")
            schema_editor.execute(f"ALTER TABLE project_ratewindow SET {logged}")

    return alter


class Migration(migrations.Migration):
    dependencies = [("project", "0001_initial")]
    operations = [migrations.RunPython(_set("UNLOGGED"), _set("LOGGED"))]
