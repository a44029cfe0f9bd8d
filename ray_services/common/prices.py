"""Prices of many tickers over the same days: long tables made wide, and parts of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.tables import Kind, read_table

type Floats = NDArray[np.float64]
type Days = NDArray[np.datetime64]

FIELDS = ("open", "high", "low", "close", "adj_close", "volume")
NEEDED: dict[str, Kind] = {"date": "date", "ticker": "text", "adj_close": "number"}
OPTIONAL: dict[str, Kind] = {name: "number" for name in FIELDS if name not in NEEDED}
RETURNS = ("log", "simple")


@dataclass(frozen=True, slots=True)
class Panel:
    """`dates` (rows,), ascending; `fields` by name, (rows, tickers), NaN where there is nothing."""

    dates: Days
    tickers: tuple[str, ...]
    fields: Mapping[str, Floats]
    sha256: str = ""
    """Of the file that it was read from."""

    def has(self, ticker: str) -> bool:
        """Whether there are prices of it."""
        return ticker in self.tickers

    def columns(self, tickers: Sequence[str]) -> list[int]:
        """Where tickers stand; raises BadInput for those that are not there."""
        places = {ticker: place for place, ticker in enumerate(self.tickers)}
        for ticker in tickers:
            if ticker not in places:
                near = get_close_matches(ticker.upper(), self.tickers, n=3, cutoff=0.5)
                raise BadInput(
                    f"{ticker!r} is not among the {len(self.tickers)} tickers with prices.",
                    field="tickers",
                    remedy=f"There are {', '.join(near or self.tickers[:5])}.",
                )
        return [places[ticker] for ticker in tickers]

    def between(self, start: Any = None, end: Any = None) -> Self:
        """The days from `start` to `end`, both included; None is the first or the last."""
        days = self.dates
        first = 0 if start is None else int(np.searchsorted(days, np.datetime64(start, "D")))
        stop = len(days)
        if end is not None:
            stop = int(np.searchsorted(days, np.datetime64(end, "D"), side="right"))
        if first >= stop:
            raise BadInput(
                f"no prices between {start} and {end}; they go from {self.dates[0]} to "
                f"{self.dates[-1]}.",
                field="start",
            )
        fields = {name: values[first:stop] for name, values in self.fields.items()}
        return type(self)(days[first:stop], self.tickers, fields, self.sha256)

    def prices(self, tickers: Sequence[str], field: str = "adj_close") -> Floats:
        """Of some tickers, (rows, n); raises BadInput where one lacks a day."""
        values = self.fields[field][:, self.columns(tickers)]
        lacking = np.isnan(values)
        if lacking.any():
            row, column = (int(place) for place in np.argwhere(lacking)[0])
            raise BadInput(
                f"{tickers[column]} has no price on {self.dates[row]}.",
                field=tickers[column],
                row=row + 1,
                remedy="Take days on which all tickers have prices, or leave it out.",
            )
        return values

    def returns(self, tickers: Sequence[str]) -> Floats:
        """Simple returns a day of adjusted prices, (rows - 1, n)."""
        prices = self.prices(tickers)
        return prices[1:] / prices[:-1] - 1.0

    def daily_returns(self, tickers: Sequence[str], kind: str = "log") -> Floats:
        """Of adjusted prices, (rows, n): `log`, the difference of logarithms, or `simple`. NaN on
        the first day, and where a price or the one before lacks."""
        prices = self.fields["adj_close"][:, self.columns(tickers)]
        found = np.full_like(prices, np.nan)
        if kind == "log":
            found[1:] = np.diff(np.log(prices), axis=0)
        else:
            found[1:] = prices[1:] / prices[:-1] - 1.0
        return found


def read_prices(source: Path | bytes, name: str = "prices.parquet") -> Panel:
    """The prices of a CSV or Parquet file: a row for each day and ticker, with `date`, `ticker`,
    `adj_close`, and those of FIELDS that there are. Raises BadInput, also for a single day."""
    table = read_table(source, NEEDED, name, OPTIONAL)
    panel = panel_of(table.columns, table.sha256)
    if len(panel.dates) < 2:
        raise BadInput(
            "expected prices of at least two days, got 1.",
            field="date",
            remedy="A return needs two closes.",
        )
    return panel


def panel_of(columns: Mapping[str, NDArray[Any]], sha256: str = "") -> Panel:
    """A panel of a long table's columns: date, ticker and those of FIELDS that there are.

    Rows may come in any order; raises BadInput for a day that a ticker has twice, and for prices
    that are not positive.
    """
    tickers, column = _coded(columns["ticker"])
    dates, row = np.unique(columns["date"], return_inverse=True)
    if not len(dates):
        raise BadInput("expected at least one row of prices.", field="date")
    place = row.astype(np.int64) * len(tickers) + column
    _refuse_twice(place, columns, tickers, column)
    fields = {}
    for name in FIELDS:
        if name in columns:
            values = np.asarray(columns[name], np.float64)
            _refuse_negative(values, name)
            wide = np.full(len(dates) * len(tickers), np.nan)
            wide[place] = values
            fields[name] = wide.reshape(len(dates), len(tickers))
    return Panel(dates, tickers, fields, sha256)


def _coded(values: NDArray[Any]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The different texts, sorted, and which of them each row has."""
    coded = pa.array(values, pa.string()).dictionary_encode()
    if coded.null_count:
        row = coded.is_null().index(pa.scalar(True)).as_py() + 1
        raise BadInput("expected a ticker, got nothing.", field="ticker", row=row)
    known = coded.dictionary.to_pylist()
    order = sorted(range(len(known)), key=known.__getitem__)
    rank = np.empty(len(known), np.int64)
    rank[order] = np.arange(len(known))
    return tuple(known[place] for place in order), rank[coded.indices.to_numpy()]


def _refuse_twice(
    place: NDArray[np.int64],
    columns: Mapping[str, NDArray[Any]],
    tickers: tuple[str, ...],
    column: NDArray[np.int64],
) -> None:
    order = np.argsort(place, kind="stable")
    again = np.flatnonzero(np.diff(place[order]) == 0)
    if len(again):
        row = int(order[again + 1].min())
        raise BadInput(
            f"{tickers[column[row]]} has a second row for {columns['date'][row]}.",
            field="date",
            row=row + 1,
            remedy="Keep one row for each day and ticker.",
        )


def _refuse_negative(values: Floats, name: str) -> None:
    least = 0.0 if name == "volume" else np.nextafter(0.0, 1.0)
    wrong = values < least  # False for NaN, which is a price that is not there
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(f"expected a positive number, got {values[row]:g}.", field=name, row=row + 1)
