"""An index for a large table, built on PostgreSQL while others go on writing."""

from typing import Any

from django.db import NotSupportedError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex


class AddIndexConcurrently(AddIndex):
    """AddIndex with CREATE INDEX CONCURRENTLY where there is such a thing; Django's own of this
    name works on PostgreSQL alone. Its migration says `atomic = False`."""

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        self._change("add_index", app_label, schema_editor, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        self._change("remove_index", app_label, schema_editor, from_state)

    def describe(self) -> str:
        return f"Concurrently create index {self.index.name} on {self.model_name}"

    def _change(
        self, what: str, app_label: str, editor: BaseDatabaseSchemaEditor, state: Any
    ) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(editor.connection.alias, model):
            return
        if editor.connection.vendor != "postgresql":
            getattr(editor, what)(model, self.index)
            return
        if editor.connection.in_atomic_block:
            raise NotSupportedError(
                f"{self.index.name} cannot be built concurrently within a transaction: set "
                "atomic = False on its migration, and let nothing else be in it."
            )
        getattr(editor, what)(model, self.index, concurrently=True)
