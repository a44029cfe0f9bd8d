"""The engagement strategy: what pandas gives, dates and parameters honoured, nothing foreseen."""

import io
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ray_services.common.errors import BadInput
from ray_services.common.prices import Panel, read_prices
from ray_services.data.engagement import make_engagement
from ray_services.data.symbols import WRITTEN_ABOUT
from ray_services.sentiment_analyzer.periods import next_starts
from ray_services.sentiment_analyzer.ranking import (
    Ranking,
    engagement_of,
    period_means,
    ranks_of,
    top_stocks,
)
from ray_services.sentiment_analyzer.records import Records, read_records
from ray_services.sentiment_analyzer.strategy import Performance, Strategy, backtest

DAYS = np.arange("2021-11-01", "2023-02-15", dtype="datetime64[D]")
BUSINESS = DAYS[np.is_busday(DAYS)]
TICKERS = (*(one for one in WRITTEN_ABOUT if one != "AAPL"), "QQQ")  # no prices of AAPL


@cache
def records_file() -> bytes:
    return make_engagement(np.random.default_rng(3)).encode()


@cache
def records() -> Records:
    return read_records(records_file())


def as_file(days: Any, tickers: Any, prices: Any) -> bytes:
    table = pa.table({"date": pa.array(days), "ticker": tickers, "adj_close": prices})
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


@cache
def prices_file() -> bytes:
    """By day and ticker; some prices are missing, as a null and as no row at all."""
    rng = np.random.default_rng(4)
    shape = (len(BUSINESS), len(TICKERS))
    prices = np.exp(4 + np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    values = prices.ravel().copy()
    holes = rng.choice(values.size - len(TICKERS), 200, replace=False)
    values[holes[:100]] = np.nan
    values[len(TICKERS) - 1 :: len(TICKERS)] = prices[:, -1]  # the benchmark has all
    kept = np.ones(values.size, bool)
    kept[holes[100:]] = False
    kept[len(TICKERS) - 1 :: len(TICKERS)] = True
    days, names = np.repeat(BUSINESS, len(TICKERS)), np.tile(TICKERS, len(BUSINESS))
    return as_file(days[kept], names[kept].tolist(), values[kept])


@cache
def panel() -> Panel:
    return read_prices(prices_file())


@cache
def run(**wanted: Any) -> Performance:
    ranking = {name: wanted.pop(name) for name in list(wanted) if hasattr(Ranking(), name)}
    return backtest(records(), panel(), Strategy(Ranking(**ranking), **wanted))


def by_pandas(returns: str = "log", top: int = 5) -> tuple[Any, Any, dict[Any, list[str]]]:
    """The strategy as notebooks have it: daily returns, the benchmark's, and what is held."""
    pd = pytest.importorskip("pandas")
    table = pd.read_csv(io.BytesIO(records_file()), parse_dates=["date"])
    table = table[(table.twitterLikes > 20) & (table.twitterComments > 10)]
    table["ratio"] = table.twitterComments / table.twitterLikes
    means = table.groupby([pd.Grouper(key="date", freq="ME"), "symbol"])["ratio"].mean()
    ranks = means.groupby(level=0).rank(ascending=False)
    chosen = ranks[ranks < top + 1].reset_index()
    long = pq.read_table(io.BytesIO(prices_file())).to_pandas()
    prices = long.pivot(index="date", columns="ticker", values="adj_close")
    prices.index = pd.to_datetime(prices.index)
    each = np.log(prices).diff() if returns == "log" else prices / prices.shift() - 1
    found, held = [], {}
    for end, group in chosen.groupby("date"):
        begin = end + pd.DateOffset(days=1)
        names = [name for name in group.symbol if name in prices.columns]
        held[begin.strftime("%Y-%m-%d")] = names
        found.append(each.loc[begin : begin + pd.offsets.MonthEnd(0), names].mean(axis=1))
    daily = pd.concat(found).dropna()
    return daily, each["QQQ"].reindex(daily.index), held


@pytest.mark.parametrize("returns", ["log", "simple"])
@pytest.mark.parametrize("top", [5, 12])
def test_daily_returns_are_those_of_pandas(returns: str, top: int) -> None:
    daily, benchmark, held = by_pandas(returns, top)
    found = run(returns=returns, top=top)
    assert np.array_equal(found.days, daily.index.to_numpy().astype("datetime64[D]"))
    assert np.abs(found.returns - daily.to_numpy()).max() < 1e-12
    assert np.abs(found.benchmark_returns - benchmark.to_numpy()).max() < 1e-12
    cumulative = np.exp(np.cumsum(np.log1p(daily.to_numpy()))) - 1
    assert np.abs(found.cumulative - cumulative).max() < 1e-12
    for picks in found.picks:
        assert sorted(picks.tickers) == sorted(held[str(picks.held_from)])


def test_tickers_are_held_over_the_month_after_that_of_their_records() -> None:
    for picks in run().picks:
        assert picks.held_from == next_starts(picks.period, "month")
        assert picks.held_to + np.timedelta64(1, "D") == next_starts(picks.held_from, "month")
        assert sum(picks.weights) == pytest.approx(1)
    assert run().days[0] == np.datetime64("2021-12-01")


def test_nothing_is_foreseen() -> None:
    """What is written later and later prices change no earlier return."""
    header, *lines = records_file().decode().splitlines()
    changed = [line if line < "2022-07-01" else more_comments(line) for line in lines]
    other = read_records("\n".join([header, *changed, ""]).encode())
    prices = panel().fields["adj_close"].copy()
    prices[panel().dates >= np.datetime64("2022-08-01")] *= 3
    later = Panel(panel().dates, panel().tickers, {"adj_close": prices})
    found = backtest(other, later, Strategy())
    before = run().days < np.datetime64("2022-08-01")
    assert np.array_equal(found.returns[: before.sum()], run().returns[before])
    assert not np.array_equal(found.returns, run().returns)


def more_comments(line: str) -> str:
    day, symbol, posts, comments, *others = line.split(",")
    many = str(float(comments) + sum(map(ord, symbol + day)))
    return ",".join([day, symbol, posts, many, *others])


@pytest.mark.parametrize(("start", "end"), [
    ("2022-03-10", "2022-05-20"), (None, "2022-05-20"), ("2022-03-10", None),
])  # fmt: skip
def test_dates_are_honoured(start: str | None, end: str | None) -> None:
    first, last = (None if day is None else np.datetime64(day) for day in (start, end))
    found = run(start=first, end=last)
    inside = np.ones(len(run().days), bool)
    if first is not None:
        inside &= run().days >= first
    if last is not None:
        inside &= run().days <= last
    assert np.array_equal(found.days, run().days[inside])
    assert np.array_equal(found.returns, run().returns[inside])
    assert found.cumulative[0] == pytest.approx(found.returns[0])
    assert all(one.held_from <= found.days[-1] for one in found.picks)


def test_tickers_without_prices_are_told() -> None:
    assert run(top=40).summary()["missing_prices"] == ["AAPL"]


@pytest.mark.parametrize("period", ["week", "month", "quarter"])
@pytest.mark.parametrize("metric", ["comments_per_post", "likes", "sentiment"])
def test_other_metrics_and_periods_can_be_held(period: str, metric: str) -> None:
    found = run(period=period, metric=metric)
    assert len(found.picks) > {"week": 40, "month": 10, "quarter": 3}[period]
    assert np.isfinite(found.cumulative).all()
    assert (np.diff(found.days).astype(int) > 0).all()


def test_weights_follow_the_weighting() -> None:
    for picks in run(weighting="rank").picks:
        assert list(picks.weights) == sorted(picks.weights, reverse=True)
    for picks in run(weighting="metric").picks:
        shares = np.array(picks.means) / sum(picks.means)
        assert picks.weights == pytest.approx(shares)
    assert run(weighting="metric").returns[0] != run().returns[0]


def test_a_day_without_a_ticker_s_price_is_shared_by_the_others() -> None:
    days = np.arange("2022-02-01", "2022-02-05", dtype="datetime64[D]")
    rows = [
        f"2022-01-{day:02},{name},1,{comments},100,1,"
        for day in (3, 4) for name, comments in (("AAA", 50), ("BBB", 30))
    ]  # fmt: skip
    header = records_file().decode().splitlines()[0]
    few = read_records("\n".join([header, *rows, ""]).encode())
    prices = np.array([[10, 100.0], [11, 100.0], [12.1, np.nan], [12.1, 100.0]])
    found = backtest(
        few,
        Panel(days, ("AAA", "BBB"), {"adj_close": prices}),
        Strategy(returns="simple", weighting="metric", benchmark=None),
    )
    assert found.days.tolist() == days[1:].tolist()
    assert found.returns == pytest.approx([0.1 * 50 / 80, 0.1, 0.0])
    assert found.benchmark_returns is None
    assert found.summary()["benchmark"] is None


def test_a_summary_has_the_figures_of_the_returns() -> None:
    found, summary = run(), run().summary()
    strategy = summary["strategy"]
    assert strategy["total_return"] == found.cumulative[-1]
    assert strategy["annual_volatility"] == pytest.approx(found.returns.std(ddof=1) * 252**0.5)
    wealth = [1.0, *(found.cumulative + 1)]
    deepest = min(now / max(wealth[: at + 1]) - 1 for at, now in enumerate(wealth))
    assert strategy["max_drawdown"] == pytest.approx(deepest)
    assert summary["periods"] == len(found.picks)
    assert found.picks[0].as_dict()["holdings"][0]["weight"] == found.picks[0].weights[0]


def test_ranks_share_ties_and_leave_out_what_is_missing() -> None:
    ranks = ranks_of(np.array([3.0, np.nan, 5.0, 3.0, 1.0]))
    assert ranks[[0, 2, 3, 4]].tolist() == [2.5, 1.0, 2.5, 4.0]
    assert np.isnan(ranks[1])


def test_only_records_above_the_least_count() -> None:
    found = period_means(records(), Ranking(min_likes=500, min_comments=300))
    used = (records().likes > 500) & (records().comments > 300)
    assert found.counts.sum() == used.sum()


def test_a_tickers_engagement_is_told_by_period() -> None:
    rows = engagement_of(records(), "tsla", Ranking(min_likes=0, min_comments=0))
    assert len(rows) == 15
    chosen = {str(one.held_from)[:7] for one in run(min_likes=0.0, min_comments=0.0).picks
              if "TSLA" in one.tickers}  # fmt: skip
    after = next_starts(np.array([row["start"] for row in rows], "datetime64[D]"), "month")
    told = {str(day)[:7] for day, row in zip(after, rows, strict=True) if row["chosen"]}
    assert told == chosen


def test_the_top_stocks_have_the_largest_means() -> None:
    rows = top_stocks(records(), Ranking(metric="likes"), 7)
    means = [row["likes"] for row in rows]
    assert len(rows) == 7
    assert means == sorted(means, reverse=True)
    used = (records().likes > 20) & (records().comments > 10)
    best = records().symbols.index(rows[0]["ticker"])
    assert means[0] == pytest.approx(records().likes[used & (records().codes == best)].mean())


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"metric": "luck"}, "metric"), ({"period": "day"}, "period"), ({"top": 0}, "top"),
        ({"top": 2.5}, "top"), ({"min_likes": -1}, "min_likes"),
        ({"min_comments": float("nan")}, "min_comments"), ({"weighting": "luck"}, "weighting"),
        ({"returns": "lucky"}, "returns"), ({"benchmark": "NONE"}, "benchmark"),
        ({"start": np.datetime64("2030-01-01")}, "start"), ({"start": "2022-01-01"}, "start"),
        ({"start": np.datetime64("2022-02-01"), "end": np.datetime64("2022-01-01")}, "start"),
        ({"min_likes": 1e9}, "min_likes"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wanted: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        run(**wanted)
    assert caught.value.field == field
    assert caught.value.remedy


THREE = ["2022-01-03", "2022-01-04", "2022-01-04"]


@pytest.mark.parametrize(
    ("days", "tickers", "prices", "field", "row"),
    [
        (THREE, ["A", "A", "B"], [1.0, 0.0, 1.0], "adj_close", 2),
        (THREE, ["A", "A", "B"], [1.0, 2.0, -1.0], "adj_close", 3),
        (THREE, ["A", "A", "A"], [1.0, 2.0, 1.0], "date", 3),
        (THREE, ["A", None, "B"], [1.0, 2.0, 1.0], "ticker", 2),
        (THREE[1:], ["A", "B"], [1.0, 2.0], "date", None),
    ],
)
def test_prices_that_cannot_be_are_refused(
    days: Any, tickers: Any, prices: Any, field: str, row: int | None
) -> None:
    with pytest.raises(BadInput) as caught:
        read_prices(as_file(np.array(days, "datetime64[D]"), tickers, prices))
    assert (caught.value.field, caught.value.row) == (field, row)


def test_a_return_that_cannot_be_compounded_is_refused() -> None:
    prices = panel().fields["adj_close"].copy()
    prices[panel().dates >= np.datetime64("2022-03-15")] /= 50
    fallen = Panel(panel().dates, panel().tickers, {"adj_close": prices})
    with pytest.raises(BadInput, match="2022-03-15"):
        backtest(records(), fallen, Strategy())
    assert backtest(records(), fallen, Strategy(returns="simple")).cumulative[-1] < 0
