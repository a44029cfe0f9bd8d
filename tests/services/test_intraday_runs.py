"""One run: what is decided at a close earns the next return, costs count, stops and days end it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.bars import Bars, make_bars
from ray_services.intraday_strategy.daily import make_daily_signal
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.runs import (
    Run,
    best_of,
    daily_of,
    metrics_of,
    run,
    run_many,
)
from ray_services.intraday_strategy.strategies import (
    STRATEGIES,
    Breakout,
    MeanReversion,
    Momentum,
    RsiBollinger,
    Strategy,
    Volatility,
    make_strategy,
)
from tests.services.intraday_reference import some_bars, some_signal

QUICK: list[Strategy] = [
    RsiBollinger(rsi_window=5, rsi_high=55, rsi_low=45, band_window=6, band_width=0.5),
    Momentum(fast=3, slow=6, smooth=2),
    MeanReversion(window=8, enter=1.2, leave=0.2),
    Breakout(window=6, leave_window=3),
    Volatility(window=5, multiple=1.5),
]
GUARDED = Rules(cost_bps=2, slippage_bps=1, stop_loss=0.004, take_profit=0.006, holding="overnight")


def market_for(strategy: Strategy, bars: Bars) -> Market:
    return Market(bars, some_signal(bars) if strategy.needs_signal else None)


def bars_of(
    closes: list[float],
    highs: list[float] | None = None,
    lows: list[float] | None = None,
    opens: list[float] | None = None,
    start: str = "2023-01-02T09:00",
    step: int = 5,
) -> Bars:
    times = np.datetime64(start) + np.arange(len(closes)) * np.timedelta64(step, "m")
    return make_bars(times, opens or closes, highs or closes, lows or closes, closes)


def names(found: Run) -> list[str]:
    return [row["reason"] for row in found.trades.as_rows()]


UP = Breakout(window=1, leave_window=1)
"""Long after a rise above the last high, short after a fall below the last low."""


@pytest.mark.parametrize("rules", [Rules(), GUARDED, Rules(flat_from="11:30", side="long")])
@pytest.mark.parametrize("strategy", QUICK)
def test_a_changed_future_changes_nothing_before(strategy: Strategy, rules: Rules) -> None:
    bars = some_bars(days=12)
    border = 400
    columns = [bars.opens, bars.highs, bars.lows, bars.closes]
    rng = np.random.default_rng(9)
    factor = np.where(np.arange(len(bars)) < border, 1.0, rng.uniform(0.5, 2.0, len(bars)))
    changed = make_bars(bars.times, *(column * factor for column in columns))
    signal = some_signal(bars) if strategy.needs_signal else None
    one, other = (run(Market(each, signal), strategy, rules) for each in (bars, changed))
    moment = bars.times[border]
    before = one.times < moment
    assert before.sum() > 200
    assert one.positions[before].tolist() == other.positions[before].tolist()
    days = int(np.searchsorted(one.days, moment.astype("datetime64[D]")))
    assert one.daily[: days - 1].tolist() == other.daily[: days - 1].tolist()
    ended = [found.trades.exit_times < moment for found in (one, other)]
    assert ended[0].any() or isinstance(strategy, RsiBollinger)
    for column in ("entry_times", "exit_times", "exit_prices", "net", "reasons"):
        assert (
            getattr(one.trades, column)[ended[0]].tolist()
            == getattr(other.trades, column)[ended[1]].tolist()
        )


@pytest.mark.parametrize("strategy", QUICK)
def test_bars_that_have_not_come_yet_change_nothing(strategy: Strategy) -> None:
    bars = some_bars(days=12)
    signal = some_signal(bars) if strategy.needs_signal else None
    whole = run(Market(bars, signal), strategy, GUARDED)
    half = make_bars(*(getattr(bars, name)[:400] for name in (
        "times", "opens", "highs", "lows", "closes")))  # fmt: skip
    part = run(Market(half, signal), strategy, GUARDED)
    known = len(part.positions) - 1  # the last bar closes all
    assert part.positions[:known].tolist() == whole.positions[:known].tolist()


def test_the_signal_of_later_days_changes_nothing_before() -> None:
    bars = some_bars(days=12)
    signal = some_signal(bars)
    signs = signal.signs.copy()
    signs[6:] = -signs[6:]
    one, other = (
        run(Market(bars, make_daily_signal(signal.days, each)), QUICK[0])
        for each in (signal.signs, signs)
    )
    before = one.times < signal.days[6]
    assert one.positions[before].tolist() == other.positions[before].tolist()
    assert one.positions.tolist() != other.positions.tolist()


def test_a_close_above_the_channel_earns_the_next_return_not_its_own() -> None:
    found = run(Market(bars_of([100, 101, 103, 104])), UP)
    assert found.positions.tolist() == [0, 1, 1, 0]
    assert found.daily.tolist() == [pytest.approx(103 / 101 - 1 + 104 / 103 - 1)]
    assert found.trades.as_rows() == [
        {
            "entry_time": "2023-01-02T09:05", "exit_time": "2023-01-02T09:15", "side": "long",
            "entry_price": 101, "exit_price": 104, "gross": 104 / 101 - 1, "net": 104 / 101 - 1,
            "bars": 2, "reason": "end of period",
        }
    ]  # fmt: skip


def test_each_entry_and_exit_costs() -> None:
    bars = bars_of([100, 101, 103, 99, 98, 98.5])
    free, dear = (run(Market(bars), UP, Rules(cost_bps=cost, slippage_bps=cost / 2))
                  for cost in (0, 10))  # fmt: skip
    assert free.positions.tolist() == dear.positions.tolist() == [0, 1, 1, -1, -1, 0]
    assert free.daily[0] - dear.daily[0] == pytest.approx(4 * 0.0015)
    assert (free.trades.net - dear.trades.net).tolist() == pytest.approx([0.003, 0.003])
    assert dear.trades.gross.tolist() == free.trades.net.tolist()


def test_a_stop_ends_within_the_bar_at_its_level() -> None:
    bars = bars_of([100, 101, 102, 101.5, 101], lows=[100, 101, 99, 101.5, 101])
    found = run(Market(bars), UP, Rules(stop_loss=0.01))
    row = found.trades.as_rows()[0]
    assert (row["reason"], row["exit_price"]) == ("stop loss", pytest.approx(101 * 0.99))
    assert row["net"] == pytest.approx(-0.01)
    assert found.daily[0] < -0.0099


def test_a_stop_that_is_jumped_over_ends_at_the_open() -> None:
    bars = bars_of([100, 101, 90, 90, 90.5], opens=[100, 101, 95, 90, 90])
    row = run(Market(bars), UP, Rules(stop_loss=0.01)).trades.as_rows()[0]
    assert (row["reason"], row["exit_price"]) == ("stop loss", 95)


def test_a_target_takes_its_profit_and_a_bar_that_touches_both_is_a_stop() -> None:
    highs, calm, wild = [100, 101, 104, 102, 102], [100.0] * 5, [100, 101, 99, 102, 101.9]
    closes = [100, 101, 102, 102, 101.9]
    rules = Rules(stop_loss=0.015, take_profit=0.02)
    row = run(Market(bars_of(closes, highs, calm)), UP, rules).trades.as_rows()[0]
    assert (row["reason"], row["exit_price"]) == ("take profit", pytest.approx(101 * 1.02))
    row = run(Market(bars_of(closes, highs, wild)), UP, rules).trades.as_rows()[0]
    assert row["reason"] == "stop loss"


def test_a_side_that_was_stopped_waits_for_a_bar_that_does_not_ask_for_it() -> None:
    closes = [100, 101, 102, 103, 102.5, 102.5, 103]
    lows = [100, 101, 99, 103, 102.5, 102.5, 103]
    strategy = Breakout(window=1, leave_window=1)
    found = run(Market(bars_of(closes, lows=lows)), strategy, Rules(stop_loss=0.01, side="long"))
    assert found.positions.tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert names(found) == ["stop loss"]
    later = run(
        Market(bars_of([*closes, 104], lows=[*lows, 103])), strategy,
        Rules(stop_loss=0.01, side="long"),
    )  # fmt: skip
    assert later.positions.tolist()[6:] == [1, 0]


def test_a_position_ends_with_its_day_after_the_overnight_bar() -> None:
    closes, low = [100, 101, 102, 101.5, 103, 104], [90.0] * 6
    bars = bars_of(closes, lows=low, start="2023-01-02T23:45")
    day = run(Market(bars), UP)
    assert day.positions.tolist() == [0, 1, 1, 0, 1, 0]
    assert names(day) == ["end of day", "end of period"]
    assert day.daily[0] == pytest.approx(102 / 101 - 1 + 101.5 / 102 - 1)
    night = run(Market(bars), UP, Rules(holding="overnight"))
    assert night.positions.tolist() == [0, 1, 1, 1, 1, 0]
    assert names(night) == ["end of period"]


def test_a_side_entered_again_at_the_next_days_first_close_goes_on() -> None:
    bars = bars_of([100, 101, 102, 103, 102.5, 104], lows=[90.0] * 6, start="2023-01-02T23:45")
    found = run(Market(bars), UP, Rules(cost_bps=10))
    assert found.positions.tolist() == [0, 1, 1, 1, 1, 0]
    assert len(found.trades) == 1
    assert found.daily[0] == pytest.approx(102 / 101 - 1 + 103 / 102 - 1 - 0.001)


def test_from_the_flat_time_on_nothing_is_held() -> None:
    bars = some_bars(days=8)
    found = run(Market(bars), QUICK[1], Rules(flat_from="13:00", holding="overnight"))
    late = bars.minutes >= 13 * 60
    assert late.any()
    assert not found.positions[late].any()
    assert "flat time" in names(found)


@pytest.mark.parametrize(("side", "sign"), [("long", 1), ("short", -1)])
@pytest.mark.parametrize("strategy", QUICK)
def test_one_side_alone(strategy: Strategy, side: Any, sign: int) -> None:
    found = run(market_for(strategy, some_bars()), strategy, Rules(side=side))
    assert set(found.positions.tolist()) == {0, sign}
    assert set(found.trades.sides.tolist()) == {sign}


@pytest.mark.parametrize("strategy", QUICK)
def test_dates_are_honoured_and_the_bars_before_them_known(strategy: Strategy) -> None:
    market = market_for(strategy, some_bars(days=30))
    whole = run(market, strategy)
    start, end = whole.days[8], whole.days[17]
    part = run(market, strategy, start=str(start), end=end)
    assert (part.days[0], part.days[-1]) == (start, end)
    assert len(part.days) == 10
    # Positions end with their days, so the first day may only lack what ends on it.
    assert part.daily[1:-1].tolist() == pytest.approx(whole.daily[9:17].tolist(), abs=1e-15)
    assert part.trades.entry_times.min() >= start
    assert part.trades.exit_times.max() < end + np.timedelta64(1, "D")


def test_what_the_run_comes_to_follows_from_its_days_and_trades() -> None:
    found = run(Market(some_bars(days=40)), QUICK[2], Rules(cost_bps=1))
    years = ((found.days[-1] - found.days[0]).astype(int) + 1) / 365.25
    scale = np.sqrt(len(found.days) / years)
    daily, net, told = found.daily, found.trades.net, found.metrics
    assert told.total_return == pytest.approx(np.prod(1 + daily) - 1)
    assert told.annual_return == pytest.approx(np.prod(1 + daily) ** (1 / years) - 1)
    assert told.sharpe == pytest.approx(daily.mean() / daily.std(ddof=1) * scale)
    below = np.sqrt((np.minimum(daily, 0) ** 2).mean())
    assert told.sortino == pytest.approx(daily.mean() / below * scale)
    assert told.max_drawdown == pytest.approx(found.drawdown.min())
    assert told.trades == len(found.trades) == len(net)
    assert told.win_rate == pytest.approx((net > 0).mean())
    assert told.profit_factor == pytest.approx(net[net > 0].sum() / -net[net < 0].sum())
    assert told.exposure == pytest.approx((found.positions != 0).mean())
    assert found.equity[-1] == pytest.approx(1 + told.total_return)


def test_a_run_without_trades_has_no_ratios() -> None:
    told = run(Market(some_bars()), MeanReversion(enter=19)).metrics
    assert (told.total_return, told.trades, told.exposure, told.max_drawdown) == (0, 0, 0, 0)
    assert told.sharpe is told.sortino is told.win_rate is told.profit_factor is None


def test_runs_of_several_strategies_have_a_best() -> None:
    market = Market(some_bars())
    runs: list[Run] = run_many(QUICK[1:], market=market)
    assert [one.strategy for one in runs] == QUICK[1:]
    told = run_many(QUICK[1:], market=market, told=metrics_of)
    assert told == [one.metrics for one in runs]
    days = run_many(QUICK[1:], market=market, told=daily_of)
    assert [one.tolist() for one in days] == [one.daily.tolist() for one in runs]
    best = best_of(told, "total_return")
    assert best is not None
    assert told[best].total_return == max(one.total_return for one in told)
    assert best_of([run(market, MeanReversion(enter=19)).metrics]) is None


def test_parameters_are_refused_by_name() -> None:
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("rsi_bollinger", {"rsi_window": 1}, "rsi_window"),
        ("rsi_bollinger", {"rsi_window": True}, "rsi_window"),
        ("rsi_bollinger", {"rsi_high": 101}, "rsi_high"),
        ("rsi_bollinger", {"rsi_low": 80}, "rsi_low"),
        ("rsi_bollinger", {"band_width": float("nan")}, "band_width"),
        ("momentum", {"fast": 26}, "fast"),
        ("momentum", {"threshold": "much"}, "threshold"),
        ("mean_reversion", {"leave": 2.0}, "leave"),
        ("breakout", {"leave_window": 49}, "leave_window"),
        ("volatility", {"multiple": 0}, "multiple"),
        ("volatility", {"width": 1}, "width"),
        ("astrology", {}, "strategy"),
    ]
    for name, given, field in wrong:
        with pytest.raises(BadInput) as caught:
            make_strategy(name, given)
        assert caught.value.field == field, (name, given)


def test_a_strategy_comes_back_from_its_parameters() -> None:
    for strategy in QUICK:
        assert make_strategy(strategy.name, strategy.parameters) == strategy
    assert {type(one).name for one in QUICK} == set(STRATEGIES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cost_bps", -1), ("slippage_bps", float("inf")), ("stop_loss", 0), ("take_profit", -0.1),
        ("side", "left"), ("holding", "week"), ("flat_from", "25:00"), ("flat_from", 5),
    ],
)  # fmt: skip
def test_rules_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(BadInput) as caught:
        replace(Rules(), **{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("2030-01-01", None, "start"), (None, "1999-01-01", "end"), ("soon", None, "start"),
        ("2023-01-10", "2023-01-05", "end"), (None, "2023-02-31", "end"),
    ],
)  # fmt: skip
def test_dates_without_bars_are_refused(start: str | None, end: str | None, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        run(Market(some_bars()), QUICK[1], start=start, end=end)
    assert caught.value.field == field


def test_what_the_market_does_not_fit_is_refused() -> None:
    bars = some_bars(days=2)
    with pytest.raises(BadInput, match="needs a daily signal"):
        run(Market(bars), RsiBollinger())
    with pytest.raises(BadInput, match="knows no daily signal"):
        run(Market(bars, some_signal(bars)), Momentum())
    with pytest.raises(BadInput, match="at least 5,001 bars") as caught:
        run(Market(bars), MeanReversion(window=5000))
    assert caught.value.field == "window"
