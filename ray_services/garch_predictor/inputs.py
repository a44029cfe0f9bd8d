"""Prices and returns as callers have them: checked, and complained about by row."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput

EVEN = 1e-9
"""Returns whose range is within this share of their size are all the same but for rounding."""

type Floats = NDArray[np.float64]


def numbers(values: ArrayLike, field: str) -> Floats:
    """A copy as one column of finite float64, contiguous and writable. Raises BadInput."""
    try:
        column = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise BadInput(f"expected numbers, got {_shown(values)}.", field=field) from None
    if column.ndim != 1:
        raise BadInput(f"expected one column, got {column.ndim} dimensions.", field=field)
    wrong = np.flatnonzero(~np.isfinite(column))
    if wrong.size:
        raise BadInput(
            f"expected a finite number, got {column[wrong[0]]}.",
            field=field,
            row=int(wrong[0]) + 1,
            remedy="Leave out or fill in rows without a value.",
        )
    return column


def returns_of(values: ArrayLike, window: int, field: str = "returns", before: int = 0) -> Floats:
    """Returns, shape (rows,), of which each window has a variance. Raises BadInput.

    `before` is how many rows of what the caller gave come before the first of these.
    """
    column = numbers(values, field)
    if column.size < window:
        raise BadInput(
            f"expected at least {window:,} returns, as many as a window has, got {column.size:,}.",
            field=field,
            remedy="Give more rows or take a shorter window.",
        )
    seen = sliding_window_view(column, window)
    highest, lowest = seen.max(axis=1), seen.min(axis=1)
    size = np.maximum(np.abs(highest), np.abs(lowest))
    still = np.flatnonzero(highest - lowest <= EVEN * size)
    if still.size:
        first = int(still[0]) + before + 1
        raise BadInput(
            f"the returns of rows {first:,} to {first + window - 1:,} are all "
            f"{column[still[0]]:g}, so they have no variance to model.",
            field=field,
            row=first,
            remedy="Leave out days without trade or take a longer window.",
        )
    return column


def whole_of(values: ArrayLike, least: int, field: str = "returns", before: int = 0) -> Floats:
    """Returns, shape (rows,), at least so many, which have a variance; `before` as above. Raises
    BadInput."""
    column = numbers(values, field)
    if column.size < least:
        raise BadInput(
            f"expected at least {least:,} returns, got {column.size:,}.",
            field=field,
            remedy="Give more rows or take a model of fewer parameters.",
        )
    return returns_of(column, column.size, field, before)


def log_returns(prices: ArrayLike, field: str = "close") -> Floats:
    """log(price of a day / price of the day before), shape (rows - 1,). Raises BadInput."""
    column = numbers(prices, field)
    wrong = np.flatnonzero(column <= 0)
    if wrong.size:
        raise BadInput(
            f"expected a price above 0, got {column[wrong[0]]:g}.",
            field=field,
            row=int(wrong[0]) + 1,
        )
    if column.size < 2:
        raise BadInput(f"expected at least 2 prices, got {column.size}.", field=field)
    differences: Floats = np.diff(np.log(column))
    return differences


def days_of(dates: ArrayLike, rows: int, field: str = "date") -> NDArray[np.datetime64]:
    """As datetime64[D], each later than the one before. Raises BadInput."""
    try:
        days = np.array(dates, dtype="datetime64[D]")
    except (TypeError, ValueError):
        raise BadInput(f"expected dates, got {_shown(dates)}.", field=field) from None
    if days.shape != (rows,):
        raise BadInput(
            f"expected a date for each of {rows:,} prices, got {days.size:,}.", field=field
        )
    if np.isnat(days).any():
        row = int(np.flatnonzero(np.isnat(days))[0]) + 1
        raise BadInput("expected a date, got nothing.", field=field, row=row)
    late = np.flatnonzero(np.diff(days) <= np.timedelta64(0, "D"))
    if late.size:
        row = int(late[0]) + 1
        what = "comes twice" if days[row] == days[row - 1] else f"comes after {days[row - 1]}"
        raise BadInput(
            f"{days[row]} {what}.",
            field=field,
            row=row + 1,
            remedy="Sort the rows by date and keep one of each.",
        )
    return days


def _shown(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= 60 else f"{text[:57]}..."
