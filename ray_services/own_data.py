"""The services' own data sets, read once by each process."""

from functools import lru_cache

from ray_services import data
from ray_services.common.tables import Kind, Table, read_table
from ray_services.garch_predictor.premium import premium_signal
from ray_services.intraday_strategy.bars import Bars, read_bars
from ray_services.intraday_strategy.daily import DailySignal, make_daily_signal
from ray_services.intraday_strategy.market import Market
from ray_services.portfolio_manager.panel import PRICE_COLUMNS, Panel, panel_of
from ray_services.sentiment_analyzer.panel import PricePanel, read_panel
from ray_services.sentiment_analyzer.records import Records, read_records

SYMBOL = "SIM"
"""What the asset of the daily and the five-minute file is called here."""
DAILY: dict[str, Kind] = {"Date": "date", "Adj Close": "number"}


@lru_cache(maxsize=1)
def records() -> Records:
    """What people wrote about tickers."""
    return read_records(data.path("sentiment_data.csv"))


@lru_cache(maxsize=1)
def closes() -> PricePanel:
    """Adjusted closes of all tickers."""
    return read_panel(data.path("prices.parquet"))


@lru_cache(maxsize=1)
def prices() -> tuple[Panel, str]:
    """Daily bars of all tickers, and what identifies the file."""
    table = read_table(data.path("prices.parquet"), PRICE_COLUMNS, "prices.parquet")
    return panel_of(table.columns), table.sha256


@lru_cache(maxsize=1)
def daily() -> Table:
    """The days of SYMBOL."""
    return read_table(data.path("simulated_daily_data.csv"), DAILY, "simulated_daily_data.csv")


@lru_cache(maxsize=1)
def bars() -> Bars:
    """The five-minute bars of SYMBOL."""
    return read_bars(data.path("simulated_5min_data.csv"), SYMBOL, "simulated_5min_data.csv")


@lru_cache(maxsize=1)
def daily_signal() -> DailySignal:
    """The premium signal of SYMBOL's days: some 3,000 fits, done once."""
    table = daily()
    found = premium_signal(table["Date"], table["Adj Close"])
    return make_daily_signal(found.days, found.signal)


@lru_cache(maxsize=2)
def market(*, with_signal: bool) -> Market:
    """The bars of SYMBOL, with the daily signal or without."""
    return Market(bars(), daily_signal() if with_signal else None)
