"""Which bars and days, the daily signal, and the rules of trading: what all bodies have."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from ray_services.common.bodies import Body, Data

Name = Literal["rsi_bollinger", "momentum", "mean_reversion", "breakout", "volatility"]
Number = Annotated[int | float, Field(ge=-1e9, le=1e9)]
Parameters = Annotated[
    dict[Annotated[str, Field(max_length=40)], Number],
    Field(max_length=20, description="By name; those that are not given have their defaults."),
]
Sign = Literal[-1, 0, 1]
Metric = Literal[
    "total_return", "annual_return", "volatility", "sharpe", "sortino", "max_drawdown", "win_rate",
    "profit_factor", "trades", "exposure", "skewness", "kurtosis",
]  # fmt: skip
MOST_SIGNS = 10_000


class RulesIn(BaseModel):
    """What trades cost, and what ends them besides the strategy."""

    model_config = ConfigDict(extra="forbid")

    cost_bps: float = Field(default=0.0, description="At each entry and each exit; 0 to 1,000.")
    slippage_bps: float = Field(default=0.0, description="The same once more.")
    stop_loss: float | None = Field(
        default=None, description="A share of the entry price, up to 1."
    )
    take_profit: float | None = Field(default=None, description="A share of the entry price.")
    side: Literal["both", "long", "short"] = "both"
    holding: Literal["day", "overnight"] = Field(
        default="day", description="day: a position ends at the first close of the next day."
    )
    flat_from: Annotated[str | None, Field(max_length=5)] = Field(
        default=None, description="A time such as 23:55, from which nothing is held."
    )


class PremiumIn(BaseModel):
    """How the daily signal is computed: +1 where the variance that GARCH(p, o, q) predicts is above
    that of the last returns by more than so many deviations, -1 where it is as far below."""

    model_config = ConfigDict(extra="forbid")

    window_size: int = Field(
        default=180, ge=30, le=1_000, description="Returns that a model is fit to."
    )
    p: int = Field(default=1, ge=0, le=4)
    o: int = Field(default=0, ge=0, le=4)
    q: int = Field(default=3, ge=0, le=4)
    every: int = Field(default=1, ge=1, le=1_000, description="Days after which it is fit anew.")
    variance_window: int = Field(default=180, ge=2, le=1_000)
    deviation_window: int = Field(default=180, ge=2, le=1_000)
    threshold: float = Field(default=1.5, ge=0, le=100, description="How many deviations.")

    def seconds(self) -> float:
        """Of some 3,000 days."""
        return 0.5 + (self.p + self.o + self.q) * self.window_size / 1_200 / min(self.every, 10)


class SignsIn(BaseModel):
    """A daily signal of your own. Days that are not named have none: their bars do not count."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[list[dt.date], Field(min_length=1, max_length=MOST_SIGNS)]
    signs: Annotated[list[Sign], Field(min_length=1, max_length=MOST_SIGNS)] = Field(
        description="Of each day, and known before it begins."
    )


class PeriodIn(Body):
    """Which bars, and by which rules."""

    symbol: str = Field(
        "SIM", max_length=20, description="SIM, or what you call the asset of `bars`."
    )
    bars: Data = Field(None, description="SHA-256 of a data set of bars, instead of our own.")
    daily: Data = Field(
        None,
        description="SHA-256 of a data set of days, which the daily signal is made from. Where "
        "`bars` are yours, rsi_bollinger needs it, or a signal of your own.",
    )
    signal: PremiumIn | SignsIn | None = Field(
        None, description="How the daily signal of rsi_bollinger is made, or one of your own."
    )
    start_date: dt.date | None = None
    end_date: dt.date | None = Field(None, description="Included, as the first day is.")
    rules: RulesIn = RulesIn()

    @field_validator("end_date")
    @classmethod
    def _after_the_start(cls, value: dt.date | None, info: ValidationInfo) -> dt.date | None:
        start = info.data.get("start_date")
        if value is not None and start is not None and value < start:
            raise ValueError(f"expected a date from start_date, {start}, on; got {value}")
        return value

    def signal_seconds(self, names: set[str]) -> float:
        """About how long the daily signal takes; our own, as it usually is, is made only once."""
        if "rsi_bollinger" not in names or isinstance(self.signal, SignsIn):
            return 0.0
        if self.signal is None:
            return 0.0 if self.daily is None else PremiumIn().seconds()
        return self.signal.seconds()
