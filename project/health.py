"""For load balancers and supervisors; the only addresses that need no user."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from django_ray_runtime.health import verdicts


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests can be served and their tasks run; 503 when not."""
    found = verdicts()
    ready = all(verdict.holds for verdict in found)
    checks = {verdict.name: {"ok": verdict.holds, "detail": verdict.detail} for verdict in found}
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)
