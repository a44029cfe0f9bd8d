"""What the services refuse, as the pages say it: in words that can be translated."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from ray_services import data_sets
from ray_services.calculations import submit
from ray_services.models import Calculation, DataSet
from ray_services.operations import operation
from tests.web.service_pages import SERVICES, form_values, prices_of, seen, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

GARCH, PORTFOLIO = f"{SERVICES}garch/", f"{SERVICES}portfolio/"
RUN, SEARCH = f"{SERVICES}intraday/", f"{SERVICES}intraday/search/"
TEXTS, STRATEGY = f"{SERVICES}sentiment/", f"{SERVICES}sentiment/strategy/"
BARS = b"datetime,open,high,low,close,volume\n"
FACTORS = b"date,mkt_rf,smb,hml,rmw,cma,rf\n"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def refused(client: Client, address: str, **changes: Any) -> dict[str, str]:
    """What is told at each field."""
    answer = client.post(address, form_values(client, address, **changes))
    assert answer.status_code == 422
    return {name: told[0] for name, told in answer.context["form"].errors.items()}


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"assets": "SPX"}, "assets", "row 1: 'SPX' is not among the tickers of the data. Did you"),
        ({"assets": "$$$$"}, "assets", "the tickers of the data: there are "),
        ({"prices": "1 2 3"}, "prices", "At least "),
        ({"prices": "1 " * 300 + "-1"}, "prices", "row 301: A price above 0 is needed, not -1."),
        ({"prices": "7 " * 300}, "prices", "so that they have no variance to model"),
        ({"last": "100"}, "__all__", "SPY: At least 251 prices are needed, got 100: give more"),
        ({"p": "0"}, "p", "p and o are both 0"),
        ({"ask": "compare", "prices": "1 2"}, "prices", "At least "),
    ],
)
def test_volatility(ana: Client, changes: dict[str, str], field: str, told: str) -> None:
    assert told in refused(ana, GARCH, **changes)[field]


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"tickers": "AAPL, TSLAA"}, "tickers", "with prices. There are, for example, TSLA"),
        ({"goal": "target_return", "target_return": "90"}, "target_return",
         "No portfolio within the limits returns 90 % a year; the highest attainable is "),
        ({"goal": "target_risk", "target_risk": "1"}, "target_risk",
         "has a volatility of 1 % a year; the least attainable is "),
        ({"risk_free": "99"}, "risk_free", "returns more than the risk-free 99 % a year"),
        ({"upper": "5"}, "upper", "The upper bounds of 8 assets add up to 40 %, less than the "
         "whole portfolio. Raise them to 12.5 % on average or more"),
        ({"lower": "20"}, "lower", "The lower bounds of 8 assets add up to 160 %"),
        ({"lower": "50"}, "lower", "its lower bound, 50 %, is above its upper one, 35 %."),
        ({"start": "2023-01-01", "end": "2022-01-01"}, "start",
         "no prices between 2023-01-01 and 2022-01-01; they go from "),
        ({"start": "2090-01-01"}, "start", "between 2090-01-01 and …; they go from "),
        ({"groups": "a: GOOGL <= 20"}, "groups", "a: GOOGL is not among the tickers."),
        ({"groups": "a: AAPL >= 50 <= 20"}, "groups", "a: its lower limit, 50 %, is above its "),
        ({"groups": "a: AAPL >= 50 <= 60"}, "groups", "together have between 0 % and 35 %, by "),
        ({"ask": "backtest", "window": "2000", "start": "2020-01-01"}, "window",
         "are too few for a window of 2000; at least 2002 are needed: take a longer"),
        ({"ask": "backtest", "window": "20", "start": "2022-03-01", "end": "2022-03-31"},
         "window", "No month begins after the first 20 days"),
    ],
)  # fmt: skip
def test_portfolios(ana: Client, changes: dict[str, str], field: str, told: str) -> None:
    assert told in refused(ana, PORTFOLIO, **changes)[field]


@pytest.mark.parametrize(
    ("address", "changes", "field", "told"),
    [
        (RUN, {"fast": "60", "slow": "26"}, "fast",
         "It has to be less than “Slow average, bars”, which is 26, not 60."),
        (RUN, {"fast": "1"}, "fast", "Give a whole number from 2 to "),
        (RUN, {"start_date": "2030-01-01"}, "start_date",
         "There are no bars from 2030-01-01 to their end: choose dates within 20"),
        (RUN, {"start_date": "2022-02-01", "end_date": "2022-01-01"}, "end_date",
         "The end has to be on 2022-02-01, where it begins, or later, not on 2022-01-01."),
        (RUN, {"threshold": "5000"}, "threshold", "Give a number "),
        (SEARCH, {"x_from": "1"}, "x_from", "Give a whole number from 2 to "),
        (SEARCH, {"x_step": "12.5"}, "x_from", "Give a whole number"),
        (SEARCH, {"ask": "walk-forward", "train_days": "5000"}, "train_days",
         "days, and all 5,000 are to choose on: leave some to test on."),
        (SEARCH, {"ask": "out-of-sample", "start_date": "2022-01-03", "end_date": "2022-01-03"},
         "train_share", "At least 2 days are needed"),
        (SEARCH, {"x_from": "400", "x_to": "410", "x_step": "5"}, "x_from",
         "All combinations contradict themselves"),
    ],
)  # fmt: skip
def test_intraday(
    ana: Client, address: str, changes: dict[str, str], field: str, told: str
) -> None:
    start = f"{address}?strategy_name=momentum"
    answer = ana.post(address, form_values(ana, start) | {"strategy_name": "momentum"} | changes)
    assert answer.status_code == 422
    assert told in answer.context["form"].errors[field][0]


@pytest.mark.parametrize(
    ("address", "changes", "field", "told"),
    [
        (TEXTS, {"negative": "0.5"}, "negative",
         "It has to be less than 0.05, from where a text is positive, not 0.5"),
        (TEXTS, {"lexicon": "good 1\nto the moon 3"}, "lexicon", "row 2: One word of up to "),
        (TEXTS, {"lexicon": "moon 30"}, "lexicon", "Give a number of at most 4."),
        (TEXTS, {"lexicon": "very 3"}, "lexicon", "row 1: 'very' changes the value of other words"),
        (TEXTS, {"lexicon": "moon! 3"}, "lexicon", "is never found, for punctuation"),
        (STRATEGY, {"benchmark": "QQQQQ"}, "benchmark", "Did you mean QQQ"),
        (STRATEGY, {"start": "2022-02-01", "end": "2022-01-01"}, "start",
         "It begins on 2022-02-01, after its end on 2022-01-01: exchange the two."),
        (STRATEGY, {"start": "2030-01-01"}, "start", "Nothing was held on any day between 2030"),
        (STRATEGY, {"min_likes": "1000000000"}, "min_likes",
         " records has more than 1e+09 likes, more than 10 comments and comments_per_like"),
    ],
)  # fmt: skip
def test_sentiment(
    ana: Client, address: str, changes: dict[str, str], field: str, told: str
) -> None:
    assert told in refused(ana, address, **changes)[field]


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("prices", b"\n", "mine.csv has no columns. Give it date, ticker, adj_close"),
        ("prices", b"date,ticker\n2020-01-01,A\n", "adj_close: mine.csv lacks the column adj_close;"
         " it has date, ticker. Give it the columns date, ticker, adj_close, in any order."),
        ("prices", b"date,ticker,adj_close\n", "date: At least one row of prices is needed."),
        ("prices", b"date,ticker,adj_close\n2020-01-01,A,1\n", "Prices of at least two days are"),
        ("prices", b"date,ticker,adj_close\n2020-01-01,A,ten\n",
         "row 1, adj_close: A number or nothing is needed; got 'ten'."),
        ("prices", b"date,ticker,adj_close\nsoon,A,1\n", "row 1, date: A date such as 2023-09-20"),
        ("prices", b"date,ticker,adj_close\n,A,1\n", "row 1, date: A date such as"),
        ("prices", b"date,ticker,adj_close\n2020-01-01,A,-1\n", "row 1, adj_close: A number above"),
        ("prices", b"date,ticker,adj_close\n2020-01-01,A,1\n2020-01-01,A,2\n",
         "row 2, date: A has a second row for 2020-01-01: keep one for each day and ticker."),
        ("prices", b"date,ticker,adj_close\n2020-01-01,,1\n", "row 1, ticker: A ticker is"),
        ("prices", b"date,ticker,adj_close\n2020-01-01,A,1,2\n", "row 1: mine.csv has 4 values "
         "where its header has 3"),
        ("prices", b"\xff\xfe\x00", "mine.csv is no CSV in UTF-8"),
        ("prices", b"PAR1 not", "mine.csv begins as Parquet but is not"),
        ("daily", b"Date,Adj Close\n2020-01-02,1\n2020-01-01,2\n",
         "row 2, Date: 2020-01-01 comes after 2020-01-02: sort the rows by date"),
        ("daily", b"Date,Adj Close\n2020-01-02,1\n2020-01-02,2\n", "2020-01-02 comes twice"),
        ("bars", BARS + b"noon,1,1,1,1,1\n", "row 1, datetime: A time such as 2023-09-20 11:05"),
        ("bars", BARS + b"2020-01-01 10:00,1,1,1,1,1\n", "datetime: At least 2 bars are needed"),
        ("bars", BARS + b"2020-01-01 10:00,1,1,1,1,1\n" * 2, "2020-01-01T10:00 comes twice"),
        ("bars", BARS + b"2020-01-01 10:00,0,1,1,1,1\n2020-01-01 10:05,1,1,1,1,1\n",
         "row 1, open: A number above 0 is needed, not 0: correct the bar or leave it out"),
        ("bars", BARS + b"2020-01-01 10:00,1,1,1,7,1\n2020-01-01 10:05,1,1,1,7,1\n",
         "close: All 2 closes are 7, of which nothing can be computed"),
        ("texts", b"words\nhello\n", "text: mine.csv lacks the column text"),
        ("texts", b'{"text": 5}\n', "row 1, texts: A text is needed, not 5"),
        ("texts", b'{"text": "a"\n', "row 1: mine.csv has a line that is no JSON"),
        ("texts", b'{"text": "a", "date": "soon"}\n', "row 1, date: A date such as 2023-09-20 is"),
        ("engagement", b"date,symbol,twitterPosts,twitterComments,twitterLikes,twitterImpressions,"
         b"twitterSentiment\n", "mine.csv has no rows: give at least one."),
        ("factors", FACTORS + b"2020-01-01,5,0,0,0,0,0\n",
         "row 1, mkt_rf: A fraction is needed, not 5: divide per cent by 100."),
        ("factors", FACTORS + b"2020-01-01,0,0,0,0,0,0\n2020-01-02,0,0,0,0,0,0\n",
         "date: One row is needed for each month"),
    ],
)  # fmt: skip
def test_uploads(ana: Client, kind: str, content: bytes, told: str) -> None:
    page = uploaded(ana, kind, content, 422)
    assert told in page.context["form"].errors["file"][0]


def test_a_data_set_too_many(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sets, "MOST_SETS", 1)
    uploaded(ana, "prices", prices_of("MINE"))
    page = uploaded(ana, "prices", prices_of("YOURS"), 422)
    told = page.context["form"].errors["file"][0]
    assert told == "You have 1 data sets, as many as are kept: delete one first."


def test_a_file_of_too_many_bytes(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sets, "MOST_BYTES", 1_000)
    told = uploaded(ana, "prices", prices_of("MINE"), 422).context["form"].errors["file"][0]
    assert re.match(r"mine.csv has [\d,]+ bytes, and up to 1,000 are taken: send fewer", told)


def test_a_data_set_that_is_gone(ana: Client, settings: Any) -> None:
    uploaded(ana, "prices", prices_of("LOST", "GONE"))  # which no process has read before
    own = DataSet.objects.get().sha256
    for file in Path(settings.SERVICES_DIR).rglob(f"*{own}*"):
        file.unlink()
    told = refused(ana, PORTFOLIO, own=own, tickers="LOST GONE", upper="")["own"]
    assert told == "This data set of yours is gone: upload it again, or choose another one."


def test_too_many_calculations(ana: Client, settings: Any) -> None:
    settings.SERVICES_MAX_ACTIVE = 0
    told = refused(ana, PORTFOLIO, goal="min_cvar")["__all__"]
    assert told.startswith("0 of your calculations wait or run, as many as may: wait until")


def test_a_calculation_that_failed(ana: Client, user: User) -> None:
    body = operation("portfolio-manager", "optimize-portfolio").body
    known: Calculation = submit(
        f"user:{user.pk}", "portfolio-manager", "optimize-portfolio",
        body.model_validate({"tickers": ["NONE"]}),
    )  # fmt: skip
    run_enqueued()
    html = seen(ana, f"{SERVICES}calculations/{known.id}/")
    assert "NONE&#x27; is not among the" in html
    assert "tickers with prices. There are, for example, " in html
    assert "BadInput" not in html
