"""What comes in, checked by its type."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ray_services.common.bodies import Body, Data

Name = Literal["rsi_bollinger", "momentum", "mean_reversion", "breakout", "volatility"]


class RulesIn(BaseModel):
    """What trades cost, and what ends them besides the strategy."""

    model_config = ConfigDict(extra="forbid")

    cost_bps: float = 0.0
    slippage_bps: float = 0.0
    stop_loss: float | None = None
    take_profit: float | None = None
    side: Literal["both", "long", "short"] = "both"
    holding: Literal["day", "overnight"] = "day"
    flat_from: Annotated[str | None, Field(max_length=5)] = None


class PeriodIn(Body):
    """Which bars, and by which rules."""

    symbol: str = Field("SIM", max_length=20)
    bars: Data = Field(None, description="SHA-256 of a data set of bars, instead of our own.")
    daily: Data = Field(
        None, description="SHA-256 of a data set of days, which the daily signal is made from."
    )
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    rules: RulesIn = RulesIn()


class StrategiesIn(PeriodIn):
    """Which strategies to run."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"strategies": ["momentum", "breakout"]}}
    )

    strategies: Annotated[list[Name], Field(min_length=1, max_length=10)] = [
        "momentum",
        "mean_reversion",
        "breakout",
        "volatility",
    ]


class BacktestIn(PeriodIn):
    """Which strategy to run, and with which parameters."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"strategy_name": "rsi_bollinger", "start_date": "2022-01-01"}
        },
    )

    strategy_name: Name = "rsi_bollinger"
    parameters: dict[str, int | float] = Field(default_factory=dict, max_length=20)


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "execute-strategies": (StrategiesIn, "comparison"),
    "backtest-strategy": (BacktestIn, "backtest"),
    "generate-signals": (StrategiesIn, "positions"),
}
"""By their names: what comes in, and which of the answers it gets."""
