"""Telling workers that something can be claimed, or will be due: NOTIFY on PostgreSQL, after the
commit. On SQLite they see by the file that somebody has written.

A notice that is lost costs the wait until the next look, no more. Within POLL_MIN_SECONDS a
process sends only one of a kind: whoever was woken by it looks again that soon.
"""

import time
from enum import StrEnum
from functools import partial

from django.db import connections, transaction

from django_ray_runtime.conf import runtime_settings

CHANNEL = "django_ray_runtime"


class Notice(StrEnum):
    """What workers are told."""

    NOW = "now"  # something can be claimed
    LATER = "later"  # something will be due, or expires


_told: dict[tuple[str, Notice], float] = {}


def announce(alias: str, notice: Notice = Notice.NOW) -> None:
    """Tell them once the present transaction is committed, or at once where there is none. What
    goes wrong with it is logged and harms nobody."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return
    if connection.in_atomic_block or connection.get_autocommit():
        transaction.on_commit(partial(_notify, alias, notice), using=alias, robust=True)
    else:  # the caller commits by hand, and the notice arrives with that
        _send(alias, notice)


def is_told(alias: str, notice: Notice) -> bool:
    """Whether this process has sent such a notice so short ago that another is not needed."""
    since = time.monotonic() - _told.get((alias, notice), float("-inf"))
    return since < runtime_settings().poll_min_seconds


def note_told(alias: str, notice: Notice) -> None:
    """Such a notice was sent just now."""
    _told[alias, notice] = time.monotonic()


def _notify(alias: str, notice: Notice) -> None:
    if not is_told(alias, notice):
        _send(alias, notice)
        note_told(alias, notice)


def _send(alias: str, notice: Notice) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}, '{notice}'")
