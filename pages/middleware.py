"""The reader's language, and smaller pages: not of what programs ask for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

ENGLISH_ONLY = ("/api/", "/metrics", "/healthz", "/readyz")


class PageLocaleMiddleware(LocaleMiddleware):
    """Django's own, for everything else than what programs ask for."""

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


class PageGZipMiddleware(GZipMiddleware):
    """Django's own, for pages alone: a stream of events would wait for its end, and files are
    asked for in ranges."""

    async_capable = False

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming or not is_page:
            return response
        return super().process_response(request, response)
