"""Any flags under any rules: the compiled walk beside the plain one, and marks beside formulas."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_services.intraday_strategy.bars import Bars
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.marking import mark_volatility
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.strategies import MeanReversion
from ray_services.intraday_strategy.walking import REASONS, Tally, make_ledger, walk
from tests.services.intraday_reference import some_bars, walk_plainly

FLAGS = [0, 0, 0, 0, 0, 1, 2, 4, 8, 5, 10, 9, 6, 12]
RULES = st.builds(
    Rules,
    cost_bps=st.sampled_from([0.0, 5.0]),
    slippage_bps=st.sampled_from([0.0, 2.5]),
    stop_loss=st.sampled_from([None, 0.002, 0.01]),
    take_profit=st.sampled_from([None, 0.002, 0.01]),
    side=st.sampled_from(["both", "long", "short"]),
    holding=st.sampled_from(["day", "overnight"]),
    flat_from=st.sampled_from([None, "9:20", "00:00"]),
)


def walked(bars: Bars, flags: list[int], rules: Rules, settled: bool) -> tuple[Any, ...]:
    market, days = Market(bars), len(bars.days)
    marked = np.array(flags, np.uint8)
    active = np.array([
        bool((marked[begin:end] & 3).any())
        for begin, end in zip(bars.starts[:-1], bars.starts[1:], strict=True)
    ])  # fmt: skip
    daily, positions = np.empty(days), np.zeros(len(bars), np.int8)
    ledger = make_ledger(len(bars))
    tally = Tally(*walk(market.prices, marked, active, rules.orders(settled=settled), 0, days,
                        daily, positions, ledger))  # fmt: skip
    rows = zip(*(column[: tally.trades].tolist() for column in ledger), strict=True)
    trades = [(*row[:5], REASONS[row[5]]) for row in rows]
    return positions.tolist(), daily.tolist(), trades, tally


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 50), st.integers(0, 10**6), RULES, st.booleans(), st.sampled_from([9, 170]))
def test_the_compiled_walk_is_the_plain_one(
    seed: int, dice: int, rules: Rules, settled: bool, per_day: int
) -> None:
    bars = some_bars(seed=seed, days=6 if per_day < 100 else 2, per_day=per_day, missing=0.3)
    rng = np.random.default_rng(dice)
    quiet = rng.random(len(bars)) < (0.0 if per_day < 100 else 0.97)
    flags = np.where(quiet, 0, rng.choice(FLAGS, len(bars))).tolist()
    expected = walk_plainly(bars, flags, rules, settled)
    positions, daily, trades, tally = walked(bars, flags, rules, settled)
    assert positions == expected.positions
    assert trades == expected.trades
    assert daily == pytest.approx(expected.daily(bars), abs=1e-14)
    net = [side * (out / into - 1) - 2 * rules.rate for _, _, side, into, out, _ in trades]
    assert tally.wins == sum(one > 0 for one in net)
    assert tally.gains - tally.losses == pytest.approx(sum(net), abs=1e-12)
    assert tally.held == sum(side != 0 for side in positions[:-1])
    assert tally.side == positions[-1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 1.5, 3.0]))
def test_the_volatility_system_turns_where_it_says(seed: int, multiple: float) -> None:
    bars = some_bars(seed=seed, days=2, per_day=40)
    market, flags = Market(bars), np.zeros(len(bars), np.uint8)
    ranges = market.atr(5)
    mark_volatility(ranges, bars.closes, multiple, flags)
    side, seen, expected = 0, [], []
    for close, reach in zip(bars.closes, multiple * ranges, strict=True):
        if reach == reach:
            seen.append(close)
            if side >= 0 and close < max(seen) - reach:
                side, seen = -1, [close]
            elif side <= 0 and close > min(seen) + reach:
                side, seen = 1, [close]
        expected.append({0: 0, 1: 1, -1: 2}[side])
    assert flags.tolist() == expected


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.8, 1.5]), st.sampled_from([0.0, 0.4]))
def test_reversion_enters_far_off_and_leaves_near_the_mean(
    seed: int, enter: float, leave: float
) -> None:
    bars = some_bars(seed=seed, days=2, per_day=40)
    market, flags = Market(bars), np.zeros(len(bars), np.uint8)
    MeanReversion(window=10, enter=enter, leave=leave).mark(market, flags)
    middle, deviation = market.bands(10)
    off = (bars.closes - middle) / deviation
    assert ((flags & 1) > 0).tolist() == (off < -enter).tolist()
    assert ((flags & 2) > 0).tolist() == (off > enter).tolist()
    assert ((flags & 4) > 0).tolist() == (off >= -leave).tolist()
    assert ((flags & 8) > 0).tolist() == (off <= leave).tolist()
