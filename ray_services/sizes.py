"""How large a request may be; what is larger is refused before anything reads it."""

from django.conf import settings
from django.http import HttpRequest

from django_ray_runtime.rest.problems import Problem

UPLOADS = ("/data-sets", "/data-sets/")  # of the API, and of pages
ENVELOPE = 65_536  # bytes of the parts around an uploaded file


def limit_at(path: str) -> int | None:
    """The most bytes of a body: MAX_BODY_BYTES, or MAX_UPLOAD_BYTES where files are uploaded."""
    if path.endswith(UPLOADS):
        most: int = settings.MAX_UPLOAD_BYTES + ENVELOPE
        return most
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def refusal(path: str, length: str) -> Problem | None:
    """The refusal of a body that says it has `length` bytes; None where it may have them."""
    limit = limit_at(path)
    if limit is None or not length.isdecimal() or int(length) <= limit:
        return None
    return Problem(413, f"The body has {length} bytes; at most {limit} are accepted.")


def too_large(request: HttpRequest) -> Problem | None:
    """The refusal of a request whose body is too large; else None.

    Without a length a body counts as empty under WSGI; under ASGI its bytes are counted as they
    come (`project.bodies`).
    """
    return refusal(request.path_info, request.META.get("CONTENT_LENGTH") or "0")
