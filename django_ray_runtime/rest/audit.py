"""The report of a change, for whoever keeps a record of them."""

from typing import Any

from django.dispatch import Signal
from django.http import HttpRequest

# Sent with request, action, kind and object_id. An app that is used in other projects cannot
# know where they keep such records.
changed = Signal()


def audit(request: HttpRequest, action: str, kind: str, object_id: Any) -> None:
    """Report that the caller of `request` did `action` to an object: `"cancel", "task", id`.

    To be called once for every change, inside its transaction: a record that cannot be written
    undoes the change.
    """
    changed.send(sender=None, request=request, action=action, kind=kind, object_id=str(object_id))
