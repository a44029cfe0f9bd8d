"""Bars and daily signals as they come in files: quirks are taken, mistakes refused by row."""

import pickle
from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.bars import Bars, coverage, make_bars, read_bars
from ray_services.intraday_strategy.daily import make_daily_signal, read_daily_signal
from ray_services.intraday_strategy.market import Market
from tests.services.intraday_reference import some_bars

HEADER = "datetime,open,low,high,close,volume,"
ROWS = [
    "9/29/2021 23:50,100,99,102,101,5.5,",
    "9/29/2021 23:55,101,100,103,102,1.5,",
    "9/30/2021 0:10,102,101,104,103,2,",
]


def text_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def columns(**changed: Any) -> dict[str, Any]:
    times = np.datetime64("2023-01-02T09:00") + np.arange(4) * np.timedelta64(5, "m")
    prices = {"opens": [1.0, 2, 3, 4], "highs": [2.0, 3, 4, 5], "lows": [1.0, 1, 2, 3]}
    return {"times": times, **prices, "closes": [2.0, 3, 3, 4], **changed}


def refusal(**changed: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        make_bars(**columns(**changed))
    return caught.value


def test_the_files_own_column_order_and_trailing_comma_are_taken() -> None:
    bars = read_bars(text_of(*ROWS), "BTC")
    assert bars.lows.tolist() == [99, 100, 101]
    assert bars.highs.tolist() == [102, 103, 104]
    assert bars.closes.tolist() == [101, 102, 103]
    assert bars.volumes.tolist() == [5.5, 1.5, 2]
    assert len(bars.sha256) == 64


def test_bars_know_their_days_and_the_return_over_the_gap() -> None:
    bars = read_bars(text_of(*ROWS))
    assert bars.days.astype(str).tolist() == ["2021-09-29", "2021-09-30"]
    assert bars.starts.tolist() == [0, 2, 3]
    assert bars.minutes.tolist() == [1430, 1435, 10]
    assert bars.forward.tolist() == [102 / 101 - 1, 103 / 102 - 1, 0]


def test_unsorted_bars_are_sorted() -> None:
    bars = read_bars(text_of(*reversed(ROWS)))
    assert bars.times.tolist() == read_bars(text_of(*ROWS)).times.tolist()
    assert bars.closes.tolist() == [101, 102, 103]


def test_a_time_that_comes_twice_is_refused_by_its_row() -> None:
    with pytest.raises(BadInput, match="row 4, datetime: expected each time once") as caught:
        read_bars(text_of(*ROWS, ROWS[1]))
    assert (caught.value.row, caught.value.field) == (4, "datetime")


@pytest.mark.parametrize(
    ("field", "name", "value", "row"),
    [
        ("closes", "close", [2.0, np.nan, 3, 4], 2),
        ("opens", "open", [1.0, 2, np.inf, 4], 3),
        ("lows", "low", [0.0, 1, 2, 3], 1),
        ("highs", "high", [2.0, 3, 4, -5], 4),
        ("volumes", "volume", [1.0, -1, 1, 1], 2),
    ],
)
def test_what_is_no_price_is_refused_by_its_row(
    field: str, name: str, value: list[float], row: int
) -> None:
    refused = refusal(**{field: value})
    assert (refused.field, refused.row) == (name, row)
    assert "leave it out" in refused.remedy


def test_text_in_numbers_and_missing_columns_are_refused() -> None:
    with pytest.raises(BadInput, match="row 1, close"):
        read_bars(text_of("9/29/2021 23:50,1,1,2,much,1,", *ROWS))
    with pytest.raises(BadInput, match="lacks close"):
        read_bars(text_of("9/29/2021 23:50,1,1,2,3,", header="datetime,open,low,high,volume,"))


def test_columns_of_other_lengths_are_refused() -> None:
    assert refusal(opens=[1.0, 2]).field == "open"


@pytest.mark.parametrize("rows", [[], ROWS[:1]])
def test_fewer_than_two_bars_are_refused(rows: list[str]) -> None:
    with pytest.raises(BadInput, match="at least 2 bars"):
        read_bars(text_of(*rows))


def test_a_constant_series_is_refused() -> None:
    refused = refusal(closes=[3.0] * 4)
    assert refused.field == "close"
    assert "constant" in refused.remedy


def test_nothing_can_be_written_to_bars() -> None:
    bars = some_bars()
    with pytest.raises(ValueError, match="read-only"):
        bars.closes[0] = 1.0


def test_coverage_tells_of_gaps_and_of_bars_that_contradict_themselves() -> None:
    told = coverage(read_bars(text_of(*ROWS, "9/30/2021 0:15,102,101,99,103,2,"), "BTC"))
    assert (told.symbol, told.bars, told.days, told.step_minutes) == ("BTC", 4, 2, 5)
    assert (told.gaps, told.irregular) == (1, 1)
    assert (told.first, told.last) == ("2021-09-29T23:50", "2021-09-30T00:15")


def test_the_bars_of_some_days_are_as_if_there_were_no_others() -> None:
    bars = some_bars(days=6)
    kept = np.array([False, True, True, False, False, True])
    taken = bars.of_days(kept)
    rows = np.repeat(kept, np.diff(bars.starts))
    assert taken.closes.tolist() == bars.closes[rows].tolist()
    assert taken.forward[:-1].tolist() == (taken.closes[1:] / taken.closes[:-1] - 1).tolist()
    assert taken.days.tolist() == bars.days[kept].tolist()
    assert len(taken) == taken.starts[-1]


def test_all_days_are_the_bars_themselves() -> None:
    bars = some_bars(days=3)
    assert bars.of_days(np.ones(3, bool)) is bars


def test_a_signal_is_sorted_and_nothing_counts_as_zero() -> None:
    signal = make_daily_signal(["2023-01-03", "2023-01-01", "2023-01-02"], [1, np.nan, -1])
    assert signal.days.astype(str).tolist() == ["2023-01-01", "2023-01-02", "2023-01-03"]
    assert signal.signs.tolist() == [0, -1, 1]


@pytest.mark.parametrize(
    ("days", "values", "field", "row"),
    [
        (["2023-01-01", "2023-01-02"], [1, 0.5], "signal", 2),
        (["2023-01-01", "2023-01-01"], [1, 1], "date", 2),
        (["2023-01-01", "NaT"], [1, 1], "date", 2),
        (["2023-01-01"], [1, 1], "signal", None),
        ([], [], "signal", None),
    ],
)
def test_a_signal_that_cannot_be_used_is_refused(
    days: list[str], values: list[float], field: str, row: int | None
) -> None:
    with pytest.raises(BadInput) as caught:
        make_daily_signal(np.array(days, "datetime64[D]"), values)
    assert (caught.value.field, caught.value.row) == (field, row)


def test_a_signal_is_read_from_a_file() -> None:
    signal = read_daily_signal(b"date,signal\n2023-01-02,-1\n2023-01-01,\n")
    assert signal.signs.tolist() == [0, -1]


def test_a_signal_of_other_days_is_refused() -> None:
    with pytest.raises(BadInput, match="expected days that the bars have") as caught:
        Market(some_bars(), make_daily_signal(["1999-01-01"], [1]))
    assert caught.value.field == "signal"


def test_a_market_that_was_sent_elsewhere_is_the_same() -> None:
    bars: Bars = some_bars()
    market = Market(bars, make_daily_signal(bars.days[3:9], [1, -1, 0, 0, 1, 1]))
    other = pickle.loads(pickle.dumps(market))  # noqa: S301  (just pickled)
    assert other.rsi(5).tobytes() == market.rsi(5).tobytes()
    assert not other.prices.closes.flags.writeable
    assert (other.signs.tolist(), other.has_signal) == ([1, -1, 0, 0, 1, 1], True)
    assert [other.sign_at(int(bar)) for bar in other.bars.starts[:3]] == [1, -1, 0]
