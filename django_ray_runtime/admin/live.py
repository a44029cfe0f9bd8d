"""What pages need whose rows change while they are looked at; `live.js` asks every two seconds.

A page names the address to ask in `data-live-url`. Each row that may change has a mark with its
identifier, and within the row (without a table: within the mark) cells with a name. What is asked
answers with the cells of each row by their names, as HTML, and whether the row may change again.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from django.http import JsonResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

MOST_LIVE = 100  # rows that one page keeps up to date

type Piece = SafeString | str


class LiveRow(NamedTuple):
    """A row as it is now: its cells by name, and whether it may still change."""

    cells: Mapping[str, Piece]
    unfinished: bool


class _Row(Protocol):
    @property
    def id(self) -> uuid.UUID: ...


def mark(row_id: uuid.UUID, *, unfinished: bool) -> SafeString:
    """The attributes of the element that marks a row."""
    ending = " data-unfinished" if unfinished else ""
    ending = SafeString(ending)  # nosec  # one of two constants
    return format_html('data-live-id="{}"{}', row_id.hex, ending)


def cell(name: str, piece: Piece) -> SafeString:
    """A piece that the script keeps up to date."""
    return format_html('<span data-live="{}">{}</span>', name, piece)


def ids_in(text: str) -> list[uuid.UUID]:
    """The identifiers that the script asks for: hexadecimal, with dots between."""
    found = []
    for one in text.split(".")[:MOST_LIVE]:
        try:
            found.append(uuid.UUID(one))
        except ValueError:
            continue
    return found


def answer[R: _Row](rows: Iterable[R], look: Callable[[R], LiveRow]) -> JsonResponse:
    """What the script is told: each row as `look` finds it."""
    return JsonResponse({"rows": {row.id.hex: look(row)._asdict() for row in rows}})
