"""The values of an INSERT of rows that differ in few columns."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connections

from django_ray_runtime.models import QueuedTask

_DIFFERING = ("limit_key", "unique_key")
_SAME = ("state", "task_path", "backend", "queue_name", "priority")


def insertion(sql: str, rows: Sequence[QueuedTask], alias: str) -> tuple[str, dict[str, Any]]:
    """The statement, for a set of rows or for a single one, and its values. `expires_at` is an
    expression where it is counted from the database's clock, and is written into the statement."""
    first = rows[0]
    connection = connections[alias]
    text = connection.vendor == "sqlite"  # it has neither UUIDs nor JSON as types
    differing = [
        {
            "id": row.id.hex,
            "args": json.dumps(row.args) if text else row.args,
            "kwargs": json.dumps(row.kwargs) if text else row.kwargs,
            **{name: getattr(row, name) for name in _DIFFERING},
        }
        for row in rows
    ]
    values: dict[str, Any] = {name: getattr(first, name) for name in _SAME}
    if "%(rows)s" in sql:
        values["rows"] = json.dumps(differing)
    else:
        texts = {name: json.dumps(getattr(first, name)) for name in ("args", "kwargs")}
        values |= differing[0] | texts
    values["options"] = json.dumps(first.options)
    values["run_after"] = _moment(connection, first.run_after)
    expiry = "NULL"
    if first.expires_at is not None and hasattr(first.expires_at, "resolve_expression"):
        compiler = QueuedTask.objects.using(alias).query.get_compiler(using=alias)
        resolved = first.expires_at.resolve_expression(compiler.query)
        expiry, parameters = compiler.compile(resolved)
        for number, value in enumerate(parameters):
            values[f"expiry{number}"] = value
            expiry = expiry.replace("%s", f"%(expiry{number})s", 1)
    elif first.expires_at is not None:
        expiry, values["expires_at"] = "%(expires_at)s", _moment(connection, first.expires_at)
    return sql.format(expires_at=expiry), values


def _moment(connection: Any, value: Any) -> Any:
    return None if value is None else connection.ops.adapt_datetimefield_value(value)
