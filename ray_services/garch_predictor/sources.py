"""Whose prices an answer is computed from: tickers of our data or a caller's, or prices given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.common.prices import Panel
from ray_services.garch_predictor.asset_bodies import DAILY, AssetIn, AssetsIn
from ray_services.garch_predictor.inputs import Floats, log_returns, returns_of, whole_of
from ray_services.sentiment_analyzer.records import known_symbols

RANGES = ("open", "high", "low", "close")
OWN_PRICES = "prices"
"""What one asset is called whose prices came with the request."""

type Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Returns:
    """Log returns, shape (rows,), and the day and the row of the prices, from 1, of each."""

    name: str
    values: Floats
    days: Days
    """Not a day (NaT) where prices came without days."""
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Asset:
    """The prices of one asset, oldest first."""

    name: str
    prices: ArrayLike
    days: Days | None = None
    """None where prices came with the request."""
    ranges: Mapping[str, Floats] = field(default_factory=dict)
    """Those of RANGES that there are, of the same days."""

    def returns(self, window: int, last: int | None = None, more: int = 0) -> Returns:
        """Of the last so many prices, every window of which has a variance, and at least one
        window and so many returns `more`. Raises BadInput, with the row of the prices."""
        found = self._latest(last)
        self._enough(found.values, window + more)
        returns_of(found.values, window, self.name, before=int(found.rows[0]) - 1)
        return found

    def whole(self, least: int, last: int | None = None) -> Returns:
        """Of the last so many prices, at least so many returns, which have a variance together.
        Raises BadInput."""
        found = self._latest(last)
        self._enough(found.values, least)
        whole_of(found.values, least, self.name, before=int(found.rows[0]) - 1)
        return found

    def dates(self) -> Days:
        """The days; made-up ones, in their order, where there are none."""
        if self.days is not None:
            return self.days
        return np.arange(np.size(np.asarray(self.prices))).astype("datetime64[D]")

    def _latest(self, last: int | None) -> Returns:
        values = log_returns(self.prices, self.name)
        first = max(0, values.size - (last - 1)) if last else 0
        days = self.days
        if days is None:
            days = np.full(values.size + 1, np.datetime64("NaT", "D"), dtype="datetime64[D]")
        rows = np.arange(2, values.size + 2)
        return Returns(self.name, values[first:], days[1:][first:], rows[first:])

    def _enough(self, values: Floats, least: int) -> None:
        if values.size < least:
            raise BadInput(
                f"expected at least {least + 1:,} prices, got {values.size + 1:,}.",
                field=self.name,
                remedy="Give more rows, a shorter window or a model of fewer parameters.",
            )


@dataclass(frozen=True, slots=True)
class Sources:
    """Assets, and the SHA-256 of the data sets that they were taken from, None where none was."""

    assets: tuple[Asset, ...]
    data: str | None
    daily: str | None

    @property
    def named(self) -> dict[str, str | None]:
        """For the answer."""
        return {"data": self.data, "daily": self.daily}

    @property
    def prices(self) -> dict[str, ArrayLike]:
        """By the names of the assets."""
        return {asset.name: asset.prices for asset in self.assets}


def sources_of(body: AssetsIn) -> Sources:
    """The assets asked for by ticker, and the caller's own, which win. Raises BadInput."""
    own = [Asset(name, prices) for name, prices in body.prices.items()]
    asked = [name for name in body.assets if name not in body.prices]
    if not own and not asked:
        raise BadInput(
            "expected at least one asset, got none.",
            field="assets",
            remedy="Name a ticker, or give prices of your own.",
        )
    return _gathered(body.data, body.daily, list(dict.fromkeys(asked)), own, "assets")


def source_of(body: AssetIn) -> Sources:
    """The one asset asked for. Raises BadInput."""
    if body.prices is not None:
        return Sources((Asset(OWN_PRICES, body.prices),), None, None)
    return one_source(body.asset, body.data, body.daily)


def one_source(name: str, data: str | None, daily: str | None = None) -> Sources:
    """An asset by its name. Raises BadInput."""
    return _gathered(data, daily, [name], [], "asset")


def _gathered(
    data: str | None, daily: str | None, asked: list[str], own: list[Asset], field_: str
) -> Sources:
    found: list[Asset] = []
    hashes: dict[str, str] = {}
    for row, name in enumerate(asked, 1):
        ours = data is None and daily is None and name.strip().upper() == own_data.SYMBOL
        if ours or (daily is not None and name == DAILY):
            table = own_data.daily(daily)
            hashes["daily"] = table.sha256
            found.append(Asset(name, table["Adj Close"], table["Date"]))
            continue
        panel = own_data.prices(data)
        hashes["data"] = panel.sha256
        place = _place(name, row if field_ == "assets" else None, panel, field_)
        found.append(_of_panel(name, place, panel))
    return Sources((*found, *own), hashes.get("data"), hashes.get("daily"))


def _place(name: str, row: int | None, panel: Panel, field_: str) -> int:
    """Where a ticker stands, as it is written or in capitals. Raises BadInput."""
    if panel.has(name):
        return panel.tickers.index(name)
    try:
        [place] = known_symbols([name], panel.tickers, field_)
    except BadInput as error:
        raise BadInput(error.message, field=field_, row=row, remedy=error.remedy) from None
    return place


def _of_panel(name: str, place: int, panel: Panel) -> Asset:
    """From its first price to its last. Raises BadInput where it has none, or lacks one between."""
    prices = panel.fields["adj_close"][:, place]
    known = np.flatnonzero(np.isfinite(prices))
    if not known.size:
        raise BadInput(
            "there is no price on any day.", field=name, remedy="Leave it out or give its prices."
        )
    span = slice(int(known[0]), int(known[-1]) + 1)
    gaps = np.flatnonzero(np.isnan(prices[span]))
    if gaps.size:
        row = int(gaps[0])
        raise BadInput(
            f"there is no price on {panel.dates[span][row]}, a day on which others have one.",
            field=name,
            row=row + 1,
            remedy="Fill it in, or upload its prices as a data set of their own.",
        )
    ranges = {one: panel.fields[one][span, place] for one in RANGES if one in panel.fields}
    return Asset(name, prices[span], panel.dates[span], ranges)
