"""What is too large is refused before anything reads it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from ray_services.sizes import too_large


class SizeMiddleware:
    """Refuses bodies above the limit with 413."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refused = too_large(request)
        return self.get_response(request) if refused is None else refused.response(request.path)
