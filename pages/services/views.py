"""The services and what can be asked of them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pages.access import signed_in


@signed_in
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """All four."""
    return render(request, "pages/services/index.html", {"here": "services"})
