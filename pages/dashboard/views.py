"""The runtime at work: queues, workers, failures; acting on them in place."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from django_ray_runtime.overview import failures, queues, workers
from pages.access import staff


@staff
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    return render(request, "pages/dashboard/dashboard.html", {"here": "runtime", **_now()})


def _now() -> dict[str, Any]:
    return {"queues": queues(), "workers": workers(), "failures": failures()}
