"""Whose prices, over which days, and how much of each."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from ray_services.common.bodies import Body, Data

Ticker = Annotated[str, Field(min_length=1, max_length=20)]
Tickers = Annotated[list[Ticker], Field(min_length=1, max_length=500)]
Rate = Annotated[float, Field(gt=-1, lt=1, description="A rate a year.")]
Level = Annotated[float, Field(gt=0.5, lt=1)]
Weights = Annotated[
    dict[str, float] | None,
    Field(description="By ticker, 1 together; all alike where none are given."),
]
MOST_DAYS = 2_500
"""About how many days there are, where nobody says when they end."""


class DaysIn(Body):
    """Over which days; all there are where none are given."""

    data: Data = Field(None, description="SHA-256 of a data set of prices that you uploaded.")
    start: dt.date | None = None
    end: dt.date | None = None

    def days(self) -> int:
        """About how many there are."""
        if self.start is None:
            return MOST_DAYS
        end = self.end or dt.date(self.start.year + 10, 1, 1)
        return max(0, min(MOST_DAYS, (end - self.start).days * 252 // 365))


class PeriodIn(DaysIn):
    """Some tickers, over some days."""

    tickers: Tickers


class BesideIn(Body):
    """What it is put beside."""

    benchmark: Ticker | None = Field(
        None, description="A ticker of the data; SPY where none is given and there is one."
    )
    risk_free: Rate = 0.0
