"""Errors as problem details (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypedDict

from django.http import HttpResponse

LONGEST = 2_000
CONTENT_TYPE = "application/problem+json"


def _object(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


# The document as JSON Schema, for the documentation of an API.
SCHEMA = _object(
    ["type", "title", "status", "detail", "instance"],
    type={"type": "string", "format": "uri-reference"},
    title={"type": "string"},
    status={"type": "integer"},
    detail={"type": "string", "description": "What is wrong, and what to do."},
    instance={"type": "string", "format": "uri-reference"},
    errors={
        "type": "array",
        "description": "Each value that is not valid; with 422 only.",
        "items": _object(
            ["source", "field", "detail"],
            source={"type": "string"},
            field={"type": "string"},
            detail={"type": "string"},
        ),
    },
)


class FieldError(TypedDict):
    """What is wrong with one value. `source` is body, query, path, header, cookie, form or file;
    `field` names it within, with dots: `options.numbers.3`."""

    source: str
    field: str
    detail: str


class Problem(Exception):
    """Ends a request with `status` and a problem document; `detail` says what to do.

    Raise it anywhere under a router. `kind` is the document's `type`, a URI; without one the
    status says it all. `headers` go into the response, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str = "",
        kind: str = "about:blank",
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.kind = kind
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def document(self, instance: str) -> dict[str, Any]:
        """The body of the response; `instance` is the path that was asked for."""
        content: dict[str, Any] = {
            "type": self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        return content | ({"errors": self.errors} if self.errors else {})

    def response(self, instance: str) -> HttpResponse:
        body = json.dumps(self.document(instance)).encode()
        # Said here, because some are made outside the middleware that says it otherwise.
        headers = {**self.headers, "Content-Length": str(len(body))}
        return HttpResponse(body, status=self.status, content_type=CONTENT_TYPE, headers=headers)


def invalid(source: str, field: str, detail: str) -> Problem:
    """422 for one value that only a router can judge, in the form of all validation errors."""
    detail = detail[:LONGEST]  # some quote what was sent
    error = FieldError(source=source, field=field, detail=detail)
    return Problem(422, f"{source}.{field}: {detail}", errors=[error])


def described(answers: Mapping[int, str]) -> dict[str, Any]:
    """For an operation's `openapi_extra`: what each of its statuses says. For those that fail
    it is the `detail` of an example."""
    return {"responses": {status: _described(status, text) for status, text in answers.items()}}


def _described(status: int, text: str) -> dict[str, Any]:
    if status < 400:
        return {"description": text}
    example = Problem(status, text).document("/api/v1/…")
    content = {CONTENT_TYPE: {"schema": SCHEMA, "example": example}}
    return {"description": HTTPStatus(status).phrase, "content": content}
