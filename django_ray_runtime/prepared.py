"""Queries that are asked hundreds of times a second: put into SQL once, not at each asking.

Django builds a query and its SQL anew every time, which for one row takes longer than the database.
"""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import ModelIterable


class Given(Expression):
    """Stands in a query for a value, such as `field` takes, that is told at the asking."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self._name, self._field = name, field

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def told(self, values: dict[str, Any], connection: Any) -> Any:
        """What the database is to get for it."""
        return self._field.get_db_prep_value(values[self._name], connection)


class PreparedQuery[M: Model]:
    """The query of models that `build` makes, with `Given` for what differs between askings.

    `build` is called once for each thread and its connection, so its query, and a router's choice
    of the database, must depend on nothing else. What it defers, joins and annotates is as in any
    query; it can have no `prefetch_related`, which is a query of its own.
    """

    def __init__(self, build: Callable[[], QuerySet[M]]) -> None:
        self._build = build
        self._in_thread = threading.local()

    def first(self, **values: Any) -> M | None:
        """The first of the rows that it finds, or None. It adds no limit, and puts no order."""
        known = getattr(self._in_thread, "known", None)
        if known is None or connections[known.alias] is not known.compiler.connection:
            known = self._in_thread.known = _Compiled(self._build())
        return next(iter(known.ask(values)), None)


class _Compiled[M: Model]:
    """A query with its SQL, for one connection."""

    def __init__(self, queryset: QuerySet[M]) -> None:
        assert not queryset._prefetch_related_lookups  # type: ignore[attr-defined]  # noqa: S101
        self.alias = queryset.db
        self.compiler = queryset.query.get_compiler(using=self.alias)
        self._sql, self._parameters = self.compiler.as_sql()
        converters = self.compiler.get_converters([column for column, *_ in self.compiler.select])
        self.compiler.get_converters = lambda expressions: converters
        # What Django makes models of rows with asks the query for a compiler, and that for SQL.
        queryset.query.get_compiler = lambda using: self.compiler  # type: ignore[method-assign,assignment,misc]
        self._models: ModelIterable[M] = ModelIterable(queryset)

    def ask(self, values: dict[str, Any]) -> "ModelIterable[M]":
        connection = self.compiler.connection
        parameters = tuple(
            one.told(values, connection) if isinstance(one, Given) else one
            for one in self._parameters
        )
        self.compiler.as_sql = lambda: (self._sql, parameters)
        return self._models
