"""A file as a response: whole, a range of it, or nothing where the client has it (RFC 9110)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from django_ray_runtime.rest.problems import Problem

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class File:
    """What is known of a file; `size` in bytes."""

    name: str
    content_type: str
    size: int
    sha256: str
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'


def file_response(request: HttpRequest, stored: IO[bytes], known: File) -> HttpResponseBase:
    """The answer to a request for this file, which it closes. Raises Problem 412 and 416."""
    try:
        settled = _conditional(request, known)
        if settled is None:
            return _of_bytes(request, stored, known)
    except Problem:
        stored.close()
        raise
    stored.close()
    return settled


def _conditional(request: HttpRequest, known: File) -> HttpResponseBase | None:
    modified = int(known.modified.timestamp())
    settled = get_conditional_response(request, etag=known.etag, last_modified=modified)
    if settled is None:
        return None
    if settled.status_code == 412:
        raise Problem(412, f"The file is not the one that you name; its ETag is {known.etag}.")
    for name, value in _headers(known).items():
        settled[name] = value
    return settled


def _of_bytes(request: HttpRequest, stored: IO[bytes], known: File) -> HttpResponseBase:
    wanted = _wanted(request, known)
    start, stop = wanted or (0, known.size)
    response = FileResponse(
        _Slice(stored, start, stop - start),
        as_attachment=True,
        filename=known.name,
        content_type=known.content_type,
        headers={**_headers(known), "Content-Length": str(stop - start)},
        status=206 if wanted else 200,
    )
    if wanted:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{known.size}"
    return response


def _headers(known: File) -> dict[str, str]:
    return {
        "ETag": known.etag,
        "Last-Modified": http_date(known.modified.timestamp()),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private",
    }


def _wanted(request: HttpRequest, known: File) -> tuple[int, int] | None:
    """The bytes [start, stop) asked for. None: all of them, also where several ranges or other
    units are asked for, which a server may ignore."""
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    unchanged = (known.etag, http_date(known.modified.timestamp()))
    if asked is None or request.headers.get("If-Range", known.etag) not in unchanged:
        return None
    first, last = asked.groups()
    if not first and not last:
        return None
    start = int(first) if first else max(0, known.size - int(last))
    stop = min(int(last) + 1, known.size) if first and last else known.size
    if first and last and int(last) < start:
        return None
    if start >= stop:
        raise Problem(
            416,
            f"The file has {known.size} bytes, of which this range holds none.",
            headers={"Content-Range": f"bytes */{known.size}"},
        )
    return start, stop


class _Slice:
    """So many bytes of a file, as a file to read."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self._file = file
        self._left = length
        file.seek(start)

    def read(self, size: int = -1) -> bytes:
        size = self._left if size < 0 else min(size, self._left)
        piece = self._file.read(size)
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()
