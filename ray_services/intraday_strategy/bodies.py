"""What comes in, checked by its type."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ray_services.common.bodies import Body
from ray_services.intraday_strategy.period_bodies import Name, Parameters, PeriodIn
from ray_services.intraday_strategy.search_bodies import OutOfSampleIn, SweepIn, WalkForwardIn

MOST_STRATEGIES = 50
MOST_SIGHTINGS = 100_000


class SetIn(BaseModel):
    """A strategy with parameters of its own."""

    model_config = ConfigDict(extra="forbid")

    strategy: Name
    parameters: Parameters = {}


class StrategiesIn(PeriodIn):
    """Which strategies to run."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "strategies": ["momentum", {"strategy": "breakout", "parameters": {"window": 96}}]
            }
        },
    )

    strategies: Annotated[
        list[Name | SetIn],
        Field(
            min_length=1,
            max_length=MOST_STRATEGIES,
            description="Names, or with parameters of their own {strategy, parameters}.",
        ),
    ] = [
        "momentum",
        "mean_reversion",
        "breakout",
        "volatility",
    ]
    parameters: dict[Name, Parameters] = Field(
        default_factory=dict, description="Of the strategies that are given by their names alone."
    )

    def names(self) -> set[str]:
        """Of the strategies."""
        return {one if isinstance(one, str) else one.strategy for one in self.strategies}

    def seconds(self) -> float:
        return len(self.strategies) * 0.02 + self.signal_seconds(self.names())


class SightingsIn(StrategiesIn):
    """Which strategies to look at, and how many of their signals to tell."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "strategies": ["rsi_bollinger"],
                "parameters": {"rsi_bollinger": {"rsi_high": 75}},
                "start_date": "2022-01-01",
                "end_date": "2022-03-31",
                "limit": 5,
            }
        },
    )

    limit: int = Field(
        1_000, ge=1, le=MOST_SIGHTINGS, description="Of each strategy; the last of the period."
    )

    def seconds(self) -> float:
        return super().seconds() + len(self.strategies) * self.limit / 50_000


class BacktestIn(PeriodIn):
    """Which strategy to run, and with which parameters."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"strategy_name": "rsi_bollinger", "start_date": "2022-01-01"}
        },
    )

    strategy_name: Name = "rsi_bollinger"
    parameters: Parameters = {}
    rows: Literal["trades", "days"] | None = Field(
        None,
        description="trades: all of them in `trades`, not only the first 1,000; days: `curve`, a "
        "row for each day.",
    )

    def seconds(self) -> float:
        return 0.02 + self.signal_seconds({self.strategy_name})


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "execute-strategies": (StrategiesIn, "comparison"),
    "backtest-strategy": (BacktestIn, "backtest"),
    "generate-signals": (StrategiesIn, "positions"),
    "calculate-intraday-signals": (SightingsIn, "signals"),
    "sweep-parameters": (SweepIn, "swept"),
    "out-of-sample": (OutOfSampleIn, "split_once"),
    "walk-forward": (WalkForwardIn, "walked_forward"),
}
"""By their names: what comes in, and which of the answers it gets."""
