"""One asset that is traded around the clock: daily bars, and five-minute bars that agree."""

import numpy as np
from numpy.typing import NDArray

from ray_services.data.returns import clustered, student

FIRST_DAY, LAST_DAY = np.datetime64("2014-09-17"), np.datetime64("2023-09-18")
FIRST_BAR = np.datetime64("2021-09-29T20:00")
LAST_BAR = np.datetime64("2023-09-20T11:00")
DEVIATION = 0.0377  # of a day's log return
A_DAY = 288  # bars of five minutes
BARS = 177_877
GAPS = 60

type Floats = NDArray[np.float64]
type Times = NDArray[np.datetime64]


def make_daily_and_bars(rng: np.random.Generator) -> tuple[str, str]:
    """The two files' texts. Where both tell of a day without gaps, they tell the same."""
    days = np.arange(FIRST_DAY, LAST_BAR.astype("datetime64[D]") + np.timedelta64(1, "D"))
    returns = np.clip(clustered(rng, len(days), DEVIATION, freedom=5.0), -0.45, 0.45)
    close = 457.3 * np.exp(np.cumsum(returns + 0.0012))
    opened = np.concatenate([[465.9], close[:-1]])
    times, paths = _paths(rng, days, opened, close)
    high, low = _extremes(rng, opened, close)
    inside = np.isin(days, times.astype("datetime64[D]"))
    by_day = paths.reshape(-1, A_DAY, 4)
    high[inside], low[inside] = by_day[:, :, 1].max(axis=1), by_day[:, :, 2].min(axis=1)
    daily = _daily_text(rng, days, np.stack([opened, high, low, close], axis=1))
    return daily, _bars_text(rng, times, paths)


def _extremes(rng: np.random.Generator, opened: Floats, close: Floats) -> tuple[Floats, Floats]:
    swing = np.abs(np.log(close / opened)) * 0.4 + 0.006
    high = np.maximum(opened, close) * np.exp(rng.exponential(swing))
    low = np.minimum(opened, close) * np.exp(-rng.exponential(swing))
    return high, low


def _paths(
    rng: np.random.Generator, days: Times, opened: Floats, close: Floats
) -> tuple[Times, Floats]:
    """Bars (open, high, low, close) of whole days: bridges from each day's open to its close."""
    chosen = days >= FIRST_BAR.astype("datetime64[D]")
    begin, end = np.log(opened[chosen]), np.log(close[chosen])
    count = len(begin)
    hours = 1 + 0.5 * np.sin(np.linspace(0, 2 * np.pi, A_DAY))  # busier and quieter ones
    steps = student(rng, 4.0, (count, A_DAY)) * hours * DEVIATION / np.sqrt(A_DAY)
    walk = np.cumsum(steps, axis=1)
    share = np.arange(1, A_DAY + 1) / A_DAY
    walk += share * (end - begin - walk[:, -1])[:, None]
    closes = np.exp(begin[:, None] + walk)
    opens = np.concatenate([opened[chosen][:, None], closes[:, :-1]], axis=1)
    swing = 0.3 * DEVIATION / np.sqrt(A_DAY)
    highs = np.maximum(opens, closes) * np.exp(rng.exponential(swing, closes.shape))
    lows = np.minimum(opens, closes) * np.exp(-rng.exponential(swing, closes.shape))
    first = days[chosen][0].astype("datetime64[m]")
    times = first + np.arange(count * A_DAY) * np.timedelta64(5, "m")
    return times, np.stack([opens, highs, lows, closes], axis=2).reshape(-1, 4)


def _daily_text(rng: np.random.Generator, days: Times, bars: Floats) -> str:
    volume = np.round(rng.lognormal(23.5, 0.8, len(days)))
    lines = ["Date,Open,High,Low,Close,Adj Close,Volume,"]
    for day, (opened, high, low, close), traded in zip(days, bars, volume, strict=True):
        if day > LAST_DAY:
            break
        year, month, number = str(day).split("-")
        lines.append(
            f"{int(month)}/{int(number)}/{year},{opened:.6f},{high:.6f},{low:.6f},{close:.6f},"
            f"{close:.6f},{traded:.0f},"
        )
    return "\n".join(lines) + "\n"


def _bars_text(rng: np.random.Generator, times: Times, bars: Floats) -> str:
    kept = np.flatnonzero((times >= FIRST_BAR) & (times <= LAST_BAR))
    kept = np.delete(kept, _gaps(rng, len(kept)))
    volume = rng.lognormal(3.0, 1.0, len(kept))
    lines = ["datetime,open,low,high,close,volume,"]
    for row, traded in zip(kept, volume, strict=True):
        opened, high, low, close = bars[row]
        day, clock = str(times[row]).split("T")
        year, month, number = day.split("-")
        lines.append(
            f"{int(month)}/{int(number)}/{year} {int(clock[:2])}:{clock[3:5]},{opened:.6f},"
            f"{low:.6f},{high:.6f},{close:.6f},{traded:.5f},"
        )
    return "\n".join(lines) + "\n"


def _gaps(rng: np.random.Generator, rows: int) -> NDArray[np.int64]:
    """Rows that are missing, in stretches, so that BARS are left."""
    missing = rows - BARS
    cuts = np.sort(rng.choice(np.arange(1, missing), GAPS - 1, replace=False))
    lengths = np.diff(np.concatenate([[0], cuts, [missing]]))
    spaces = np.sort(rng.choice(np.arange(1, BARS), GAPS, replace=False))
    begins = spaces + np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.concatenate(
        [np.arange(begin, begin + size) for begin, size in zip(begins, lengths, strict=True)]
    )
