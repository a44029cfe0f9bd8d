"""Checks of parameters: each refuses with the field's name, what was expected and what came."""

import re
from datetime import date, datetime
from math import isfinite
from typing import Any

import numpy as np

from ray_services.common.errors import BadInput

MOST_BARS = 100_000


class Contradiction(BadInput):
    """Two parameters that are each fine but not together; a grid leaves such sets out."""


def whole(field: str, value: Any, least: int, most: int = MOST_BARS) -> None:
    """A whole number within bounds."""
    fits = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not fits or not least <= value <= most:
        raise BadInput(
            f"expected a whole number from {least:,} to {most:,}, got {value!r}.", field=field
        )


def number(field: str, value: Any, least: float, most: float, *, above: bool = False) -> None:
    """A number within bounds; the lower one is left out with `above`."""
    fits = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
    if not fits or not isfinite(value) or not least <= value <= most or (above and value == least):
        bound = f"above {least:g}" if above else f"of at least {least:g}"
        raise BadInput(f"expected a number {bound} and up to {most:g}, got {value!r}.", field=field)


def in_order(smaller: str, small: float, larger: str, large: float, *, equal: bool = False) -> None:
    """One parameter below another, or not above it with `equal`."""
    if not (small <= large if equal else small < large):
        bound = "at most" if equal else "less than"
        raise Contradiction(
            f"expected {bound} {larger}, which is {large:g}, got {small:g}.", field=smaller
        )


def one_of(field: str, value: Any, known: tuple[str, ...]) -> None:
    """One of some words."""
    if value not in known:
        raise BadInput(f"expected one of {', '.join(known)}, got {value!r}.", field=field)


def clock_minute(field: str, value: Any) -> int:
    """The minute of the day of a text such as 15:55."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    if found is None:
        raise BadInput(f"expected a time of day such as 15:55, got {value!r}.", field=field)
    return int(found[1]) * 60 + int(found[2])


def as_day(field: str, value: str | date | np.datetime64) -> np.datetime64:
    """The day of an ISO text, a date or a time."""
    refused = BadInput(f"expected a date such as 2023-01-31, got {value!r}.", field=field)
    try:
        day = np.datetime64(value.date() if isinstance(value, datetime) else value, "D")
    except (TypeError, ValueError):
        raise refused from None
    if np.isnat(day):
        raise refused
    return day
