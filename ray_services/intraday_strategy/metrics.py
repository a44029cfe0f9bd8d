"""What a run comes to: figures of its daily returns and of its trades."""

from dataclasses import dataclass, fields
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled
from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.walking import Tally

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Metrics:
    """`None` where a figure has no value, such as the Sharpe ratio of a run without trades.

    Returns are simple, and of one unit at the start; a year is 365.25 days, of which as many count
    as trading days as the period's calendar has.
    """

    total_return: float | None
    annual_return: float | None
    volatility: float | None
    """Of a year, as the sample deviation of daily returns tells it."""
    sharpe: float | None
    """Of a year, over an interest of 0 (Sharpe, The Sharpe Ratio, 1994)."""
    sortino: float | None
    """The same over the root mean square of negative returns (Sortino and Price, 1994)."""
    max_drawdown: float | None
    """Below the highest equity so far, the start's included: 0 or negative."""
    win_rate: float | None
    """The share of trades that gained, costs taken off."""
    profit_factor: float | None
    """What those gained over what the others lost."""
    trades: float | None
    exposure: float | None
    """The share of bars held to the next."""
    skewness: float | None
    kurtosis: float | None
    """Of daily returns; 3 of normal ones."""


METRICS = tuple(field.name for field in fields(Metrics))
(
    TOTAL, ANNUAL, VOLATILITY, SHARPE, SORTINO, DRAWDOWN, WIN_RATE, PROFIT_FACTOR, TRADES,
    EXPOSURE, SKEWNESS, KURTOSIS,
) = range(len(METRICS))  # fmt: skip


def metric_place(name: str) -> int:
    """Where a metric is in a row of figures. Raises BadInput for a name that there is not."""
    if name not in METRICS:
        raise BadInput(f"expected one of {', '.join(METRICS)}, got {name!r}.", field="metric")
    return METRICS.index(name)


def as_metrics(row: Floats) -> Metrics:
    """A row of figures with names."""
    values = [value if isfinite(value) else None for value in row.tolist()]
    return Metrics(*values)


def figures(daily: Floats, tally: Tally, bars: int, years: float) -> Floats:
    """A row of figures: of daily returns, and of what `walk` counted over so many bars."""
    out = np.empty(len(METRICS))
    summarise(daily, tally.trades, tally.wins, tally.gains, tally.losses, tally.held, bars, years,
              out)  # fmt: skip
    return out


@compiled
def summarise(
    daily: Floats,
    trades: int,
    wins: int,
    gains: float,
    losses: float,
    held: int,
    bars: int,
    years: float,
    out: Floats,
) -> None:
    """Write a row of figures in the order of `METRICS`, NaN where one has no value."""
    out[:] = np.nan
    days, total, equity, peak, fall = daily.size, 0.0, 1.0, 1.0, 0.0
    for t in range(days):
        total += daily[t]
        equity *= max(0.0, 1.0 + daily[t])
        peak = max(peak, equity)
        fall = min(fall, equity / peak - 1.0)
    mean = total / days
    second, third, fourth, below = 0.0, 0.0, 0.0, 0.0
    for t in range(days):
        off = daily[t] - mean
        square = off * off
        second += square
        third += square * off
        fourth += square * square
        if daily[t] < 0.0:
            below += daily[t] * daily[t]
    per_year = days / years
    out[TOTAL] = equity - 1.0
    out[ANNUAL] = equity ** (1.0 / years) - 1.0
    out[DRAWDOWN] = fall
    out[TRADES] = trades
    out[EXPOSURE] = held / bars
    if days > 1:
        deviation = sqrt(second / (days - 1))
        out[VOLATILITY] = deviation * sqrt(per_year)
        if deviation > 0.0:
            out[SHARPE] = mean / deviation * sqrt(per_year)
            out[SKEWNESS] = third / days / (second / days) ** 1.5
            out[KURTOSIS] = fourth / days / (second / days) ** 2
    if below > 0.0:
        out[SORTINO] = mean / sqrt(below / days) * sqrt(per_year)
    if trades > 0:
        out[WIN_RATE] = wins / trades
    if losses > 0.0:
        out[PROFIT_FACTOR] = gains / losses


def equity_and_drawdown(daily: Floats) -> tuple[Floats, Floats]:
    """What one unit has become after each day, and how far that is below the highest so far.

    Daily returns compound: exp of the sum of log(1 + r). A loss of all there is leaves 0.
    """
    equity = np.cumprod(np.maximum(0.0, 1.0 + daily))
    peak = np.maximum.accumulate(np.maximum(equity, 1.0))
    return equity, equity / peak - 1.0
