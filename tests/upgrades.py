"""What a migration may do while code of the release before still runs: the rules, and what puts
them to the test. docs/howto/upgrade.md tells how to keep them."""

from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import timezone

from django_ray_runtime.operations import AddIndexConcurrently

# The last migration of each application in the release that is upgraded from. What came before
# was never run beside older code. Moved on with each release.
RELEASED = {
    "django_ray_runtime": "0005_worker_losses",
    "generation": "0004_jobs_by_time",
    "pages": "0001_initial",
    "project": "0001_initial",
    "ray_services": "0001_initial",
    "workflows": "0001_initial",
}
# Millions of rows: a lock for as long as they are read stops the site.
LARGE = {"queuedtask", "attempt", "taskprogress", "generationjob", "auditentry", "calculation"}
# Changes of a field that its column does not notice, or that let it take more than before.
HARMLESS = {"choices", "help_text", "verbose_name", "default", "blank", "editable", "serialize"}

SPLIT = "first let the state forget it (SeparateDatabaseAndState), drop it a release later"


def new_migrations() -> list[Migration]:
    """Those of this project that came after the release."""
    graph = loader().graph
    released = {node for app, name in RELEASED.items() for node in graph.forwards_plan((app, name))}
    heads = [leaf for leaf in graph.leaf_nodes() if leaf[0] in RELEASED]
    plan = {node: None for head in heads for node in graph.forwards_plan(head)}  # in their order
    return [graph.nodes[node] for node in plan if node not in released and node[0] in RELEASED]


@cache
def loader() -> MigrationLoader:
    """All migrations there are, whatever the database has of them."""
    return MigrationLoader(None)


def state_at(*nodes: tuple[str, str]) -> ProjectState:
    """The models as the code of these migrations has them."""
    return loader().project_state(list(nodes))


def unbearable(migration: Migration, before: ProjectState) -> Iterator[str]:
    """What code of the release before, or a site with much data, cannot bear in it."""
    state, changes = before.clone(), 0
    for operation in migration.operations:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            parts = operation.database_operations
            dropped = (operations.RemoveField, operations.DeleteModel)
            found = [part for part in parts if not isinstance(part, dropped)]
        else:
            found = [operation]
        for one in found:
            yield from _wrong_with(one, state, migration)
        changes += not isinstance(operation, (operations.RunPython, operations.RunSQL))
        operation.state_forwards(migration.app_label, state)
    if 0 < changes < len(migration.operations):
        yield "data and tables in one migration: its locks last as long as the data takes"


def _wrong_with(one: Any, state: ProjectState, migration: Migration) -> Iterator[str]:
    name = f"{type(one).__name__} {getattr(one, 'model_name', '') or getattr(one, 'name', '')}"
    model = getattr(one, "model_name", "").lower()
    created = {op.name.lower() for op in migration.operations if hasattr(op, "bases")}
    if not one.reversible:
        yield f"{name}: it cannot be undone; give it its reverse, or a noop"
    if model in created:
        return
    if isinstance(one, (operations.RemoveField, operations.DeleteModel)):
        yield f"{name}: old code still reads it; {SPLIT}"
    elif isinstance(one, (operations.RenameField, operations.RenameModel)):
        yield f"{name}: old code knows the old name; add the new beside it"
    elif isinstance(one, operations.AddField):
        yield from _wrong_with_new(one.field, f"{name}.{one.name}", model)
    elif isinstance(one, operations.AlterField):
        old = state.models[migration.app_label, model].fields[one.name]
        yield from _wrong_with_change(old, one.field, name)
    elif isinstance(one, operations.AddIndex) and not isinstance(one, AddIndexConcurrently):
        if model in LARGE:
            yield f"{name}: writers wait while it is built; use AddIndexConcurrently"
    elif isinstance(one, operations.AddConstraint):
        yield f"{name}: old code may write what it forbids; add it a release after the code"


def _wrong_with_new(field: models.Field, name: str, model: str) -> Iterator[str]:
    if not (field.null or field.has_db_default() or field.many_to_many):
        yield f"{name}: old code inserts without it; give it a db_default or null"
    if model in LARGE and (field.db_index or field.unique):
        yield f"{name}: writers wait while its index is built; add it by AddIndexConcurrently"


def _wrong_with_change(old: models.Field, new: models.Field, name: str) -> Iterator[str]:
    was, now = old.deconstruct(), new.deconstruct()
    changed = {key for key in {*was[3], *now[3]} if was[3].get(key) != now[3].get(key)} - HARMLESS
    if was[1] != now[1]:
        yield f"{name}: another type rewrites the table; add a column beside it"
    if old.null and not new.null:
        yield f"{name}: old code may leave it empty"
    longer = (new.max_length or 0) >= (old.max_length or 0)
    if changed - {"null", "db_default"} - ({"max_length"} if longer else set()):
        yield f"{name}: {', '.join(sorted(changed))} changed"


def use_as_old_code(state: ProjectState) -> int:
    """Insert, read, change and delete a row in each table of this project, by the models of
    `state` on the tables as they are. Returns in how many."""
    used = [model for model in state.apps.get_models() if model._meta.app_label in RELEASED]
    for model in used:
        row = _insert(model)
        found = model._base_manager.get(pk=row.pk)
        found.save(force_update=True)
        model._base_manager.filter(pk=row.pk).update(**{found._meta.pk.attname: row.pk})
        found.delete()
    return len(used)


def _insert(model: Any) -> Any:
    return model._base_manager.create(**dict(_values(model)))


def _values(model: Any) -> Iterator[tuple[str, Any]]:
    for field in model._meta.concrete_fields:
        given = field.has_default() or field.has_db_default() or field.null
        if not given and not isinstance(field, models.AutoField):
            yield field.name, _value(field)


def _value(field: Any) -> Any:
    if field.remote_field:
        return _insert(field.remote_field.model)
    kinds: list[tuple[type, Any]] = [
        (models.UUIDField, uuid4()), (models.DateTimeField, timezone.now()),
        (models.DateField, timezone.localdate()), (models.JSONField, {}),
        (models.BooleanField, False), (models.IntegerField, 1),
        (models.CharField, uuid4().hex[: field.max_length or 8]),
        (models.TextField, "x"),
    ]  # fmt: skip
    return next(value for kind, value in kinds if isinstance(field, kind))
