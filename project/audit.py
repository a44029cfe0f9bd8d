"""Keeps what routers and admin report as AuditEntry rows."""

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest

from django_ray_runtime.rest.audit import changed
from project.addresses import client_address


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
        object_id=object_id,
        address=client_address(request),
    )
