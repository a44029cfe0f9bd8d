"""How large a request may be; what is larger is refused before anything reads it."""

from django.conf import settings
from django.http import HttpRequest

from django_ray_runtime.rest.problems import Problem

UPLOADS = ("/data-sets", "/data-sets/")  # of the API, and of pages
ENVELOPE = 65_536  # bytes of the parts around an uploaded file


def too_large(request: HttpRequest) -> Problem | None:
    """The refusal of a request whose body is larger than MAX_BODY_BYTES, or MAX_UPLOAD_BYTES where
    files are uploaded; else None."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if request.path_info.endswith(UPLOADS):
        limit = settings.MAX_UPLOAD_BYTES + ENVELOPE
    # Without a length a body counts as empty in WSGI, so a length cannot be left out.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if limit is None or not length.isdecimal() or int(length) <= limit:
        return None
    return Problem(413, f"The body has {length} bytes; at most {limit} are accepted.")
