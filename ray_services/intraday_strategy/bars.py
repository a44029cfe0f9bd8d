"""Bars of one asset: checked once, then shared by every run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.common.tables import Kind, read_table

type Floats = NDArray[np.float64]
type Times = NDArray[np.datetime64]

KINDS: dict[str, Kind] = {
    "datetime": "minute",
    "open": "number",
    "low": "number",
    "high": "number",
    "close": "number",
    "volume": "number",
}


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Arrays of one length, in the order of time; none of them can be written to."""

    times: Times
    """datetime64[m], increasing; there may be gaps."""
    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats
    """NaN where nothing is given."""
    forward: Floats
    """The simple return from each close to the next bar's, whatever lies between; 0 at the end."""
    minutes: NDArray[np.int64]
    """Of the day, 0 to 1439."""
    days: Times
    """datetime64[D]: the days that have bars."""
    starts: NDArray[np.int64]
    """Where each day's bars begin, and at the end the number of bars: one more than `days`."""
    symbol: str = ""
    sha256: str = ""
    """Of the file they were read from."""

    def __len__(self) -> int:
        return len(self.times)

    def of_days(self, kept: NDArray[np.bool_]) -> "Bars":
        """The bars of some days (a flag for each of `days`), as if there were no others."""
        if kept.all():
            return self
        edges = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]])))
        pieces = [slice(begin, end) for begin, end in self.starts[edges].reshape(-1, 2).tolist()]
        columns = (self.times, self.opens, self.highs, self.lows, self.closes, self.volumes)
        taken = [np.concatenate([column[piece] for piece in pieces]) for column in columns]
        return _laid_out(*taken, symbol=self.symbol, sha256=self.sha256)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set of bars covers."""

    symbol: str
    sha256: str
    bars: int
    days: int
    first: str
    last: str
    step_minutes: int
    """Between most bars and the next."""
    gaps: int
    """How often the next bar comes later than that."""
    irregular: int
    """Bars whose high is not the highest or whose low is not the lowest of their prices."""


def read_bars(source: Path | bytes, symbol: str = "", name: str = "the file of bars") -> Bars:
    """Bars of a CSV or Parquet table with datetime, open, low, high, close, volume in any order.

    Raises BadInput as `read_table` and `make_bars` do.
    """
    table = read_table(source, KINDS, name)
    columns = [table[column] for column in ("datetime", "open", "high", "low", "close", "volume")]
    return make_bars(*columns, symbol=symbol, sha256=table.sha256)


def make_bars(
    times: ArrayLike,
    opens: ArrayLike,
    highs: ArrayLike,
    lows: ArrayLike,
    closes: ArrayLike,
    volumes: ArrayLike | None = None,
    *,
    symbol: str = "",
    sha256: str = "",
) -> Bars:
    """Bars from columns of one length, sorted by time; times may have any unit, none is repeated.

    Raises BadInput for fewer than two bars, columns of other lengths, missing times, times that
    come twice, prices that are not above 0, negative volumes, and closes that are all the same.
    """
    moments = np.asarray(times, dtype="datetime64[m]")
    prices = {"open": opens, "high": highs, "low": lows, "close": closes}
    columns = {name: np.asarray(values, np.float64) for name, values in prices.items()}
    columns["volume"] = (
        np.full(moments.shape, np.nan) if volumes is None else np.asarray(volumes, np.float64)
    )
    _check_shapes(moments, columns)
    for name in prices:
        _refuse(columns[name], ~(np.isfinite(columns[name]) & (columns[name] > 0)), name, "above")
    bad = (columns["volume"] < 0) | np.isinf(columns["volume"])
    _refuse(columns["volume"], bad, "volume", "of at least")
    order = _order(moments)
    if order is not None:
        moments = moments[order]
        columns = {name: values[order] for name, values in columns.items()}
    if (columns["close"] == columns["close"][0]).all():
        raise BadInput(
            f"expected closes that change, got {columns['close'][0]:g} in all {len(moments):,}.",
            field="close",
            remedy="Send another period or asset; of a constant series nothing can be computed.",
        )
    return _laid_out(moments, *columns.values(), symbol=symbol, sha256=sha256)


def coverage(bars: Bars) -> Coverage:
    """What the bars cover, and what is odd about them."""
    steps = np.diff(bars.times).astype(np.int64)
    values, counts = np.unique(steps, return_counts=True)
    step = int(values[counts.argmax()])
    top = np.maximum(bars.opens, np.maximum(bars.closes, bars.lows))
    bottom = np.minimum(bars.opens, np.minimum(bars.closes, bars.highs))
    odd = (bars.highs < top) | (bars.lows > bottom)
    return Coverage(
        symbol=bars.symbol,
        sha256=bars.sha256,
        bars=len(bars),
        days=len(bars.days),
        first=str(bars.times[0]),
        last=str(bars.times[-1]),
        step_minutes=step,
        gaps=int(np.count_nonzero(steps > step)),
        irregular=int(np.count_nonzero(odd)),
    )


def read_only[Array: np.ndarray[Any, Any]](values: Array) -> Array:
    """A view that cannot be written to: compiled code has one form for it, and other processes
    get such arrays anyway."""
    view = values.view()
    view.flags.writeable = False
    return view


def _laid_out(
    times: Times,
    opens: Floats,
    highs: Floats,
    lows: Floats,
    closes: Floats,
    volumes: Floats,
    *,
    symbol: str,
    sha256: str,
) -> Bars:
    dates = times.astype("datetime64[D]")
    starts = np.concatenate([[0], np.flatnonzero(dates[1:] != dates[:-1]) + 1])
    forward = np.zeros(len(closes))
    np.divide(closes[1:], closes[:-1], out=forward[:-1])
    forward[:-1] -= 1.0
    return Bars(
        times=read_only(np.ascontiguousarray(times)),
        opens=read_only(np.ascontiguousarray(opens)),
        highs=read_only(np.ascontiguousarray(highs)),
        lows=read_only(np.ascontiguousarray(lows)),
        closes=read_only(np.ascontiguousarray(closes)),
        volumes=read_only(np.ascontiguousarray(volumes)),
        forward=read_only(forward),
        minutes=read_only((times - dates).astype(np.int64)),
        days=read_only(dates[starts]),
        starts=read_only(np.append(starts, len(times)).astype(np.int64)),
        symbol=symbol,
        sha256=sha256,
    )


def _check_shapes(times: Times, columns: dict[str, Floats]) -> None:
    for name, values in columns.items():
        if values.shape != times.shape or values.ndim != 1:
            raise BadInput(
                f"expected {times.size:,} values, as many as there are times, got {values.size:,}.",
                field=name,
                remedy="Give one value for each bar.",
            )
    if times.size < 2:
        raise BadInput(f"expected at least 2 bars, got {times.size}.", field="datetime")
    if np.isnat(times).any():
        row = int(np.isnat(times).argmax()) + 1
        raise BadInput("expected a time, got nothing.", field="datetime", row=row)


def _refuse(values: Floats, bad: NDArray[np.bool_], name: str, bound: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise BadInput(
            f"expected a finite number {bound} 0, got {values[row]:g}.",
            field=name,
            row=row + 1,
            remedy="Correct the bar or leave it out; gaps are fine.",
        )


def _order(times: Times) -> NDArray[np.intp] | None:
    """How to sort the bars; None where they are sorted. Refuses times that come twice."""
    if (times[1:] > times[:-1]).all():
        return None
    order = np.argsort(times, kind="stable")
    twice = times[order][1:] == times[order][:-1]
    if twice.any():
        row = int(order[int(twice.argmax()) + 1])
        raise BadInput(
            f"expected each time once, got {times[row]} again.",
            field="datetime",
            row=row + 1,
            remedy="Leave out one of the two bars.",
        )
    return order
