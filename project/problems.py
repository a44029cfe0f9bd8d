"""Every error under /api/ as a problem document, whoever raised it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema

from django_ray_runtime.rest.problems import CONTENT_TYPE, LONGEST, SCHEMA, FieldError, Problem
from project.middleware import DETAILS

# An answer does not grow with what was sent wrongly.
MOST_ERRORS = 100


class ProblemAPI(NinjaAPI):
    """A NinjaAPI whose errors are problem documents."""

    def set_default_exception_handlers(self) -> None:
        for kind, handler in _HANDLERS.items():
            self.add_exception_handler(kind, handler)

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """With the problem document as the answer of every operation that fails."""
        schema = super().get_openapi_schema(**kwargs)
        schema["components"].setdefault("schemas", {})["Problem"] = SCHEMA
        reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
        failed = {"description": "It failed.", "content": {CONTENT_TYPE: reference}}
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"].setdefault("default", failed)
        return schema

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """With locations as the client knows them: a body's only parameter is the body itself,
        and its name within our function no business of theirs."""
        plain = super().validation_error_from_error_contexts(error_contexts).errors
        errors = iter(plain)
        for context in error_contexts:
            only = getattr(context.model, "__read_from_single_attr__", None)
            for _ in range(context.pydantic_validation_error.error_count()):
                error = next(errors)
                source, *path = error["loc"]
                error["loc"] = (source, *(path[1:] if only and path[:1] == [only] else path))
        return ValidationError(plain)


def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return error.response(request.path)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = list(_field_errors(error.errors[:MOST_ERRORS]))
    total = len(error.errors)
    count = f"{total} values are" if total > 1 else "One value is"
    first = f"; the first {MOST_ERRORS} are named" if total > MOST_ERRORS else ""
    told = f"{count} not valid; see errors{first}."
    return _problem(request, Problem(422, told, errors=errors))


def _field_errors(errors: list[dict[str, Any]]) -> Iterable[FieldError]:
    for error in errors:
        source, *path = (str(part) for part in error["loc"])
        detail = str(error["msg"]).removeprefix("Value error, ")  # pydantic's own words
        yield FieldError(source=source, field=".".join(path)[:LONGEST], detail=detail[:LONGEST])


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    detail = error.message
    if detail in {"", HTTPStatus(error.status_code).phrase}:
        detail = DETAILS.get(error.status_code, detail)
    if isinstance(error, Throttled):
        # ninja itself adds Retry-After to this response.
        detail = "More calls than allowed in one period; wait as long as Retry-After says."
    return _problem(request, Problem(error.status_code, detail))


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return _problem(request, Problem(404, DETAILS[404]))


def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return _problem(request, Problem(403, DETAILS[403]))


def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    # Django logs it, tells what listens to got_request_exception, and makes a response of it,
    # which the middleware words as a problem.
    raise error


_HANDLERS: dict[type[Exception], Any] = {
    Problem: _problem,
    ValidationError: _invalid,
    HttpError: _http_error,
    Http404: _not_found,
    PermissionDenied: _denied,
    Exception: _unforeseen,
}
