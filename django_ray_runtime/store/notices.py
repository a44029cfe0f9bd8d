"""Telling workers that something can be claimed: NOTIFY on PostgreSQL, after the commit.

A notice that is lost costs the wait until the next look, no more. Within POLL_MIN_SECONDS a
process sends only one: whoever was woken by it looks again that soon.
"""

import time
from functools import partial

from django.db import connections, transaction

from django_ray_runtime.conf import runtime_settings

CHANNEL = "django_ray_runtime"

_told: dict[str, float] = {}


def announce(alias: str) -> None:
    """Tell them once the present transaction is committed, or at once where there is none. What
    goes wrong with it is logged and harms nobody."""
    if connections[alias].vendor == "postgresql":
        transaction.on_commit(partial(_notify, alias), using=alias, robust=True)


def _notify(alias: str) -> None:
    now = time.monotonic()
    if now - _told.get(alias, -1.0) < runtime_settings().poll_min_seconds:
        return
    _told[alias] = now
    with connections[alias].cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
