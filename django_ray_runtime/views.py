"""Pages for machines.

They ask nobody who they are: the project's urls put authentication around them, or keep them
on an address that only its own network reaches.
"""

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from django_ray_runtime.prometheus import render


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The queue in Prometheus' text format; 503 while the database does not answer, which
    Prometheus shows as `up == 0`."""
    try:
        return HttpResponse(render(), content_type=CONTENT_TYPE_LATEST)
    except (DatabaseError, InterfaceError):
        text = "The queue's database does not answer.\n"
        return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8")
