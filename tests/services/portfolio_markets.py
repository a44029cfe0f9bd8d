"""Made-up markets for the tests of the portfolio service."""

import numpy as np
from numpy.typing import NDArray

from ray_services.common.prices import Panel
from ray_services.portfolio_manager.estimates import Moments

type Floats = NDArray[np.float64]

DAYS_OF_YEAR = 252


def tickers(count: int) -> tuple[str, ...]:
    return tuple(f"T{place:03d}" for place in range(count))


def daily_returns(count: int, days: int = 500, seed: int = 1) -> Floats:
    """Correlated returns a day with fat tails, (days, count)."""
    rng = np.random.default_rng(seed)
    market = 0.0004 + 0.008 * rng.standard_t(5, (days, 1))
    own = rng.uniform(0.006, 0.02, count) * rng.standard_t(5, (days, count))
    drift = rng.normal(0.0003, 0.0006, count)
    return np.clip(market * rng.normal(1, 0.3, count) + own + drift, -0.3, 0.3)


def moments(count: int, seed: int = 1) -> Moments:
    """A year's moments of a well-conditioned market."""
    returns = daily_returns(count, max(300, 3 * count), seed)
    covariance = np.cov(returns.T).reshape(count, count) * DAYS_OF_YEAR
    return Moments(tickers(count), returns.mean(axis=0) * DAYS_OF_YEAR, covariance)


def panel(count: int, days: int, seed: int = 1) -> Panel:
    """Bars of `count` tickers and SPY over business days from 2018 on."""
    rng = np.random.default_rng(seed)
    names = (*tickers(count), "SPY")
    returns = daily_returns(count + 1, days, seed)
    close = 50 * np.cumprod(1 + returns, axis=0)
    opened = close * np.exp(rng.normal(0, 0.003, close.shape))
    high = np.maximum(opened, close) * np.exp(rng.exponential(0.004, close.shape))
    low = np.minimum(opened, close) * np.exp(-rng.exponential(0.004, close.shape))
    volume = np.round(1e6 * np.exp(rng.normal(0, 0.5, close.shape)))
    dates = np.busday_offset("2018-01-01", np.arange(days), roll="forward")
    fields = {
        "open": opened, "high": high, "low": low, "close": close, "adj_close": close * 0.97,
        "volume": volume,
    }  # fmt: skip
    return Panel(dates, names, fields)


def factors(of: Panel, seed: int = 2) -> dict[str, NDArray[np.generic]]:
    """Monthly factors for the months of a panel."""
    rng = np.random.default_rng(seed)
    months = np.unique(of.dates.astype("datetime64[M]"))
    ends = (months + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    names = ("mkt_rf", "smb", "hml", "rmw", "cma")
    made = {name: rng.normal(0, 0.03, len(months)) for name in names}
    return {"date": ends, **made, "rf": np.full(len(months), 0.001)}
