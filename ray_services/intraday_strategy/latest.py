"""What a strategy holds after the last bar, and why."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.intraday_strategy.evaluating import NO_POSITIONS, require
from ray_services.intraday_strategy.market import Market
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


def standing(
    market: Market,
    strategy: Strategy,
    rules: Rules | None = None,
    *,
    start: Day = None,
    end: Day = None,
) -> Standing:
    """What a strategy that has run from start to end holds after the last bar. Raises BadInput as
    `run`."""
    require(market, strategy)
    bars, span = market.bars, span_of(market.bars, start, end)
    flags = np.zeros(len(bars), np.uint8)
    strategy.mark(market, flags)
    ledger, daily = make_ledger(len(bars)), np.empty(span.last - span.first)
    orders = (rules or Rules()).orders(settled=False)
    tally = Tally(*walk(market.prices, flags, market.active, orders, span.first, span.last, daily,
                        NO_POSITIONS, ledger))  # fmt: skip
    last, held = span.bars_of(bars).stop - 1, tally.side != 0
    close = float(bars.closes[last])
    at_entry = plain(strategy.reading(market, tally.entry)) if held else {}
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
        reading=plain(strategy.reading(market, last)),
        reading_at_entry=at_entry,
    )


def _why(
    market: Market,
    tally: Tally,
    exits: NDArray[np.int64],
    reasons: NDArray[np.int8],
    at_entry: dict[str, float | None],
) -> str:
    if tally.side:
        since = market.bars.times[tally.entry]
        return f"{SIDES[tally.side]} since {since}: {in_words(at_entry)}"
    if not tally.trades:
        return "flat: no entry in all bars"
    done = tally.trades - 1
    return f"flat since {market.bars.times[exits[done]]}: {REASONS[reasons[done]]}"


def in_words(reading: dict[str, float | None]) -> str:
    """What was seen, as a reason names it."""
    return ", ".join(f"{name} {value:g}" for name, value in reading.items() if value is not None)


def plain(reading: dict[str, float]) -> dict[str, float | None]:
    """A reading as JSON holds it."""
    return {name: value if isfinite(value) else None for name, value in reading.items()}
