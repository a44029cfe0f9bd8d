"""Tickers in texts, and what is felt about them by period."""

from collections import defaultdict

import numpy as np
import pytest

pytest.importorskip("vaderSentiment")

from ray_services.common.errors import BadInput
from ray_services.common.rows import as_objects, rows_of
from ray_services.sentiment_analyzer.cashtags import by_period, cashtags, mentions_in
from ray_services.sentiment_analyzer.periods import next_starts, period_starts
from ray_services.sentiment_analyzer.scoring import score_texts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("buy $TSLA now", ("TSLA",)),
        ("$tsla and $Aapl", ("TSLA", "AAPL")),
        ("$TSLA, ($AAPL) '$F' $T!", ("TSLA", "AAPL", "F", "T")),
        ("$TSLA's chart", ("TSLA",)),
        ("$TSLA.", ("TSLA",)),
        ("$TSLA.It rose", ("TSLA",)),
        ("$BRK.B and $BTC.X", ("BRK.B", "BTC.X")),
        ("$TSLA $TSLA $AAPL $TSLA", ("TSLA", "AAPL")),
        ("$TSLA/$AAPL", ("TSLA", "AAPL")),
        ("#x$TSLA", ()),
        ("costs $5, $5M, $1.50 and $0", ()),
        ("US$TSLA $$TSLA $TSLA2 $TSLA_x", ()),
        ("$ABCDEFG", ()),
        ("$ TSLA, $, TSLA", ()),
        ("$TSLAé", ()),
        ("", ()),
    ],
)
def test_cashtags_are_whole_words(text: str, found: tuple[str, ...]) -> None:
    assert cashtags(text) == found


def test_only_known_tickers_are_found_where_they_are_given() -> None:
    assert cashtags("$TSLA $XYZ $AAPL", {"TSLA", "AAPL"}) == ("TSLA", "AAPL")
    assert cashtags("$BRK.B $TSLA.C", {"BRK.B", "TSLA"}) == ("BRK.B", "TSLA")


def test_each_text_counts_for_each_of_its_tickers() -> None:
    found = mentions_in(["$A and $B", "none", "$B"])
    assert found.texts.tolist() == [0, 0, 2]
    assert found.tickers.tolist() == ["A", "B", "B"]
    assert len(mentions_in([])) == 0


TEXTS = ["$A good", "$A bad $B", "$A the table", "$B great", "nothing good", "$A horrible"]
DATES = np.array(
    ["2022-01-01", "2022-01-01", "2022-01-31", "2022-02-01", "2022-02-01", "2022-02-27"],
    "datetime64[D]",
)


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter"])
def test_groups_have_the_figures_of_their_texts(period: str) -> None:
    scores = score_texts(TEXTS)
    found = by_period(mentions_in(TEXTS), DATES, scores, period)
    groups = defaultdict(list)
    for place, text in enumerate(TEXTS):
        for ticker in cashtags(text):
            groups[ticker, str(period_starts(DATES, period)[place])].append(place)
    rows = as_objects(rows_of(found.columns()))
    assert [(row["ticker"], str(row["start"])) for row in rows] == sorted(groups)
    for row, places in zip(rows, (groups[key] for key in sorted(groups)), strict=True):
        compound = scores.compound[places]
        assert row["texts"] == len(places)
        assert row["mean"] == pytest.approx(compound.mean())
        if len(places) > 1:
            assert row["deviation"] == pytest.approx(compound.std(ddof=1))
        else:
            assert row["deviation"] is None
        assert row["positive_share"] == pytest.approx((scores.labels[places] > 0).mean())
        assert row["negative_share"] == pytest.approx((scores.labels[places] < 0).mean())


def test_no_mentions_have_no_groups() -> None:
    scores = score_texts(["good"])
    assert len(by_period(mentions_in(["good"]), DATES[:1], scores, "month")) == 0


def test_weeks_begin_on_monday_and_periods_follow_each_other() -> None:
    days = np.arange("1969-12-20", "1970-03-20", dtype="datetime64[D]")
    weeks = period_starts(days, "week")
    assert {int(day.astype(object).weekday()) for day in weeks} == {0}
    for period in ("day", "week", "month", "quarter"):
        starts = period_starts(days, period)
        assert (starts <= days).all()
        assert (days < next_starts(starts, period)).all()
        assert (period_starts(next_starts(starts, period), period) > starts).all()


def test_a_missing_date_is_refused_with_its_row() -> None:
    dates = DATES.copy()
    dates[3] = np.datetime64("NaT", "D")
    with pytest.raises(BadInput) as caught:
        by_period(mentions_in(TEXTS), dates, score_texts(TEXTS))
    assert (caught.value.field, caught.value.row) == ("date", 4)


def test_another_number_of_dates_or_an_unknown_period_is_refused() -> None:
    scores, mentions = score_texts(TEXTS), mentions_in(TEXTS)
    with pytest.raises(BadInput, match="a date for each"):
        by_period(mentions, DATES[:2], scores)
    with pytest.raises(BadInput, match="day, week, month, quarter"):
        by_period(mentions, DATES, scores, "year")
