"""Figures of many sets of parameters, each over some periods: the inner loop of all searches."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import METRICS, summarise
from ray_services.intraday_strategy.rules import Rules, Span
from ray_services.intraday_strategy.strategies import Strategy
from ray_services.intraday_strategy.walking import UNTOLD, walk

type Floats = NDArray[np.float64]

NO_POSITIONS = np.empty(0, np.int8)


def evaluate(
    sets: Sequence[Strategy], *, market: Market, rules: Rules, spans: Sequence[Span]
) -> Floats:
    """Shape (sets, spans, METRICS), NaN where a figure has no value.

    Each row depends on its own set and span alone, to the bit, so that sets can be split over
    processes in any way; those that share windows are best kept together.
    """
    bars, orders = market.bars, rules.orders()
    found = np.empty((len(sets), len(spans), len(METRICS)))
    room = np.empty(len(bars.days))
    years = [span.years(bars) for span in spans]
    counts = [int(bars.starts[span.last] - bars.starts[span.first]) for span in spans]
    flags, marked_for = np.empty(0, np.uint8), Strategy
    for place, strategy in enumerate(sets):
        if type(strategy) is not marked_for:  # each leaves the bars alone that it never flags
            flags, marked_for = np.zeros(len(bars), np.uint8), type(strategy)
        strategy.mark(market, flags)
        for turn, span in enumerate(spans):
            daily = room[: span.last - span.first]
            trades, wins, gains, losses, held, *_ = walk(
                market.prices, flags, market.active, orders, span.first, span.last, daily,
                NO_POSITIONS, UNTOLD,
            )  # fmt: skip
            summarise(
                daily, trades, wins, gains, losses, held, counts[turn], years[turn],
                found[place, turn],
            )  # fmt: skip
    return found


def require(market: Market, strategy: Strategy) -> None:
    """Refuse what cannot be run: a strategy without the signal it needs, or with one that it does
    not know, and windows that the bars are too few for."""
    if strategy.needs_signal and not market.has_signal:
        raise BadInput(
            f"{strategy.name} needs a daily signal, got none.",
            field="signal",
            remedy="Send -1, 0 or 1 for each day, such as the volatility service makes it.",
        )
    if market.has_signal and not strategy.needs_signal:
        raise BadInput(
            f"{strategy.name} knows no daily signal, got one.",
            field="signal",
            remedy="Leave it out, or choose rsi_bollinger.",
        )
    if strategy.warm_up + 2 > len(market):
        windows = {name: value for name, value in strategy.parameters.items()
                   if isinstance(value, int)}  # fmt: skip
        raise BadInput(
            f"expected at least {strategy.warm_up + 2:,} bars, got {len(market):,}.",
            field=max(windows, key=lambda name: windows[name]),
            remedy="Send more bars or choose shorter windows.",
        )
