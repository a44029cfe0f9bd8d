"""Counts of calls need not survive a crash of PostgreSQL, and each call would wait for the disk."""

from typing import Any

from django.db import migrations


def _set(logged: str) -> Any:
    def alter(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE project_ratewindow SET {logged}")

    return alter


class Migration(migrations.Migration):
    dependencies = [("project", "0001_initial")]
    operations = [migrations.RunPython(_set("UNLOGGED"), _set("LOGGED"))]
