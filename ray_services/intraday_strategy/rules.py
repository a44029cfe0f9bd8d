"""How trades are made, whatever the strategy: costs, stops, sides, and when they must end."""

from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.bars import Bars
from ray_services.intraday_strategy.checking import as_day, clock_minute, number, one_of
from ray_services.intraday_strategy.walking import NO_CLOCK, Orders

type Side = Literal["both", "long", "short"]
type Holding = Literal["day", "overnight"]
type Day = str | np.datetime64 | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What an entry and an exit cost, and what ends a trade besides the strategy.

    Costs and slippage are basis points of the position, at each entry and at each exit. A stop
    loss or take profit, a share of the entry price, acts within bars: at its level, or at the open
    where that lies beyond it; where a bar touches both, as a stop. "day": a position ends with its
    day, at the first close of the next, unless the strategy enters the same side there.
    `flat_from`, such as "23:55": from that time of the day on nothing is held, so that with the
    last bar's time nothing is held overnight.
    """

    cost_bps: float = 0.0
    slippage_bps: float = 0.0
    stop_loss: float | None = None
    take_profit: float | None = None
    side: Side = "both"
    holding: Holding = "day"
    flat_from: str | None = None

    def __post_init__(self) -> None:
        number("cost_bps", self.cost_bps, 0, 1000)
        number("slippage_bps", self.slippage_bps, 0, 1000)
        if self.stop_loss is not None:
            number("stop_loss", self.stop_loss, 0, 1, above=True)
        if self.take_profit is not None:
            number("take_profit", self.take_profit, 0, 100, above=True)
        one_of("side", self.side, ("both", "long", "short"))
        one_of("holding", self.holding, ("day", "overnight"))
        if self.flat_from is not None:
            clock_minute("flat_from", self.flat_from)

    @property
    def rate(self) -> float:
        """What an entry or an exit costs, as a share of the position."""
        return (self.cost_bps + self.slippage_bps) / 10_000

    def orders(self, *, settled: bool = True) -> Orders:
        """The rules as the compiled code takes them; `settled`: the last bar closes all."""
        clock = self.flat_from
        return Orders(
            long=self.side != "short",
            short=self.side != "long",
            rate=self.rate,
            guarded=self.stop_loss is not None or self.take_profit is not None,
            stop=inf if self.stop_loss is None else float(self.stop_loss),
            target=inf if self.take_profit is None else float(self.take_profit),
            flat_from=NO_CLOCK if clock is None else clock_minute("flat_from", clock),
            overnight=self.holding == "overnight",
            settled=settled,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Days `first` to `last - 1` of a set of bars."""

    first: int
    last: int

    def years(self, bars: Bars) -> float:
        """From the first day to the last, by the calendar."""
        days = (bars.days[self.last - 1] - bars.days[self.first]).astype(int) + 1
        return float(days / 365.25)

    def bars_of(self, bars: Bars) -> slice:
        """The places of its bars."""
        return slice(int(bars.starts[self.first]), int(bars.starts[self.last]))


def span_of(bars: Bars, start: Day = None, end: Day = None) -> Span:
    """The days from start to end, both included; all there are where they are not given.

    Raises BadInput for what is no date, an end before the start, and a period without two bars.
    """
    first, last = 0, len(bars.days)
    begin = None if start is None else as_day("start", start)
    until = None if end is None else as_day("end", end)
    if begin is not None and until is not None and until < begin:
        raise BadInput(f"expected a date from {begin} on, got {until}.", field="end")
    if begin is not None:
        first = int(np.searchsorted(bars.days, begin))
    if until is not None:
        last = int(np.searchsorted(bars.days, until, side="right"))
    if last <= first or bars.starts[last] - bars.starts[first] < 2:
        raise BadInput(
            f"expected a period with bars; they cover {bars.days[0]} to {bars.days[-1]}, "
            f"got {begin or 'their start'} to {until or 'their end'}.",
            field="start" if start is not None else "end",
            remedy="Choose dates within what the bars cover.",
        )
    return Span(first, last)
