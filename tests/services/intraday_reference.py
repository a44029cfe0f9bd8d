"""Bars to test with, and the rules of trading once more, in plain Python, looking back."""

from dataclasses import dataclass, field

import numpy as np

from ray_services.intraday_strategy.bars import Bars, make_bars
from ray_services.intraday_strategy.daily import DailySignal, make_daily_signal
from ray_services.intraday_strategy.rules import Rules

LONG, SHORT, OUT_OF_LONG, OUT_OF_SHORT = 1, 2, 4, 8


def some_bars(
    seed: int = 1, days: int = 20, per_day: int = 60, missing: float = 0.05, spread: float = 0.003
) -> Bars:
    """Five-minute bars with gaps, some of them over whole days."""
    rng = np.random.default_rng(seed)
    first = np.datetime64("2023-01-02T09:00")
    starts = first + np.arange(days) * np.timedelta64(1440, "m")
    times = (starts[:, None] + np.arange(per_day) * np.timedelta64(5, "m")).ravel()
    closes = 100 * np.exp(np.cumsum(spread * rng.standard_t(4, times.size)))
    opens = np.append(100.0, closes[:-1]) * np.exp(rng.normal(0, spread / 4, times.size))
    highs = np.maximum(opens, closes) * np.exp(rng.exponential(spread / 2, times.size))
    lows = np.minimum(opens, closes) * np.exp(-rng.exponential(spread / 2, times.size))
    kept = rng.random(times.size) >= missing
    kept[:2] = True
    columns = (times, opens, highs, lows, closes, rng.random(times.size))
    return make_bars(*(column[kept] for column in columns))


def some_signal(bars: Bars, seed: int = 2, active: float = 0.5) -> DailySignal:
    """A sign for most of the bars' days; some have none."""
    rng = np.random.default_rng(seed)
    days = bars.days[rng.random(len(bars.days)) < 0.9]
    signs = np.where(rng.random(len(days)) < active, rng.choice([-1, 1], len(days)), 0)
    return make_daily_signal(days, signs)


@dataclass
class Walked:
    """What the reference has done."""

    positions: list[int]
    returns: list[float]
    trades: list[tuple[int, int, int, float, float, str]] = field(default_factory=list)

    def daily(self, bars: Bars) -> list[float]:
        pairs = zip(bars.starts[:-1], bars.starts[1:], strict=True)
        return [sum(self.returns[begin:end]) for begin, end in pairs]


def level_hit(
    side: int, entry: float, rules: Rules, opening: float, high: float, low: float
) -> tuple[float, str] | None:
    """Where and why a bar ends a trade. A short is a long seen upside down."""
    worst, best = (low, high) if side > 0 else (high, low)
    stop = None if rules.stop_loss is None else entry * (1 - side * rules.stop_loss)
    target = None if rules.take_profit is None else entry * (1 + side * rules.take_profit)
    if stop is not None and side * opening <= side * stop:
        return opening, "stop loss"
    if target is not None and side * opening >= side * target:
        return opening, "take profit"
    if stop is not None and side * worst <= side * stop:
        return stop, "stop loss"
    if target is not None and side * best >= side * target:
        return target, "take profit"
    return None


def walk_plainly(bars: Bars, flags: list[int], rules: Rules, settled: bool = True) -> Walked:
    """Bar by bar, each looking back at what was held into it."""
    count, dates = len(bars), bars.times.astype("datetime64[D]")
    clock = 24 * 60
    if rules.flat_from is not None:
        hours, minutes = map(int, rules.flat_from.split(":"))
        clock = hours * 60 + minutes
    walked = Walked([0] * count, [0.0] * count)
    held, entry, blocked = 0, 0, 0
    for t in range(count):
        if held:
            before = bars.closes[t - 1]
            hit = level_hit(
                held, bars.closes[entry], rules, bars.opens[t], bars.highs[t], bars.lows[t]
            )
            price = bars.closes[t] if hit is None else hit[0]
            walked.returns[t - 1] += held * (price / before - 1)
            if hit is not None:
                walked.trades.append((entry, t, held, bars.closes[entry], *hit))
                walked.returns[t] -= rules.rate
                held, blocked = 0, held
        enters = {1: bool(flags[t] & LONG), -1: bool(flags[t] & SHORT)}
        leaves = {1: bool(flags[t] & OUT_OF_LONG), -1: bool(flags[t] & OUT_OF_SHORT)}
        if blocked and not enters[blocked]:
            blocked = 0
        allowed = {"both": (1, -1), "long": (1,), "short": (-1,)}[rules.side]
        asked = next((side for side in (1, -1) if enters[side] and side in allowed), 0)
        wanted, why = held, "signal"
        if held and dates[t] != dates[t - 1] and rules.holding == "day":
            wanted, why = 0, "end of day"
        elif held and (leaves[held] or enters[-held]):
            wanted = 0
        if asked and asked != blocked:
            wanted = asked
        if settled and t == count - 1:
            wanted, why = 0, "end of period"
        elif bars.minutes[t] >= clock:
            wanted, why = 0, "flat time"
        if wanted != held:
            if held:
                price = bars.closes[t]
                walked.trades.append((entry, t, held, bars.closes[entry], price, why))
                walked.returns[t] -= rules.rate
            if wanted:
                walked.returns[t] -= rules.rate
            held, entry = wanted, t
        walked.positions[t] = held
    return walked
