"""The panel of daily prices, and the monthly factors behind it."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ray_services.data.returns import clustered, student
from ray_services.data.symbols import INDICES, OTHERS, TECHNOLOGY, WRITTEN_ABOUT

FIRST, AFTER = np.datetime64("2015-09-21"), np.datetime64("2023-09-21")
MARKET_DEVIATION, MARKET_DRIFT = 0.011, 0.0004  # a day
DIVIDENDS_A_YEAR = 0.015
MONTHLY_RATE = 0.0012
FACTORS = ("smb", "hml", "rmw", "cma")


def business_days() -> NDArray[np.datetime64]:
    """Mondays to Fridays of some eight years, without the holidays of a fixed date."""
    days = np.arange(FIRST, AFTER, dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    holidays = np.isin([str(day)[5:] for day in days], ["01-01", "07-04", "12-25"])
    return days[~holidays]


def make_panel(rng: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    """Prices by day and ticker, and the factors by month.

    A stock is its part of the market, of four factors and of technology, and noise of its own.
    """
    days = business_days()
    market = MARKET_DRIFT + clustered(rng, len(days), MARKET_DEVIATION)
    factors = {name: 0.004 * student(rng, 5.0, len(days)) for name in FACTORS}
    technology = 0.005 * student(rng, 5.0, len(days))
    columns = []
    for ticker in (*WRITTEN_ABOUT, *OTHERS, *INDICES):
        returns = _returns(rng, ticker, market, factors, technology)
        columns.append(_bars(rng, ticker, days, returns))
    return pa.concat_tables(columns), _factors(days, market, factors)


def _returns(
    rng: np.random.Generator,
    ticker: str,
    market: NDArray[np.float64],
    factors: dict[str, NDArray[np.float64]],
    technology: NDArray[np.float64],
) -> NDArray[np.float64]:
    if ticker == "SPY":
        return market
    if ticker == "QQQ":
        return market * 1.1 + technology * 0.6
    tech = ticker in TECHNOLOGY
    returns = market * rng.normal(1.15 if tech else 0.95, 0.2) + technology * (0.8 if tech else 0)
    for factor in factors.values():
        returns = returns + factor * rng.normal(0, 0.5)
    own = clustered(rng, len(market), rng.uniform(0.009, 0.02), alpha=0.06, beta=0.9)
    return returns + own + rng.normal(0, 0.0002)


def _bars(
    rng: np.random.Generator,
    ticker: str,
    days: NDArray[np.datetime64],
    returns: NDArray[np.float64],
) -> pa.Table:
    """Open, high, low, close, adjusted close and volume of log returns."""
    returns = np.clip(returns, -0.35, 0.35)
    close = rng.uniform(20, 300) * np.exp(np.cumsum(returns))
    before = np.concatenate([close[:1], close[:-1]])
    opened = before * np.exp(rng.normal(0, 0.003, len(days)))
    swing = np.abs(returns) * 0.3 + 0.004
    high = np.maximum(opened, close) * np.exp(rng.exponential(swing))
    low = np.minimum(opened, close) * np.exp(-rng.exponential(swing))
    years = (days[-1] - days).astype(float) / 365.25
    volume = rng.lognormal(np.log(3e6), 0.4) * np.exp(rng.normal(0, 0.3, len(days)) + 8 * swing)
    cents = {
        "open": opened, "high": high, "low": low, "close": close,
        "adj_close": close * np.exp(-DIVIDENDS_A_YEAR * years),
    }  # fmt: skip
    return pa.table(
        {
            "date": pa.array(days),
            "ticker": pa.array([ticker] * len(days)).dictionary_encode(),
            **{name: np.round(values, 4) for name, values in cents.items()},
            "volume": np.round(volume),
        }
    )


def _factors(
    days: NDArray[np.datetime64],
    market: NDArray[np.float64],
    factors: dict[str, NDArray[np.float64]],
) -> pa.Table:
    """Sums over each calendar month, dated by its last day, as fractions (not per cent)."""
    months, begins = np.unique(days.astype("datetime64[M]"), return_index=True)
    ends = (months + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    sums = {name: np.add.reduceat(values, begins) for name, values in factors.items()}
    rate = np.full(len(months), MONTHLY_RATE)
    return pa.table(
        {
            "date": pa.array(ends),
            "mkt_rf": np.round(np.add.reduceat(market, begins) - rate, 6),
            **{name: np.round(values, 6) for name, values in sums.items()},
            "rf": rate,
        }
    )
