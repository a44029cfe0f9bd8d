"""The queue's storage: one contract, one file per database."""

from django.db import connections

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.store.base import Store
from django_ray_runtime.store.liveness import Liveness
from django_ray_runtime.store.postgresql import PostgreSQLStore
from django_ray_runtime.store.schedules import Schedules
from django_ray_runtime.store.sqlite import SQLiteStore

__all__ = ["Liveness", "Schedules", "Store", "get_liveness", "get_schedules", "get_store"]

_STORES: dict[str, type[Store]] = {"postgresql": PostgreSQLStore, "sqlite": SQLiteStore}


def get_store() -> Store:
    """The store for the database that DJANGO_RAY_RUNTIME names."""
    alias = runtime_settings().database
    vendor = connections[alias].vendor
    if vendor not in _STORES:
        raise Unusable(f"The queue runs on PostgreSQL or SQLite; database {alias!r} is {vendor}.")
    return _STORES[vendor](alias)


def get_liveness() -> Liveness:
    """The worker rows in the same database."""
    return Liveness(runtime_settings().database)


def get_schedules() -> Schedules:
    """The rows of periodic tasks in the same database."""
    return Schedules(runtime_settings().database)
