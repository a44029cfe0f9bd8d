"""The strategies and their parameters, checked when they are made."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.checking import in_order, number, whole
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.marking import (
    Flags,
    mark_bands,
    mark_breakout,
    mark_momentum,
    mark_reversion,
    mark_volatility,
)


class Strategy(ABC):
    """What all strategies have; each is a frozen dataclass of its parameters."""

    __slots__: tuple[str, ...] = ()
    name: ClassVar[str]
    rule: ClassVar[str]
    needs_signal: ClassVar[bool] = False

    @property
    @abstractmethod
    def warm_up(self) -> int:
        """Bars before the first that can have a flag."""

    @abstractmethod
    def mark(self, market: Market, flags: Flags) -> None:
        """Write the flags of all bars, or of all days with a signal where one is needed."""

    @abstractmethod
    def reading(self, market: Market, bar: int) -> dict[str, float]:
        """What the strategy looks at, at a bar; NaN where there is no value yet."""

    @property
    def parameters(self) -> dict[str, Any]:
        """By name, as JSON holds them."""
        return {name: getattr(self, name) for name in field_names(type(self))}

    @property
    def windows(self) -> tuple[int, ...]:
        """Parameters that indicators depend on: sets that share them are best run together."""
        return tuple(value for value in self.parameters.values() if isinstance(value, int))


@dataclass(frozen=True, slots=True)
class RsiBollinger(Strategy):
    """Against the day's signal, where strength index and Bollinger bands say it has gone too far:
    short on days of +1, long on days of -1, from the first such bar on."""

    name: ClassVar[str] = "rsi_bollinger"
    rule: ClassVar[str] = (
        "On days of +1 short where rsi > rsi_high and close > upper; on days of -1 long where "
        "rsi < rsi_low and close < lower."
    )
    needs_signal: ClassVar[bool] = True

    rsi_window: int = 20
    rsi_high: float = 70.0
    rsi_low: float = 30.0
    band_window: int = 20
    band_width: float = 2.0

    def __post_init__(self) -> None:
        whole("rsi_window", self.rsi_window, 2)
        number("rsi_high", self.rsi_high, 0, 100)
        number("rsi_low", self.rsi_low, 0, 100)
        whole("band_window", self.band_window, 2)
        number("band_width", self.band_width, 0, 20)
        in_order("rsi_low", self.rsi_low, "rsi_high", self.rsi_high)

    @property
    def warm_up(self) -> int:
        return max(self.rsi_window, self.band_window - 1)

    def mark(self, market: Market, flags: Flags) -> None:
        middle, deviation = market.bands(self.band_window)
        mark_bands(
            market.rsi(self.rsi_window), middle, deviation, market.prices.closes,
            market.prices.starts, market.signs, float(self.rsi_high), float(self.rsi_low),
            float(self.band_width), flags,
        )  # fmt: skip

    def reading(self, market: Market, bar: int) -> dict[str, float]:
        middle, deviation = (values[bar] for values in market.bands(self.band_window))
        return {
            "close": float(market.prices.closes[bar]),
            "rsi": float(market.rsi(self.rsi_window)[bar]),
            "upper": float(middle + self.band_width * deviation),
            "lower": float(middle - self.band_width * deviation),
            "daily_signal": float(market.sign_at(bar)),
        }


@dataclass(frozen=True, slots=True)
class Momentum(Strategy):
    """With the trend: on the side of its average on which the MACD line is."""

    name: ClassVar[str] = "momentum"
    rule: ClassVar[str] = (
        "Long where line - average > threshold * close, short where it is below its negative."
    )

    fast: int = 12
    slow: int = 26
    smooth: int = 9
    threshold: float = 0.0
    """The least difference, as a share of the close."""

    def __post_init__(self) -> None:
        whole("fast", self.fast, 2)
        whole("slow", self.slow, 3)
        whole("smooth", self.smooth, 1)
        number("threshold", self.threshold, 0, 1)
        in_order("fast", self.fast, "slow", self.slow)

    @property
    def warm_up(self) -> int:
        return self.slow + self.smooth - 2

    def mark(self, market: Market, flags: Flags) -> None:
        line, average = market.macd(self.fast, self.slow, self.smooth)
        mark_momentum(line, average, market.prices.closes, float(self.threshold), flags)

    def reading(self, market: Market, bar: int) -> dict[str, float]:
        line, average = market.macd(self.fast, self.slow, self.smooth)
        return {
            "close": float(market.prices.closes[bar]),
            "line": float(line[bar]),
            "average": float(average[bar]),
        }


@dataclass(frozen=True, slots=True)
class MeanReversion(Strategy):
    """Against moves that are large for the window, until they are made good."""

    name: ClassVar[str] = "mean_reversion"
    rule: ClassVar[str] = (
        "Long where the close is more than `enter` deviations below its mean, short where it is as "
        "far above; out at `leave` deviations."
    )

    window: int = 20
    enter: float = 2.0
    leave: float = 0.0

    def __post_init__(self) -> None:
        whole("window", self.window, 2)
        number("enter", self.enter, 0, 20, above=True)
        number("leave", self.leave, 0, 20)
        in_order("leave", self.leave, "enter", self.enter)

    @property
    def warm_up(self) -> int:
        return self.window - 1

    def mark(self, market: Market, flags: Flags) -> None:
        middle, deviation = market.bands(self.window)
        mark_reversion(
            middle, deviation, market.prices.closes, float(self.enter), float(self.leave), flags
        )

    def reading(self, market: Market, bar: int) -> dict[str, float]:
        middle, deviation = (float(values[bar]) for values in market.bands(self.window))
        close = float(market.prices.closes[bar])
        off = (close - middle) / deviation if deviation else 0.0
        return {"close": close, "mean": middle, "deviation": deviation, "deviations_off": off}


@dataclass(frozen=True, slots=True)
class Breakout(Strategy):
    """With a close beyond the highs or lows of the bars before (Donchian's channel)."""

    name: ClassVar[str] = "breakout"
    rule: ClassVar[str] = (
        "Long where the close is above the highest high of the `window` bars before, short where "
        "it is below their lowest low; out beyond the opposite of `leave_window` bars."
    )

    window: int = 48
    leave_window: int = 24

    def __post_init__(self) -> None:
        whole("window", self.window, 1)
        whole("leave_window", self.leave_window, 1)
        in_order("leave_window", self.leave_window, "window", self.window, equal=True)

    @property
    def warm_up(self) -> int:
        return self.window

    def mark(self, market: Market, flags: Flags) -> None:
        mark_breakout(
            market.highest(self.window), market.lowest(self.window),
            market.highest(self.leave_window), market.lowest(self.leave_window),
            market.prices.closes, flags,
        )  # fmt: skip

    def reading(self, market: Market, bar: int) -> dict[str, float]:
        before = max(0, bar - 1)
        return {
            "close": float(market.prices.closes[bar]),
            "highest": float(market.highest(self.window)[before]),
            "lowest": float(market.lowest(self.window)[before]),
        }


@dataclass(frozen=True, slots=True)
class Volatility(Strategy):
    """Turning with moves that are large for the average true range."""

    name: ClassVar[str] = "volatility"
    rule: ClassVar[str] = (
        "Turns short where the close falls `multiple` true ranges below the highest close since "
        "the last turn, and long where it rises as far above the lowest."
    )

    window: int = 14
    multiple: float = 3.0

    def __post_init__(self) -> None:
        whole("window", self.window, 1)
        number("multiple", self.multiple, 0, 1000, above=True)

    @property
    def warm_up(self) -> int:
        return self.window

    def mark(self, market: Market, flags: Flags) -> None:
        mark_volatility(market.atr(self.window), market.prices.closes, float(self.multiple), flags)

    def reading(self, market: Market, bar: int) -> dict[str, float]:
        return {
            "close": float(market.prices.closes[bar]),
            "true_range": float(market.atr(self.window)[bar]),
        }


STRATEGIES: dict[str, type[Strategy]] = {
    kind.name: kind for kind in (RsiBollinger, Momentum, MeanReversion, Breakout, Volatility)
}


def make_strategy(name: str, parameters: Mapping[str, Any] | None = None) -> Strategy:
    """A strategy by its name; parameters that are not given have their defaults.

    Raises BadInput for a name or a parameter that there is not, and for values out of bounds.
    """
    given = dict(parameters or {})
    kind = strategy_class(name)
    check_names(kind, given)
    return kind(**given)


def strategy_class(name: str) -> type[Strategy]:
    """Raises BadInput for a name that there is not."""
    if name not in STRATEGIES:
        raise BadInput(f"expected one of {', '.join(STRATEGIES)}, got {name!r}.", field="strategy")
    return STRATEGIES[name]


def check_names(kind: type[Strategy], given: Mapping[str, Any]) -> None:
    """Refuse parameters that the strategy does not have."""
    known = field_names(kind)
    for field in given:
        if field not in known:
            raise BadInput(
                f"{kind.name} has no such parameter; it has {', '.join(known)}.", field=field
            )


def field_names(kind: type[Strategy]) -> tuple[str, ...]:
    """A strategy's parameters, in their order: each is a dataclass with slots for nothing else."""
    return kind.__slots__
