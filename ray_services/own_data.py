"""The data sets that answers are computed from: the services' own, or those of a caller.

Each is read once by a process. A caller's is named by its SHA-256, and found by whoever answers:

    with fetched_by(fetch):
        prices(sha256)
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ray_services import data
from ray_services.common.errors import BadInput
from ray_services.common.prices import Panel, read_prices
from ray_services.common.tables import Kind, Table, read_table
from ray_services.garch_predictor.inputs import days_of
from ray_services.garch_predictor.premium import PremiumRule, premium_signal
from ray_services.intraday_strategy.bars import Bars, read_bars
from ray_services.intraday_strategy.daily import DailySignal, make_daily_signal
from ray_services.intraday_strategy.market import Market
from ray_services.portfolio_manager.monthly_factors import read_factors
from ray_services.sentiment_analyzer.corpus import Corpus, read_corpus
from ray_services.sentiment_analyzer.records import Records, read_records

type Fetch = Callable[[str, str], Callable[[], bytes]]
"""From kind and SHA-256 to what reads the content; raises BadInput where the caller has none."""

SYMBOL = "SIM"
"""What the asset of the daily and the five-minute file is called here."""
DAILY: dict[str, Kind] = {"Date": "date", "Adj Close": "number"}
KEPT = 8
"""What is kept of callers' data sets in a process; the one not used for longest goes first."""

_fetch: ContextVar[Fetch | None] = ContextVar("fetch", default=None)
_own: dict[str, Any] = {}
_kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()


@contextmanager
def fetched_by(fetch: Fetch) -> Iterator[None]:
    """Within this context, data sets of the caller are found by `fetch`."""
    token = _fetch.set(fetch)
    try:
        yield
    finally:
        _fetch.reset(token)


def records(sha256: str | None = None) -> Records:
    """What people wrote about tickers. Raises BadInput, as all below, for a data set that there is
    not, or that cannot be used."""
    found: Records = _read("engagement", sha256, read_records)
    return found


def prices(sha256: str | None = None) -> Panel:
    """Daily prices of many tickers."""
    found: Panel = _read("prices", sha256, read_prices)
    return found


def daily(sha256: str | None = None) -> Table:
    """The days of one asset; our own is SYMBOL."""
    found: Table = _read("daily", sha256, read_daily)
    return found


def bars(sha256: str | None = None) -> Bars:
    """Five-minute bars of one asset; our own is SYMBOL."""
    found: Bars = _read("bars", sha256, _read_bars)
    return found


def texts(sha256: str | None = None) -> Corpus:
    """Texts, with their dates where there are any."""
    found: Corpus = _read("texts", sha256, read_corpus)
    return found


def factors(sha256: str | None = None) -> Table:
    """Monthly factors, as portfolio_manager.features takes them."""
    found: Table = _read("factors", sha256, read_factors)
    return found


def daily_signal(sha256: str | None = None, rule: PremiumRule | None = None) -> DailySignal:
    """The premium signal of an asset's days: some 3,000 fits, done once."""
    table, rule = daily(sha256), rule or PremiumRule()
    found: DailySignal = _once(("signal", table.sha256, rule), lambda: _signal(table, rule))
    return found


def market(
    bars_sha256: str | None = None,
    daily_sha256: str | None = None,
    *,
    with_signal: bool,
    rule: PremiumRule | None = None,
) -> Market:
    """Bars, with the daily signal or without."""
    traded, rule = bars(bars_sha256), rule or PremiumRule()
    signal = daily_signal(daily_sha256, rule) if with_signal else None
    key = ("market", traded.sha256, with_signal and (daily(daily_sha256).sha256, rule))
    found: Market = _once(key, lambda: Market(traded, signal))
    return found


def read_daily(source: Path | bytes, name: str = "the file of days") -> Table:
    """The days of one asset: Date, ascending, and Adj Close of a CSV or Parquet file."""
    table = read_table(source, DAILY, name)
    days_of(table["Date"], table.rows, "Date")
    return table


def _read_bars(source: Path | bytes, name: str) -> Bars:
    return read_bars(source, SYMBOL, name)


def _read(kind: str, sha256: str | None, read: Callable[[Any, str], Any]) -> Any:
    if sha256 is None:
        if kind not in _own:
            path = data.path(OWN_FILES[kind])
            _own[kind] = read(path, path.name)
        return _own[kind]
    fetch = _fetch.get()
    if fetch is None:
        raise BadInput("there are no uploaded data sets here.", field="data")
    content = fetch(kind, sha256)  # also where it has been read: not every caller may have it
    return _once((kind, sha256), lambda: read(content(), "the data set"))


OWN_FILES = {
    "engagement": "sentiment_data.csv",
    "prices": "prices.parquet",
    "daily": "simulated_daily_data.csv",
    "bars": "simulated_5min_data.csv",
    "texts": "texts.csv",
    "factors": "factors.csv",
}


def _once(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    """What was made under this key, or is now."""
    found = _kept.pop(key, None)  # threads may meet here
    if found is None:
        found = make()
    _kept[key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def _signal(table: Table, rule: PremiumRule) -> DailySignal:
    found = premium_signal(table["Date"], table["Adj Close"], rule)
    return make_daily_signal(found.days, found.signal)
