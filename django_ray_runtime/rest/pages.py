"""Long lists, a page at a time, newest first.

A page starts after the last row of the one before (keyset), not at an offset: the thousandth
page costs what the first one does, and rows that come or go meanwhile shift nothing.

    @router.get("/things", response=Page[ThingOut])
    def list_things(request: HttpRequest, page: Query[PageQuery]) -> PageOf[Thing]:
        return paginate(Thing.objects.all(), page)
"""

import base64
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from ninja import Field, Schema

from django_ray_runtime.rest.problems import invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class PageQuery(Schema):
    """The part of the query string that says which page."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many at most.")
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before.")


class Page[Item](Schema):
    """The response: some items, and where the next page begins."""

    items: list[Item]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")


class PageOf[Row](TypedDict):
    """What a view returns for a `Page`."""

    items: list[Row]
    next: str | None


def paginate[Row: Model](rows: QuerySet[Row], page: PageQuery, *, field: str = "pk") -> PageOf[Row]:
    """The page of `rows` that `page` asks for, ordered by `field` from the highest down.

    `field` must be unique, and say what is newer: a UUID version 7 or a serial number.
    Raises Problem 422 for a cursor that did not come from a page of this list.
    """
    found = rows.order_by(f"-{field}")
    if page.cursor is not None:
        found = found.filter(**{f"{field}__lt": _decode(page.cursor, rows, field)})
    # One more than asked for tells whether there is a next page.
    items = list(found[: page.limit + 1])
    more = len(items) > page.limit
    items = items[: page.limit]
    return {"items": items, "next": _encode(getattr(items[-1], field)) if more else None}


def _encode(value: Any) -> str:
    return base64.urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def _decode(cursor: str, rows: QuerySet[Any], field: str) -> Any:
    meta = rows.model._meta
    column = meta.pk if field == "pk" else meta.get_field(field)
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        value = column.to_python(text)
        if _encode(value) != cursor:
            raise ValueError(cursor)
    except (ValueError, ValidationError):
        raise invalid(
            "query", "cursor", "expected `next` of the page before, or no cursor for the first page"
        ) from None
    return value
