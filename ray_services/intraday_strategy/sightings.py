"""Where a strategy has seen something, what it made of it, and why."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ray_services.intraday_strategy.evaluating import require
from ray_services.intraday_strategy.latest import SIDES, in_words, plain
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.marking import ENTER_LONG, ENTER_SHORT
from ray_services.intraday_strategy.rules import Day, Rules, Span, span_of
from ray_services.intraday_strategy.strategies import Strategy
from ray_services.intraday_strategy.walking import UNTOLD, walk

type Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Bars at which a strategy would enter, whether or not it does: arrays of one length.

    All of a bar's row is known at its close: bars after it change nothing.
    """

    strategy: Strategy
    total: int
    """In the period; those below are the last of them."""
    times: NDArray[np.datetime64]
    closes: NDArray[np.float64]
    sides: NDArray[np.int8]
    """+1 long, -1 short."""
    positions: NDArray[np.int8]
    """Held from that close on."""
    readings: list[dict[str, float | None]]
    """What the strategy sees there."""
    why: list[str]


def sightings(
    market: Market,
    strategy: Strategy,
    rules: Rules | None = None,
    *,
    start: Day = None,
    end: Day = None,
    most: int | None = None,
) -> Sightings:
    """Where a strategy that runs from start to end, both days included, would enter; the last
    `most` of them. Raises BadInput as `run`."""
    require(market, strategy)
    span = span_of(market.bars, start, end)
    return sightings_of(strategy, market=market, rules=rules or Rules(), span=span, most=most)


def sightings_of(
    strategy: Strategy, *, market: Market, rules: Rules, span: Span, most: int | None = None
) -> Sightings:
    """`sightings` as those who spread them call it."""
    bars = market.bars
    place, flags = span.bars_of(bars), np.zeros(len(bars), np.uint8)
    strategy.mark(market, flags)
    held = np.zeros(place.stop - place.start, np.int8)
    walk(market.prices, flags, market.active, rules.orders(settled=False), span.first, span.last,
         np.empty(span.last - span.first), held, UNTOLD)  # fmt: skip
    seen = np.flatnonzero(flags[place] & (ENTER_LONG | ENTER_SHORT))
    total = len(seen)
    seen = seen if most is None else seen[max(0, total - most) :]
    at = seen + place.start
    sides = np.where(flags[at] & ENTER_LONG, 1, -1).astype(np.int8)
    before = np.where(seen > 0, held[seen - 1], 0)
    readings = [plain(strategy.reading(market, bar)) for bar in at.tolist()]
    told = [
        _what_came_of_it(*moves, rules)
        for moves in zip(
            sides.tolist(), before.tolist(), held[seen].tolist(), bars.minutes[at].tolist(),
            strict=True,
        )
    ]  # fmt: skip
    return Sightings(
        strategy=strategy,
        total=total,
        times=bars.times[at],
        closes=bars.closes[at],
        sides=sides,
        positions=held[seen],
        readings=readings,
        why=[f"{what}: {in_words(one)}" for what, one in zip(told, readings, strict=True)],
    )


def _what_came_of_it(side: int, before: int, held: int, minute: int, rules: Rules) -> str:
    """In words: whether a bar's signal was taken, and if not, why not."""
    if held == side:
        return f"{'stays' if before == side else 'goes'} {SIDES[side]}"
    if rules.side not in ("both", SIDES[side]):
        return f"not {SIDES[side]}, as trades are {rules.side} only"
    if minute >= rules.orders().flat_from:
        return f"not {SIDES[side]}, as nothing is held from {rules.flat_from} on"
    return f"not {SIDES[side]}, as a stop or target ended that side and the signal has not paused"
