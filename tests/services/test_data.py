"""The services' own data: of the schemas that real files have, and the same on each machine."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ray_services import data
from ray_services.common.tables import Table, read_table
from ray_services.data.make_data import FILES, make_all
from ray_services.data.symbols import INDICES, OTHERS, WRITTEN_ABOUT

pytestmark = pytest.mark.slow

OHLC = ("open", "high", "low", "close")


def hashes(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}


def daily() -> Table:
    columns = ("Open", "High", "Low", "Close", "Adj Close", "Volume")
    return read_table(
        data.path("simulated_daily_data.csv"), {"Date": "date", **dict.fromkeys(columns, "number")}
    )


def bars() -> Table:
    return read_table(
        data.path("simulated_5min_data.csv"),
        {"datetime": "minute", **dict.fromkeys((*OHLC, "volume"), "number")},
    )


def prices() -> Table:
    return read_table(
        data.path("prices.parquet"),
        {"date": "date", "ticker": "text", **dict.fromkeys((*OHLC, "adj_close"), "number")},
    )


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    make_all(tmp_path)
    assert hashes(tmp_path) == hashes(data.path(FILES[0]).parent)


def test_another_seed_makes_others(tmp_path: Path) -> None:
    for name in FILES[1:]:
        (tmp_path / name).touch()  # as if it were there
    make_all(tmp_path, seed=1)
    made = (tmp_path / FILES[0]).read_bytes()
    assert made != data.path(FILES[0]).read_bytes()


def test_the_daily_file_has_every_day_and_returns_as_markets_have_them() -> None:
    table = daily()
    days = table["Date"]
    assert (table.rows, str(days[0]), str(days[-1])) == (3_289, "2014-09-17", "2023-09-18")
    assert (np.diff(days).astype(int) == 1).all()
    returns = np.diff(np.log(table["Adj Close"]))
    assert 0.025 < returns.std() < 0.05
    z = (returns - returns.mean()) / returns.std()
    assert (z**4).mean() > 5, "fat tails"
    assert np.corrcoef(z[:-1] ** 2, z[1:] ** 2)[0, 1] > 0.05, "volatility clusters"


def test_the_bars_agree_with_the_days() -> None:
    few, many = daily(), bars()
    assert many.rows == 177_877
    assert (str(many["datetime"][0]), str(many["datetime"][-1])) == (
        "2021-09-29T20:00",
        "2023-09-20T11:00",
    )
    steps = np.diff(many["datetime"]).astype(int)
    assert (steps > 0).all()
    assert (steps > 5).any(), "there are gaps"
    assert (many["low"] <= many["high"]).all()
    days, first, count = np.unique(
        many["datetime"].astype("datetime64[D]"), return_index=True, return_counts=True
    )
    whole = (count == 288) & (days <= few["Date"][-1])
    assert whole.sum() > 300
    rows = np.searchsorted(few["Date"], days[whole])
    last = first[whole] + 287
    np.testing.assert_allclose(many["close"][last], few["Close"][rows], atol=2e-6)
    highest = [many["high"][begin : begin + 288].max() for begin in first[whole]]
    np.testing.assert_allclose(highest, few["High"][rows], atol=2e-6)


def test_the_engagement_file_has_its_quirks() -> None:
    counts = ("twitterComments", "twitterLikes", "twitterSentiment")
    table = read_table(
        data.path("sentiment_data.csv"),
        {"date": "date", "symbol": "text", **dict.fromkeys(counts, "number")},
    )
    assert table.rows == 27_235
    assert len(set(table["symbol"])) == 85
    assert int(np.isnan(table["twitterSentiment"]).sum()) == 4_240
    assert int((table["twitterLikes"] == 0).sum()) == 43
    assert np.nanmax(table["twitterSentiment"]) <= 0.81


def test_the_panel_has_two_hundred_tickers_and_two_indices() -> None:
    table = prices()
    assert set(table["ticker"]) == {*WRITTEN_ABOUT, *OTHERS, *INDICES}
    assert len(set(table["ticker"])) == 202
    assert (table["low"] <= np.minimum(table["open"], table["close"])).all()
    assert (table["high"] >= np.maximum(table["open"], table["close"])).all()
    close = table["adj_close"].reshape(202, -1)
    returns = np.diff(np.log(close), axis=1)
    market = returns[list(dict.fromkeys(table["ticker"])).index("SPY")]
    together = [np.corrcoef(market, one)[0, 1] for one in returns[:85]]
    assert 0.2 < float(np.median(together)) < 0.8


def test_the_corpus_knows_its_polarity() -> None:
    table = read_table(
        data.path("texts.csv"), {"date": "date", "text": "text", "polarity": "number"}
    )
    assert table.rows == 20_000
    assert set(table["polarity"]) == {1.0, -1.0, 0.0}
    assert 60 < np.mean([len(text) for text in table["text"]]) < 140


def test_a_file_that_there_is_not_is_told() -> None:
    with pytest.raises(KeyError, match=r"prices\.parquet"):
        data.path("nothing.csv")
