"""Responses under /api/ that come from elsewhere than a router; files in pieces under ASGI."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from django_ray_runtime.rest.problems import CONTENT_TYPE, Problem
from ray_services.sizes import too_large

UNDER = "/api/"
# Said where nobody who knows more said anything. What went wrong inside stays in the log.
DETAILS = {
    400: "The request cannot be understood.",
    403: "You may not do this.",
    404: "There is nothing at this address.",
    405: "This address does not take this method; the header Allow lists those that it takes.",
    500: "This failed for a reason that is not yours. It was logged.",
    503: "Not available at the moment; try again later.",
}


class ProblemMiddleware:
    """Words errors of Django itself (unknown address, wrong method, a crash) as problems, and
    refuses bodies above the limit before anything reads them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(UNDER):
            return self.get_response(request)
        refused = too_large(request)
        if refused is not None:
            return refused.response(request.path)
        return _worded(request, self.get_response(request))


class PiecesMiddleware:
    """Under ASGI Django makes a list of what a synchronous response streams: a whole file in
    memory. Here it is read piece by piece, in threads, as the client takes it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not isinstance(request, ASGIRequest):
            return self.get_response(request)
        response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _pieces(response.streaming_content)  # type: ignore[arg-type]
        return response


async def _pieces(content: Iterable[Any]) -> AsyncIterator[Any]:
    iterator, end = iter(content), object()

    def one() -> Any:
        return next(iterator, end)

    while (piece := await sync_to_async(one, thread_sensitive=False)()) is not end:
        yield piece


def _worded(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    status = response.status_code
    if status < 400 or response.headers.get("Content-Type", "").startswith(CONTENT_TYPE):
        return response
    detail = DETAILS.get(status, DETAILS[500] if status >= 500 else DETAILS[400])
    kept = {name: response.headers[name] for name in ("Allow",) if name in response.headers}
    worded = Problem(status, detail, headers=kept).response(request.path)
    worded.cookies = response.cookies
    # Not response.close(): that would tell Django here and now that the request is over, and
    # close the connections to the database under whoever still has to look at the response.
    worded._resource_closers += response._resource_closers  # type: ignore[attr-defined]
    return worded
