"""Tables of the new release under code of the old one, as while a site is upgraded."""

from typing import Any

import pytest
from django.db import IntegrityError, NotSupportedError, connection, models, transaction
from django.db.migrations import Migration, operations

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.operations import AddIndexConcurrently
from tests.upgrades import RELEASED, loader, new_migrations, state_at, unbearable, use_as_old_code

pytestmark = pytest.mark.django_db


def test_code_of_the_last_release_works_on_the_tables_of_now() -> None:
    assert use_as_old_code(state_at(*RELEASED.items())) >= 17


def test_new_migrations_can_be_borne_by_old_code_and_by_large_tables() -> None:
    problems = {
        str(new): list(unbearable(new, before((new.app_label, new.name))))
        for new in new_migrations()
    }
    assert {name: found for name, found in problems.items() if found} == {}


# Both checks on what once was: migrations from before the first release, which no older code met.


def test_code_before_a_column_with_a_default_of_the_database_works() -> None:
    assert use_as_old_code(state_at(("django_ray_runtime", "0004_admin_names")))


@pytest.mark.parametrize(
    "node", [("django_ray_runtime", "0001_initial"), ("generation", "0002_draws")]
)
def test_code_before_a_column_without_one_does_not(node: tuple[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        use_as_old_code(state_at(node))


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (("django_ray_runtime", "0005_worker_losses"), []),
        (("generation", "0002_draws"), []),
        (("generation", "0004_jobs_by_time"), ["use AddIndexConcurrently"]),
        (("generation", "0003_job_outcome"),
         ["exact: old code inserts without it", "idempotency_hash: old", "reason: old",
          "use AddIndexConcurrently", "old code may write what it forbids"]),
    ],
)  # fmt: skip
def test_the_rules_find_what_old_code_could_not_bear(
    node: tuple[str, str], found: list[str]
) -> None:
    told = list(unbearable(loader().graph.nodes[node], before(node)))
    assert len(told) == len(found)
    assert all(part in text for part, text in zip(found, told, strict=True)), told


def before(node: tuple[str, str]) -> Any:
    """The models as they were before that migration."""
    return loader().graph.make_state(nodes=node, at_end=False, real_apps=loader().unmigrated_apps)


def made(*what: Any) -> list[str]:
    migration = Migration("9999_new", "django_ray_runtime")
    migration.operations = list(what)
    return list(unbearable(migration, state_at(*RELEASED.items())))


@pytest.mark.parametrize(
    ("operation", "problem"),
    [
        (operations.RemoveField("worker", "stats"), "old code still reads it"),
        (operations.DeleteModel("LimitKey"), "old code still reads it"),
        (operations.RenameField("worker", "stats", "counts"), "old code knows the old name"),
        (operations.AlterField("worker", "handed", models.JSONField()), "may leave it empty"),
        (operations.AlterField("worker", "id", models.CharField(max_length=9, primary_key=True)),
         "max_length changed"),
        (operations.AlterField("worker", "released", models.TextField()), "another type"),
        (operations.AddField("queuedtask", "tag", models.CharField(null=True, db_index=True)),
         "writers wait"),
        (operations.RunSQL("SELECT 1"), "cannot be undone"),
    ],
)  # fmt: skip
def test_what_old_code_cannot_bear_is_told(operation: Any, problem: str) -> None:
    assert any(problem in text for text in made(operation)), made(operation)


def test_what_old_code_does_not_notice_is_well() -> None:
    forget = operations.SeparateDatabaseAndState(
        state_operations=[operations.RemoveField("worker", "stats")]
    )
    index = models.Index(fields=["task_path"], name="by_path")
    wider = models.CharField(max_length=200, default="")
    assert made(forget) == []
    assert made(operations.AlterField("worker", "executor", wider)) == []
    assert made(operations.AddField("worker", "note", models.TextField(db_default=""))) == []
    assert made(AddIndexConcurrently("queuedtask", index)) == []
    assert made(operations.AddIndex("worker", index)) == []
    assert made(operations.RunSQL("SELECT 1", operations.RunSQL.noop)) == []


def test_data_and_tables_are_changed_apart() -> None:
    column = operations.AddField("worker", "note", models.TextField(null=True))
    data = operations.RunSQL("SELECT 1", operations.RunSQL.noop)
    assert any("in one migration" in text for text in made(column, data))


INDEX = AddIndexConcurrently("queuedtask", models.Index(fields=["task_path"], name="by_path"))


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, QueuedTask._meta.db_table))


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_beside_those_who_write_and_can_be_undone() -> None:
    state = state_at(*RELEASED.items())
    with_it = state.clone()
    INDEX.state_forwards("django_ray_runtime", with_it)
    with connection.schema_editor(atomic=False) as editor:
        INDEX.database_forwards("django_ray_runtime", editor, state, with_it)
    try:
        assert "by_path" in indexes()
    finally:
        with connection.schema_editor(atomic=False) as editor:
            INDEX.database_backwards("django_ray_runtime", editor, with_it, state)
    assert "by_path" not in indexes()


def test_within_a_transaction_it_is_refused_with_what_to_do() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL builds an index beside those who write")
    state = state_at(*RELEASED.items())
    in_vain = pytest.raises(NotSupportedError, match="atomic = False")
    with connection.schema_editor(atomic=False) as editor, in_vain:
        INDEX.database_forwards("django_ray_runtime", editor, state, state)
