"""The addresses of the one service."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from ray_services.alone import settings
from ray_services.alone.api import make_api


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [path("healthz", healthz), path("", make_api(settings.SERVICE_NAME).urls)]
