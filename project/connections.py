"""Connections to databases that a response no longer needs, long before it has ended."""

from django.db import connections


def let_go() -> None:
    """Close this thread's connections, as at the end of a request."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
