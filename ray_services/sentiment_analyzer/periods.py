"""Days, weeks, months and quarters: when the period of a date begins, and when the next one does.

Weeks begin on Mondays (ISO 8601).
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput

type Days = NDArray[np.datetime64]
Period = Literal["day", "week", "month", "quarter"]
PERIODS: tuple[str, ...] = get_args(Period)

FIRST_DAY, LAST_DAY = np.datetime64("0001-01-01"), np.datetime64("9998-12-31")
_FIRST_MONDAY = 4  # 1970-01-05, in days since 1970


def check_period(period: str, allowed: tuple[str, ...] = PERIODS) -> None:
    """Raises BadInput for a period that there is not."""
    if period not in allowed:
        raise BadInput(
            f"expected one of {', '.join(allowed)}, got {period!r}.",
            field="period",
            remedy="Choose one of these.",
        )


def demand_calendar(dates: Days, field: str) -> None:
    """Raises BadInput for a day outside the years 1 to 9998: neither it nor the next period could
    be written as a date."""
    outside = (dates < FIRST_DAY) | (dates > LAST_DAY)
    if outside.any():
        row = int(outside.argmax())
        raise BadInput(
            f"expected a day from {FIRST_DAY} to {LAST_DAY}, got {dates[row]}.",
            field=field,
            row=row + 1,
            remedy="Correct the row.",
        )


def period_starts(dates: Days, period: str) -> Days:
    """The first day of each date's period, datetime64[D]."""
    days = dates.astype("datetime64[D]")
    if period == "day":
        return days
    if period == "week":
        numbers = days.astype(np.int64) - _FIRST_MONDAY
        return (numbers - numbers % 7 + _FIRST_MONDAY).astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(np.int64)
    if period == "quarter":
        months -= months % 3
    return months.astype("datetime64[M]").astype("datetime64[D]")


def next_starts(starts: Days, period: str) -> Days:
    """The first day of the period after each that begins on `starts`."""
    if period in ("day", "week"):
        return starts + np.timedelta64(7 if period == "week" else 1, "D")
    months = np.timedelta64(3 if period == "quarter" else 1, "M")
    return (starts.astype("datetime64[M]") + months).astype("datetime64[D]")
