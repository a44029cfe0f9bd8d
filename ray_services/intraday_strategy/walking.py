"""From flags to trades, bar by bar, compiled. The only place that knows what a trade costs.

What is decided at a bar follows from bars up to that one, and earns the return to the next. In
this order, at each bar's close: a stop or target that the bar has touched has ended its trade; a
position of the day before ends (unless positions last overnight); what speaks against the position
ends it; the clock or the period's end closes it; what speaks for one opens it, or turns it. A
side that a stop or target has ended is not entered again before a bar without a flag for it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled
from ray_services.intraday_strategy.marking import (
    ENTER_LONG,
    ENTER_SHORT,
    LEAVE_LONG,
    LEAVE_SHORT,
)

type Floats = NDArray[np.float64]
type Whole = NDArray[np.int64]

ENTER = ENTER_LONG | ENTER_SHORT
AGAINST_LONG = LEAVE_LONG | ENTER_SHORT
AGAINST_SHORT = LEAVE_SHORT | ENTER_LONG

REASONS = ("signal", "end of day", "flat time", "stop loss", "take profit", "end of period")
SIGNAL, DAY_END, CLOCK, STOP, TARGET, PERIOD_END = range(6)
NO_CLOCK = 24 * 60
NONE = 0.0  # no price: those are above 0
STRIDE = 64


class Prices(NamedTuple):
    """What of `Bars` trades depend on."""

    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    forward: Floats
    minutes: Whole
    starts: Whole


class Orders(NamedTuple):
    """`Rules` as numbers."""

    long: bool
    short: bool
    rate: float
    """What each entry and each exit costs, as a share of the position."""
    guarded: bool
    """Whether there is a stop or a target."""
    stop: float
    target: float
    """Shares of the entry price; infinite where there is none."""
    flat_from: int
    """The minute of the day from which nothing is held."""
    overnight: bool
    settled: bool
    """Whether the last bar of the period closes what is open."""


class Ledger(NamedTuple):
    """Trades in the order in which they ended; those beyond its length are only counted."""

    entry: Whole
    exit: Whole
    side: NDArray[np.int8]
    entry_price: Floats
    exit_price: Floats
    reason: NDArray[np.int8]


class Tally(NamedTuple):
    """What a walk adds up to."""

    trades: int
    wins: int
    gains: float
    losses: float
    held: int
    """Bars at whose close a position was held to the next."""
    side: int
    entry: int
    entry_price: float
    """Of what is still held at the end."""


def make_ledger(size: int) -> Ledger:
    """Room for so many trades."""
    whole, real, small = np.empty((2, size), np.int64), np.empty((2, size)), np.empty(size, np.int8)
    return Ledger(whole[0], whole[1], small, real[0], real[1], np.empty_like(small))


UNTOLD = make_ledger(0)
"""Where only the number of trades is wanted."""


@compiled
def _touched(
    long: bool, price: float, orders: Orders, opening: float, high: float, low: float
) -> Any:
    """The price at which a bar ends a trade, and why; `NONE` where it does not.

    At the level, or at the open where that lies beyond it already. Where a bar touches both
    levels, the stop counts: nobody knows which came first.
    """
    if long:
        stop, target = price * (1.0 - orders.stop), price * (1.0 + orders.target)
        if opening <= stop:
            return opening, STOP
        if opening >= target:
            return opening, TARGET
        if low <= stop:
            return stop, STOP
        return (target, TARGET) if high >= target else (NONE, SIGNAL)
    stop, target = price * (1.0 + orders.stop), price * (1.0 - orders.target)
    if opening >= stop:
        return opening, STOP
    if opening <= target:
        return opening, TARGET
    if high >= stop:
        return stop, STOP
    return (target, TARGET) if low <= target else (NONE, SIGNAL)


@compiled
def _next(flags: NDArray[np.uint8], begin: int, end: int, wanted: int) -> int:
    """The first place from `begin` on with one of the flags wanted; `end` where there is none."""
    part, mask = flags[begin:end], np.uint8(wanted)
    clear = 0
    while clear + STRIDE <= part.size:  # without a branch for each, which compilers vectorise
        any_flag = np.uint8(0)
        for flag in part[clear : clear + STRIDE]:
            any_flag |= flag
        if any_flag & mask:
            break
        clear += STRIDE
    for place in range(clear, part.size):
        if part[place] & mask:
            return begin + place
    return end


@compiled
def _total(values: Floats) -> float:
    """The sum, in four that do not wait for each other."""
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    whole = values.size // 4 * 4
    for place in range(0, whole, 4):
        first += values[place]
        second += values[place + 1]
        third += values[place + 2]
        fourth += values[place + 3]
    for place in range(whole, values.size):
        first += values[place]
    return (first + second) + (third + fourth)


@compiled
def _note(
    ledger: Ledger,
    number: int,
    entry: int,
    out: int,
    side: int,
    entry_price: float,
    price: float,
    reason: int,
) -> None:
    if number < ledger.entry.size:
        ledger.entry[number] = entry
        ledger.exit[number] = out
        ledger.side[number] = side
        ledger.entry_price[number] = entry_price
        ledger.exit_price[number] = price
        ledger.reason[number] = reason


@compiled
def _decide(
    flag: Any, side: Any, blocked: Any, ends: Any, closed: Any, closing: Any, orders: Orders
) -> Any:
    """The position wanted, and why the one held ends if it does. `ends`: with its day; `closed`:
    nothing may be held any more, for the reason `closing`."""
    if closed:
        return 0, closing
    wanted, reason = side, SIGNAL
    if side != 0 and ends:
        wanted, reason = 0, DAY_END
    elif (side > 0 and flag & AGAINST_LONG) or (side < 0 and flag & AGAINST_SHORT):
        wanted = 0
    if flag & ENTER_LONG and orders.long and blocked <= 0:
        wanted = 1
    elif flag & ENTER_SHORT and orders.short and blocked >= 0:
        wanted = -1
    return wanted, reason


@compiled
def walk(
    prices: Prices,
    flags: NDArray[np.uint8],
    active: NDArray[np.bool_],
    orders: Orders,
    first: int,
    last: int,
    daily: Floats,
    positions: NDArray[np.int8],
    ledger: Ledger,
) -> Any:
    """Trade the days `first` to `last - 1`; other days' bars are not looked at.

    `active`: whether a day has any flag. Fills `daily` with the sum of each day's returns after
    costs, and, unless they are empty, `positions` (held to the next bar; zeros before) and
    `ledger`. An exit's cost belongs to the bar that ends the trade. Returns what `Tally` names.
    """
    starts, minutes, closes, forward = prices.starts, prices.minutes, prices.closes, prices.forward
    start, final, rate = starts[first], starts[last] - 1, orders.rate
    trades, wins, held, gains, losses = 0, 0, 0, 0.0, 0.0
    side, blocked, entry, entry_price, due = 0, 0, 0, 0.0, 0.0
    for day in range(first, last):
        opening, end, total = starts[day], starts[day + 1], 0.0
        t = opening if side != 0 or blocked != 0 or active[day] else end
        while t < end:
            if side == 0 and blocked == 0:
                t = _next(flags, t, end, ENTER)
                if t == end:
                    break
            flag = flags[t]
            total -= due
            due = 0.0
            if blocked != 0 and flag & (ENTER_LONG if blocked > 0 else ENTER_SHORT) == 0:
                blocked = 0
            over = orders.settled and t == final
            wanted, reason = _decide(
                flag, side, blocked, t == opening and not orders.overnight,
                over or minutes[t] >= orders.flat_from, PERIOD_END if over else CLOCK, orders,
            )  # fmt: skip
            if wanted != side:
                if side != 0:
                    net = side * (closes[t] / entry_price - 1.0) - 2.0 * rate
                    _note(ledger, trades, entry, t, side, entry_price, closes[t], reason)
                    trades, wins = trades + 1, wins + (net > 0.0)
                    gains, losses = gains + max(net, 0.0), losses + max(-net, 0.0)
                    total -= rate
                if wanted != 0:
                    entry, entry_price = t, closes[t]
                    total -= rate
                side = wanted
            if positions.size > 0:
                positions[t - start] = side
            if side != 0 and t < final:
                held += 1
                price, reason = NONE, SIGNAL
                if orders.guarded:
                    price, reason = _touched(
                        side > 0, entry_price, orders,
                        prices.opens[t + 1], prices.highs[t + 1], prices.lows[t + 1],
                    )  # fmt: skip
                if price == NONE:
                    total += side * forward[t]
                else:
                    total += side * (price / closes[t] - 1.0)
                    net = side * (price / entry_price - 1.0) - 2.0 * rate
                    _note(ledger, trades, entry, t + 1, side, entry_price, price, reason)
                    trades, wins = trades + 1, wins + (net > 0.0)
                    gains, losses = gains + max(net, 0.0), losses + max(-net, 0.0)
                    due, blocked, side = rate, side, 0
            t += 1
            if side != 0 and blocked == 0 and not orders.guarded:
                # Up to where something speaks against the position, bars only add up.
                against = AGAINST_LONG if side > 0 else AGAINST_SHORT
                quiet = _next(flags, t, min(end, final), against)
                while quiet > t and minutes[quiet - 1] >= orders.flat_from:
                    quiet -= 1
                if positions.size > 0:
                    positions[t - start : quiet - start] = side
                total += side * _total(forward[t:quiet])
                held += max(quiet - t, 0)
                t = max(quiet, t)
        daily[day - first] = total
    return trades, wins, gains, losses, held, side, entry, entry_price
