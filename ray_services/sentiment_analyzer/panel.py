"""Closing prices as a table of days and tickers, and their returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.tables import Kind, read_table
from ray_services.sentiment_analyzer.periods import Days
from ray_services.sentiment_analyzer.records import coded, refuse_repeats

type Numbers = NDArray[np.float64]

KINDS: dict[str, Kind] = {"date": "date", "ticker": "text", "adj_close": "number"}
"""The columns of the file; others are ignored."""

RETURNS = ("log", "simple")


@dataclass(frozen=True, eq=False)
class PricePanel:
    """Adjusted closes, shape (days, tickers), NaN where there is none; both axes ascending."""

    days: Days
    tickers: tuple[str, ...]
    prices: Numbers
    sha256: str

    @cached_property
    def _places(self) -> dict[str, int]:
        return {ticker: place for place, ticker in enumerate(self.tickers)}

    def has(self, ticker: str) -> bool:
        """Whether there are prices of it."""
        return ticker in self._places

    def returns_of(self, tickers: Sequence[str], kind: str = "log") -> Numbers:
        """Daily returns of tickers that there are, shape (days, tickers): `log`, the difference of
        logarithms, or `simple`. NaN on the first day, and where a price or the one before lacks."""
        prices = self.prices[:, [self._places[ticker] for ticker in tickers]]
        found = np.full_like(prices, np.nan)
        if kind == "log":
            found[1:] = np.diff(np.log(prices), axis=0)
        else:
            found[1:] = prices[1:] / prices[:-1] - 1
        return found


def read_panel(source: Path | bytes, name: str = "prices.parquet") -> PricePanel:
    """The prices of a CSV or Parquet file with the columns of KINDS, a row for each day and ticker.

    Raises BadInput for a column that is missing or of another kind, a row without ticker, a price
    that is not above 0, a day that a ticker has twice, or fewer than two days.
    """
    table = read_table(source, KINDS, name)
    tickers, codes = coded(table["ticker"], "ticker")
    price = table["adj_close"]
    if (price <= 0).any():
        row = int((price <= 0).argmax())
        raise BadInput(
            f"expected a price above 0, got {price[row]:g}.",
            field="adj_close",
            row=row + 1,
            remedy="Correct it, or leave it empty.",
        )
    refuse_repeats(table["date"], codes, tickers)
    days, day = np.unique(table["date"], return_inverse=True)
    if len(days) < 2:
        raise BadInput(
            f"expected prices of at least two days, got {len(days)}.",
            field="date",
            remedy="A return needs two closes.",
        )
    prices = np.full((len(days), len(tickers)), np.nan)
    prices[day, codes] = price
    return PricePanel(days, tickers, prices, table.sha256)
