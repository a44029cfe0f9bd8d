"""The reader's language: of pages only, for programs are answered in English."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

ENGLISH_ONLY = ("/api/", "/admin/", "/metrics", "/healthz", "/readyz")


class PageLocaleMiddleware(LocaleMiddleware):
    """Django's own, for everything else than what programs and the admin ask for."""

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(ENGLISH_ONLY):
            # What an earlier request of this thread activated would stay.
            translation.activate("en")
        else:
            super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path_info.startswith(ENGLISH_ONLY):
            return response
        return super().process_response(request, response)
