"""What a strategy holds now, and why; and where it has seen something."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.intraday_strategy.evaluating import NO_POSITIONS, require
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.marking import ENTER_LONG, ENTER_SHORT
from ray_services.intraday_strategy.rules import Day, Rules, span_of
from ray_services.intraday_strategy.strategies import Strategy
from ray_services.intraday_strategy.walking import REASONS, Tally, make_ledger, walk

SIDES = {1: "long", 0: "flat", -1: "short"}


@dataclass(frozen=True, slots=True)
class Standing:
    """The position after the last bar."""

    strategy: str
    parameters: dict[str, Any]
    symbol: str
    sha256: str
    time: str
    """Of the last bar."""
    close: float
    position: int
    """-1, 0 or +1, held from that close on."""
    since: str | None
    entry_price: float | None
    open_return: float | None
    """Side times the return since the entry, before costs."""
    why: str
    rule: str
    reading: dict[str, float | None]
    """What the strategy sees at the last bar."""
    reading_at_entry: dict[str, float | None]
    """The same at the bar of the entry; empty where nothing is held."""


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Bars at which a strategy would enter, whether or not it does."""

    times: NDArray[np.datetime64]
    closes: NDArray[np.float64]
    sides: NDArray[np.int8]


def standing(market: Market, strategy: Strategy, rules: Rules | None = None) -> Standing:
    """What a strategy that has run over all bars holds after the last. Raises BadInput as `run`."""
    require(market, strategy)
    bars = market.bars
    flags = np.zeros(len(bars), np.uint8)
    strategy.mark(market, flags)
    days, ledger = len(bars.days), make_ledger(len(bars))
    orders = (rules or Rules()).orders(settled=False)
    tally = Tally(*walk(market.prices, flags, market.active, orders, 0, days, np.empty(days),
                        NO_POSITIONS, ledger))  # fmt: skip
    last, held = len(bars) - 1, tally.side != 0
    close = float(bars.closes[last])
    at_entry = _plain(strategy.reading(market, tally.entry)) if held else {}
    return Standing(
        strategy=strategy.name,
        parameters=strategy.parameters,
        symbol=bars.symbol,
        sha256=bars.sha256,
        time=str(bars.times[last]),
        close=close,
        position=tally.side,
        since=str(bars.times[tally.entry]) if held else None,
        entry_price=tally.entry_price if held else None,
        open_return=tally.side * (close / tally.entry_price - 1.0) if held else None,
        why=_why(market, tally, ledger.exit, ledger.reason, at_entry),
        rule=strategy.rule,
        reading=_plain(strategy.reading(market, last)),
        reading_at_entry=at_entry,
    )


def sightings(
    market: Market, strategy: Strategy, *, start: Day = None, end: Day = None
) -> Sightings:
    """Where a strategy would enter, from start to end, both days included."""
    require(market, strategy)
    place = span_of(market.bars, start, end).bars_of(market.bars)
    flags = np.zeros(len(market), np.uint8)
    strategy.mark(market, flags)
    entries = flags[place] & (ENTER_LONG | ENTER_SHORT)
    seen = np.flatnonzero(entries) + place.start
    sides = np.where(flags[seen] & ENTER_LONG, 1, -1).astype(np.int8)
    return Sightings(market.bars.times[seen], market.bars.closes[seen], sides)


def _why(
    market: Market,
    tally: Tally,
    exits: NDArray[np.int64],
    reasons: NDArray[np.int8],
    at_entry: dict[str, float | None],
) -> str:
    if tally.side:
        seen = ", ".join(
            f"{name} {value:g}" for name, value in at_entry.items() if value is not None
        )
        return f"{SIDES[tally.side]} since {market.bars.times[tally.entry]}: {seen}"
    if not tally.trades:
        return "flat: no entry in all bars"
    done = tally.trades - 1
    return f"flat since {market.bars.times[exits[done]]}: {REASONS[reasons[done]]}"


def _plain(reading: dict[str, float]) -> dict[str, float | None]:
    return {name: value if isfinite(value) else None for name, value in reading.items()}
