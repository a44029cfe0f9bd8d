"""What people wrote about tickers, by the day: posts, comments, likes, impressions, sentiment."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.common.tables import Kind, read_table
from ray_services.sentiment_analyzer.periods import Days, demand_calendar

type Numbers = NDArray[np.float64]

KINDS: dict[str, Kind] = {
    "date": "date",
    "symbol": "text",
    "twitterPosts": "number",
    "twitterComments": "number",
    "twitterLikes": "number",
    "twitterImpressions": "number",
    "twitterSentiment": "number",
}
"""The columns of the file; others are ignored."""

MOST_TICKERS = 10_000
LEAST_COUNT, LARGEST_COUNT = 1e-9, 1e15
"""Of a count that is not 0: sums and ratios of such ones are numbers."""

COUNTS = ("twitterPosts", "twitterComments", "twitterLikes", "twitterImpressions")


@dataclass(frozen=True, eq=False)
class Records:
    """A row for each day and ticker that anything is known of; NaN where a figure is not given.

    `symbols` are the tickers there are, ascending; `codes` says which of them a row is of. Rows are
    in the order of the file.
    """

    dates: Days
    codes: NDArray[np.int64]
    symbols: tuple[str, ...]
    posts: Numbers
    comments: Numbers
    likes: Numbers
    impressions: Numbers
    sentiment: Numbers
    sha256: str

    def __len__(self) -> int:
        return len(self.dates)

    @cached_property
    def _rows(self) -> list[NDArray[np.int64]]:
        order = np.argsort(self.codes, kind="stable")
        return np.split(order, np.searchsorted(self.codes[order], np.arange(1, len(self.symbols))))

    def rows_of(self, symbol: str) -> NDArray[np.int64]:
        """The places of a ticker's rows, in the order of the file. Raises BadInput where there is
        no such ticker."""
        return self._rows[self.code_of(symbol)]

    def code_of(self, symbol: str) -> int:
        """Which ticker it is, written in capitals or not. Raises BadInput where there is none."""
        return known_symbols([symbol], self.symbols)[0]


def known_symbols(
    wanted: Sequence[str], symbols: Sequence[str], field: str = "tickers"
) -> list[int]:
    """Where each wanted ticker is in `symbols`. Raises BadInput for those that are not."""
    places = {symbol: place for place, symbol in enumerate(symbols)}
    found: list[int] = []
    for row, name in enumerate(wanted, 1):
        symbol = name.strip().upper() if isinstance(name, str) else name
        if not isinstance(symbol, str) or symbol not in places:
            near = get_close_matches(str(symbol), symbols, 3)
            raise BadInput(
                f"expected a ticker of the data, got {name!r}.",
                field=field,
                row=row,
                remedy=f"Did you mean {' or '.join(near)}?"
                if near
                else f"There are {len(symbols)}, from {symbols[0]} to {symbols[-1]}."
                if symbols
                else "The data holds none.",
            )
        found.append(places[symbol])
    return found


def read_records(source: Path | bytes, name: str = "sentiment_data.csv") -> Records:
    """The records of a CSV or Parquet file with the columns of KINDS.

    Raises BadInput for a column that is missing or of another kind, no row, a row without ticker,
    too many tickers, a count that is none, a sentiment outside -1 to 1, or a day that a ticker has
    twice.
    """
    table = read_table(source, KINDS, name)
    if not table.rows:
        raise BadInput(f"{name} has no rows.", field="date", remedy="Give at least one.")
    demand_calendar(table["date"], "date")
    symbols, codes = coded(table["symbol"], "symbol")
    if len(symbols) > MOST_TICKERS:
        raise BadInput(
            f"expected up to {MOST_TICKERS:,} tickers, got {len(symbols):,}.",
            field="symbol",
            remedy="Give fewer at a time.",
        )
    for column in COUNTS:
        _demand(
            _is_count(table[column]),
            table[column],
            column,
            f"a count of 0, or from {LEAST_COUNT:g} to {LARGEST_COUNT:g}, or nothing",
            "Correct the row.",
        )
    sentiment = table["twitterSentiment"]
    _demand(
        ~(np.abs(sentiment) > 1),
        sentiment,
        "twitterSentiment",
        "a sentiment from -1 to 1, or nothing",
        "Scale it, or leave it empty.",
    )
    refuse_repeats(table["date"], codes, symbols)
    posts, comments, likes, impressions = (table[column] for column in COUNTS)
    return Records(
        table["date"], codes, symbols, posts, comments, likes, impressions, sentiment, table.sha256
    )


def coded(names: NDArray[np.object_], field: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The different tickers, in capitals, ascending, and which of them each row has. Raises
    BadInput for a row without one."""
    clean = {name: name.strip().upper() if isinstance(name, str) else "" for name in set(names)}
    if "" in clean.values():
        row = next(row for row, name in enumerate(names, 1) if not clean[name])
        raise BadInput(
            "expected a ticker, got nothing.", field=field, row=row, remedy="Name it, or drop it."
        )
    symbols = tuple(sorted(set(clean.values())))
    places = {symbol: place for place, symbol in enumerate(symbols)}
    number = {name: places[symbol] for name, symbol in clean.items()}
    return symbols, np.fromiter(map(number.__getitem__, names), np.int64, len(names))


def refuse_repeats(
    dates: Days, codes: NDArray[np.int64], symbols: Sequence[str], field: str = "date"
) -> None:
    """Raises BadInput for a ticker that has a day twice."""
    days = dates.astype(np.int64)
    order = np.lexsort((np.arange(len(days)), days, codes))
    same = (np.diff(days[order]) == 0) & (np.diff(codes[order]) == 0)
    if same.any():
        row = int(order[1:][same].min())
        raise BadInput(
            f"{symbols[codes[row]]} has {dates[row]} a second time.",
            field=field,
            row=row + 1,
            remedy="Keep one row for each ticker and day.",
        )


def _is_count(values: Numbers) -> NDArray[np.bool_]:
    inside = (values >= LEAST_COUNT) & (values <= LARGEST_COUNT)
    holds: NDArray[np.bool_] = np.isnan(values) | (values == 0) | inside
    return holds


def _demand(
    holds: NDArray[np.bool_], values: Numbers, field: str, expected: str, remedy: str
) -> None:
    if not holds.all():
        row = int((~holds).argmax())
        raise BadInput(
            f"expected {expected}, got {values[row]:g}.", field=field, row=row + 1, remedy=remedy
        )
