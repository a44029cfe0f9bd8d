"""The addresses of the one service."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from django_ray_runtime.rest.problems import Problem
from ray_services.alone import settings
from ray_services.alone.api import make_api


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def nothing_here(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Of an address that there is not."""
    detail = "There is nothing at this address; GET / lists those that there are."
    return Problem(404, detail).response(request.path)


def failed(request: HttpRequest) -> HttpResponse:
    """Of what went wrong inside, which the log tells."""
    detail = "This failed for a reason that is not yours. It was logged."
    return Problem(500, detail).response(request.path)


handler404 = nothing_here
handler500 = failed
urlpatterns = [path("healthz", healthz), path("", make_api(settings.SERVICE_NAME).urls)]
