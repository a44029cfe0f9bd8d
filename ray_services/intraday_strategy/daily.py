"""A signal for each day, such as the volatility service makes it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.common.tables import read_table


@dataclass(frozen=True, slots=True, eq=False)
class DailySignal:
    """Days in order, each once, and what is known before each begins: -1, 0 or +1."""

    days: NDArray[np.datetime64]
    signs: NDArray[np.int8]


def make_daily_signal(days: ArrayLike, values: ArrayLike) -> DailySignal:
    """A signal from columns of one length, in any order; NaN counts as 0.

    It must be known before its day begins: shift what is computed from a day's close by a day.
    Raises BadInput for other values, days that are missing or come twice, and no days at all.
    """
    dates = np.asarray(days, dtype="datetime64[D]")
    signs = np.asarray(values, dtype=np.float64)
    if dates.ndim != 1 or dates.shape != signs.shape or not dates.size:
        raise BadInput(
            f"expected a value for each day, got {signs.size:,} for {dates.size:,} days.",
            field="signal",
        )
    if np.isnat(dates).any():
        row = int(np.isnat(dates).argmax()) + 1
        raise BadInput("expected a date, got nothing.", field="date", row=row)
    signs = np.where(np.isnan(signs), 0.0, signs)
    bad = ~np.isin(signs, (-1.0, 0.0, 1.0))
    if bad.any():
        row = int(bad.argmax())
        raise BadInput(f"expected -1, 0 or 1, got {signs[row]:g}.", field="signal", row=row + 1)
    order = np.argsort(dates, kind="stable")
    twice = dates[order][1:] == dates[order][:-1]
    if twice.any():
        row = int(order[int(twice.argmax()) + 1])
        raise BadInput(
            f"expected each day once, got {dates[row]} again.",
            field="date",
            row=row + 1,
            remedy="Leave out one of the two.",
        )
    return DailySignal(dates[order], signs[order].astype(np.int8))


def read_daily_signal(source: Path | bytes, name: str = "the file of signals") -> DailySignal:
    """A signal from a CSV or Parquet table with date and signal. Raises BadInput."""
    table = read_table(source, {"date": "date", "signal": "number"}, name)
    return make_daily_signal(table["date"], table["signal"])
