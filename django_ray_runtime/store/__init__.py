"""The queue's storage: one contract, one file per database."""

from django.db import connections

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.store.base import Store
from django_ray_runtime.store.control import Control
from django_ray_runtime.store.liveness import Liveness, Released
from django_ray_runtime.store.postgresql import PostgreSQLStore
from django_ray_runtime.store.progress import ProgressRows
from django_ray_runtime.store.pruning import Pruning
from django_ray_runtime.store.schedules import Schedules
from django_ray_runtime.store.sqlite import SQLiteStore
from django_ray_runtime.store.uniques import Uniques
from django_ray_runtime.store.waiting import Waiting

__all__ = [
    "Control",
    "Liveness",
    "ProgressRows",
    "Pruning",
    "Released",
    "Schedules",
    "Store",
    "Uniques",
    "Waiting",
    "get_control",
    "get_liveness",
    "get_progress_rows",
    "get_pruning",
    "get_schedules",
    "get_store",
    "get_uniques",
    "get_waiting",
]

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
    return Liveness(get_store())


def get_waiting() -> Waiting:
    """What becomes due or expires in the same database."""
    return Waiting(runtime_settings().database)


def get_uniques() -> Uniques:
    """The unique keys in the same database."""
    return Uniques(get_store())


def get_control() -> Control:
    """Cancel, requeue, pause, resume in the same database."""
    return Control(get_uniques())


def get_pruning() -> Pruning:
    """The old rows in the same database."""
    return Pruning(runtime_settings().database)


def get_progress_rows() -> ProgressRows:
    """The progress of tasks in the same database."""
    return ProgressRows(runtime_settings().database)


def get_schedules() -> Schedules:
    """The rows of periodic tasks in the same database."""
    return Schedules(runtime_settings().database)
