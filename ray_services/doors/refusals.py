"""From what a service refuses to the answer that names the field."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_ray_runtime.rest.problems import FieldError, Problem
from ray_services.common.errors import BadInput, LibraryMissing


@contextmanager
def refusals(source: str = "body", status: int = 422) -> Iterator[None]:
    """Turns BadInput into a Problem, and a library that is not installed into 501. `source` is
    where in the request the values came from."""
    try:
        yield
    except BadInput as error:
        if status != 422:
            raise Problem(status, str(error)) from None
        field = FieldError(source=source, field=error.field or source, detail=str(error))
        raise Problem(422, f"{source}.{error}", errors=[field]) from None
    except LibraryMissing as error:
        raise Problem(501, str(error)) from None
