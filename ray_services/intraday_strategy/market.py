"""Bars, the days' signals and the indicators of both: what all sets of parameters share."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common import indicators
from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.bars import Bars, read_only
from ray_services.intraday_strategy.daily import DailySignal
from ray_services.intraday_strategy.walking import Prices

type Floats = NDArray[np.float64]

KEPT = 24
"""Indicators that are kept; the one not used for longest goes first."""


class Market:
    """Bars that are traded, with a daily signal or without.

    With one, only the bars of its days count, as if there were no others: indicators run over
    them, and the return of a day's last bar goes to the next such day. A market can be sent to
    other processes; what it has computed stays here.
    """

    def __init__(self, bars: Bars, signal: DailySignal | None = None) -> None:
        """Raises BadInput where bars and signal have fewer than two bars in common."""
        self.has_signal = signal is not None
        self.bars = bars if signal is None else bars.of_days(_common(bars, signal))
        signs = np.zeros(len(self.bars.days), np.int8)
        if signal is not None:
            signs = signal.signs[np.searchsorted(signal.days, self.bars.days)]
        self._prepare(signs)

    def _prepare(self, signs: NDArray[np.int8]) -> None:
        bars = self.bars
        self.signs = read_only(signs)
        """Of each day; 0 throughout where there is no signal."""
        self.active = read_only(signs != 0 if self.has_signal else np.ones(len(signs), np.bool_))
        """Whether a strategy may enter on a day."""
        self.prices = Prices(
            opens=read_only(bars.opens),
            highs=read_only(bars.highs),
            lows=read_only(bars.lows),
            closes=read_only(bars.closes),
            forward=read_only(bars.forward),
            minutes=read_only(bars.minutes),
            starts=read_only(bars.starts),
        )
        self._kept: OrderedDict[tuple[Any, ...], tuple[Floats, ...]] = OrderedDict()

    def __getstate__(self) -> tuple[bool, Bars, NDArray[np.int8]]:
        return self.has_signal, self.bars, self.signs

    def __setstate__(self, state: tuple[bool, Bars, NDArray[np.int8]]) -> None:
        self.has_signal, self.bars, signs = state
        self._prepare(signs)

    def __len__(self) -> int:
        return len(self.bars)

    def sign_at(self, bar: int) -> int:
        """The signal of the bar's day."""
        return int(self.signs[np.searchsorted(self.bars.starts, bar, side="right") - 1])

    def rsi(self, window: int) -> Floats:
        """`indicators.rsi` of the closes; as those below, kept for whoever asks next."""
        return self._one("rsi", indicators.rsi, self.prices.closes, window)

    def bands(self, window: int) -> tuple[Floats, Floats]:
        """Mean and deviation."""
        return self._pair("bands", indicators.bands, self.prices.closes, window)

    def macd(self, fast: int, slow: int, smooth: int) -> tuple[Floats, Floats]:
        """Line and average."""
        return self._pair("macd", indicators.macd, self.prices.closes, fast, slow, smooth)

    def atr(self, window: int) -> Floats:
        """The average true range."""
        prices = self.prices
        return self._one("atr", indicators.atr, prices.highs, prices.lows, prices.closes, window)

    def highest(self, window: int) -> Floats:
        """Of the highs."""
        return self._one("highest", indicators.highest, self.prices.highs, window)

    def lowest(self, window: int) -> Floats:
        """Of the lows."""
        return self._one("lowest", indicators.lowest, self.prices.lows, window)

    def _one(self, name: str, compute: Callable[..., Any], *given: Any) -> Floats:
        found: Floats = self._keep(name, lambda *given: (compute(*given),), *given)[0]
        return found

    def _pair(self, name: str, compute: Callable[..., Any], *given: Any) -> tuple[Floats, Floats]:
        first, second = self._keep(name, compute, *given)
        return first, second

    def _keep(
        self, name: str, compute: Callable[..., tuple[Floats, ...]], *given: Any
    ) -> tuple[Floats, ...]:
        """What has been computed of columns and windows, of which the windows tell it apart."""
        key = (name, *(int(one) for one in given if not isinstance(one, np.ndarray)))
        found = self._kept.pop(key, None)  # threads may share a market
        if found is None:
            columns = [one for one in given if isinstance(one, np.ndarray)]
            found = tuple(map(read_only, compute(*columns, *key[1:])))
        self._kept[key] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found


def _common(bars: Bars, signal: DailySignal) -> NDArray[np.bool_]:
    """Which of the bars' days have a signal."""
    kept = np.isin(bars.days, signal.days)
    if int(np.diff(bars.starts)[kept].sum()) < 2:
        raise BadInput(
            f"expected days that the bars have too, from {bars.days[0]} to {bars.days[-1]}, got "
            f"{signal.days[0]} to {signal.days[-1]}.",
            field="signal",
            remedy="Send a signal of the same period as the bars.",
        )
    return kept
