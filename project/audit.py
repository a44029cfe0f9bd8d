"""Keeps who changed what, and who logged in, as AuditEntry rows."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from django_ray_runtime.rest.audit import audit, changed
from project.addresses import client_address, neighbourhood

LOGGED_IN, LOGGED_OUT, FAILED = "log in", "log out", "fail to log in"
LOGIN = "login"
KNOWN_FOR = timedelta(days=90)
MOST_KNOWN = 200
"""Logins of an account that are looked through for an address."""


@receiver(changed, dispatch_uid="project.audit")
def record(*, request: HttpRequest, action: str, kind: str, object_id: str, **_: Any) -> None:
    """One row per reported change, in the transaction of the change."""
    from project.models import ApiToken, AuditEntry

    token = getattr(request, "auth", None)
    AuditEntry.objects.create(
        user=request.user if request.user.is_authenticated else None,
        token=token.hint if isinstance(token, ApiToken) else "",
        action=action,
        kind=kind,
        object_id=object_id[:200],
        address=client_address(request),
    )


def note_login(request: HttpRequest, action: str, username: str) -> None:
    """That somebody logged in, out, or failed to, with the account's name.

    A name that no account has is not kept: it may be a password, typed in the wrong field.
    """
    if not hasattr(request, "user"):  # made by a program, not sent by anybody
        return
    users = get_user_model()
    known = users._default_manager.filter(**{users.USERNAME_FIELD: username}).exists()
    audit(request, action, LOGIN, username if known else "(no such account)")


def knows_address(request: HttpRequest, username: str) -> bool:
    """Whether this account was logged in to from this address lately."""
    from project.models import AuditEntry

    logins = AuditEntry.objects.filter(
        kind=LOGIN, object_id=username, action=LOGGED_IN, at__gt=timezone.now() - KNOWN_FOR
    )
    known = logins.order_by("-id").values_list("address", flat=True)[:MOST_KNOWN]
    here = client_address(request)
    return here is not None and neighbourhood(here) in set(map(neighbourhood, known))
