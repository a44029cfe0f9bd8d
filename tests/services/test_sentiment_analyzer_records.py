"""Records of tickers: what is read, what is refused, the figures of each, and what is lacking."""

from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.data.engagement import make_engagement
from ray_services.sentiment_analyzer.records import Records, read_records
from ray_services.sentiment_analyzer.tickers import analyze_tickers, lacking

HEADER = "date,symbol,twitterPosts,twitterComments,twitterLikes,twitterImpressions,twitterSentiment"
_ROWS = """
2022-01-03,AAA,10,20,100,1000,0.5
2022-01-03,BBB,1,2,0,10,
2022-01-04,aaa,5,10,50,500,0.1
2022-01-05,BBB,1,2,30,10,-0.4
2022-01-06,CCC,,,,,
2022-01-07,AAA,5,10,50,500,
2022-01-08,BBB,1,2,30,10,0.05
"""
ROWS = _ROWS.split()


def content(*rows: str) -> bytes:
    return "\n".join([HEADER, *(rows or ROWS), ""]).encode()


def records() -> Records:
    return read_records(content())


def complaint(*rows: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_records(content(*rows))
    return caught.value


def test_tickers_are_in_capitals_and_rows_in_their_order() -> None:
    found = records()
    assert found.symbols == ("AAA", "BBB", "CCC")
    assert found.codes.tolist() == [0, 1, 0, 1, 2, 0, 1]
    assert found.rows_of("bbb").tolist() == [1, 3, 6]
    assert np.isnan(found.likes[4])
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("2022-01-09,,1,1,1,1,0.1", "symbol"),
        ("2022-01-09,AAA,-1,1,1,1,0.1", "twitterPosts"),
        ("2022-01-09,AAA,1,1,-5,1,0.1", "twitterLikes"),
        ("2022-01-09,AAA,1,1,1,1,1.5", "twitterSentiment"),
        ("2022-01-09,AAA,1,many,1,1,0.1", "twitterComments"),
        ("2022-01-03,AAA,1,1,1,1,0.1", "date"),
        ("yesterday,AAA,1,1,1,1,0.1", "date"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_field_and_row(row: str, field: str) -> None:
    error = complaint(*ROWS, row)
    assert (error.field, error.row) == (field, len(ROWS) + 1)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BadInput, match="twitterLikes"):
        read_records(content().replace(b"twitterLikes", b"hearts"))


def test_figures_of_a_ticker_are_of_its_records() -> None:
    found = {one.ticker: one for one in analyze_tickers(records())}
    first = found["AAA"]
    assert first.avg_sentiment == pytest.approx(0.3)
    assert first.sentiment_volatility == pytest.approx(np.std([0.5, 0.1], ddof=1))
    assert first.total_engagement == 240
    assert (first.total_posts, first.total_impressions) == (20, 2000)
    assert (first.total_records, first.rated_records) == (3, 2)
    assert (first.positive_ratio, first.negative_ratio) == (0.5, 0.0)  # above 0.1, not from it on
    assert found["BBB"].negative_ratio == 0.5


def test_a_ticker_without_sentiment_has_no_such_figures() -> None:
    found = analyze_tickers(records(), ["ccc"])[0]
    figures = (found.avg_sentiment, found.sentiment_volatility, found.positive_ratio)
    assert figures == (None, None, None)
    assert found.total_engagement == 0


def test_wanted_tickers_come_in_their_order() -> None:
    found = analyze_tickers(records(), ["bbb", "AAA"], positive=0.0, negative=-0.5)
    assert [one.ticker for one in found] == ["BBB", "AAA"]
    assert found[0].positive_ratio == 0.5
    assert found[0].as_dict()["ticker"] == "BBB"


@pytest.mark.parametrize(("name", "remedy"), [("AAB", "AAA"), ("ZZZZZ", "There are 3"), (5, "")])
def test_an_unknown_ticker_is_refused_with_a_hint(name: Any, remedy: str) -> None:
    with pytest.raises(BadInput) as caught:
        analyze_tickers(records(), ["AAA", name])
    assert (caught.value.field, caught.value.row) == ("tickers", 2)
    assert remedy in caught.value.remedy


def test_what_is_lacking_is_counted() -> None:
    report = lacking(records())
    assert (report.records, report.without_sentiment, report.without_likes) == (7, 3, 2)
    assert report.days == 6
    first, second, third = report.tickers
    assert (first.first, first.last, first.missing_days) == ("2022-01-03", "2022-01-07", 2)
    assert (first.longest_gap, first.gap_begins) == (2, "2022-01-05")
    assert (second.without_likes, second.missing_days, second.longest_gap) == (1, 3, 2)
    assert (third.missing_days, third.longest_gap, third.gap_begins) == (0, 0, None)
    assert report.as_dict()["tickers"][0]["ticker"] == "AAA"


def test_the_data_set_lacks_what_the_real_file_lacks() -> None:
    found = read_records(make_engagement(np.random.default_rng(1)).encode())
    report = lacking(found)
    assert len(found) == report.records == 27_235
    assert len(found.symbols) == 85
    assert (report.without_sentiment, report.without_likes) == (4240, 43)


def test_a_file_without_records_is_refused() -> None:
    with pytest.raises(BadInput, match="no rows"):
        read_records((HEADER + "\n").encode())
