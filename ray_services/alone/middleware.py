"""What is too large, or comes from a page of somebody else, is refused before anything reads it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from django_ray_runtime.rest.problems import Problem
from ray_services.sizes import too_large


class SizeMiddleware:
    """Refuses bodies above the limit with 413."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refused = too_large(request)
        return self.get_response(request) if refused is None else refused.response(request.path)


class ForeignPageMiddleware:
    """Refuses with 403 what a browser sends on behalf of a page from elsewhere. Without tokens
    every page that somebody on this machine looks at could call otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            return Problem(403, "Pages from elsewhere may not call this.").response(request.path)
        return self.get_response(request)
