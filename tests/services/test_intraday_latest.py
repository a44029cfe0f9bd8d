"""What is held after the last bar, and why."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.bars import make_bars
from ray_services.intraday_strategy.daily import make_daily_signal
from ray_services.intraday_strategy.latest import standing
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.runs import run
from ray_services.intraday_strategy.strategies import (
    STRATEGIES,
    MeanReversion,
    RsiBollinger,
    Volatility,
)
from tests.services.intraday_reference import some_bars, some_signal

BARS = some_bars(days=12)
MARKET = Market(BARS)


def test_what_is_held_now_is_what_a_run_with_more_bars_held_then() -> None:
    strategy, rules = Volatility(window=5, multiple=1.5), Rules(stop_loss=0.004)
    whole = run(MARKET, strategy, rules)
    names = ("times", "opens", "highs", "lows", "closes")
    for size in (100, 222, 345):
        known = Market(make_bars(*(getattr(BARS, name)[:size] for name in names)))
        told = standing(known, strategy, rules)
        assert told.position == whole.positions[size - 1]
        assert told.time == str(BARS.times[size - 1])


def test_a_position_tells_its_entry_and_what_was_seen_there() -> None:
    told = standing(MARKET, Volatility(window=5, multiple=1.5))
    assert told.position in (-1, 1)
    entry = int(np.searchsorted(BARS.times, np.datetime64(str(told.since))))
    assert told.entry_price == BARS.closes[entry]
    side = told.position
    assert told.open_return == pytest.approx(side * (told.close / BARS.closes[entry] - 1))
    assert told.why.startswith(f"{'long' if side > 0 else 'short'} since {told.since}: close ")
    assert told.reading_at_entry["close"] == told.entry_price
    assert "true ranges" in told.rule


def test_without_a_position_it_says_how_the_last_one_ended() -> None:
    told = standing(MARKET, Volatility(window=5, multiple=1.5), Rules(flat_from="10:00"))
    assert told.position == 0
    assert told.since is told.entry_price is told.open_return is None
    assert told.why.startswith("flat since 2023-")
    assert told.why.endswith(": flat time")
    assert standing(MARKET, MeanReversion(enter=19)).why == "flat: no entry in all bars"


def test_the_reading_of_the_strategy_on_the_days_signal() -> None:
    signal = make_daily_signal(BARS.days, np.where(np.arange(len(BARS.days)) % 2, 1, -1))
    told = standing(Market(BARS, signal), RsiBollinger())
    assert set(told.reading) == {"close", "rsi", "upper", "lower", "daily_signal"}
    assert told.reading["daily_signal"] == 1
    assert told.close == BARS.closes[-1]


@pytest.mark.parametrize("name", STRATEGIES)
def test_it_is_json_whatever_the_strategy(name: str) -> None:
    signal = some_signal(BARS) if STRATEGIES[name].needs_signal else None
    told = standing(Market(BARS, signal), STRATEGIES[name]())
    assert json.loads(json.dumps(asdict(told), allow_nan=False))["strategy"] == name


def test_what_the_market_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="needs a daily signal"):
        standing(MARKET, RsiBollinger())
