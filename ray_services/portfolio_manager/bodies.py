"""What comes in, checked by its type."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ray_services.common.bodies import Body, Data

Tickers = Annotated[list[str], Field(min_length=1, max_length=200)]


class PeriodIn(Body):
    """Some tickers, over some days; all there are where none are given."""

    tickers: Tickers
    data: Data = Field(None, description="SHA-256 of a data set of prices that you uploaded.")
    start: dt.date | None = None
    end: dt.date | None = None
    risk_free: float = Field(0.0, gt=-1, lt=1, description="A rate a year.")


class MetricsIn(PeriodIn):
    """Which portfolio to measure."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"tickers": ["AAPL", "MSFT"], "weights": {"AAPL": 0.4, "MSFT": 0.6}}
        },
    )

    weights: dict[str, float] | None = Field(
        None, description="By ticker, 1 together; all alike where none are given."
    )
    level: float = Field(0.95, gt=0.5, lt=1)


class OptimiseIn(PeriodIn):
    """What portfolio is wanted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"tickers": ["AAPL", "MSFT", "JNJ"], "risk_tolerance": 0.5}},
    )

    risk_tolerance: float = Field(
        0.5, ge=0, le=1, description="From the calmest portfolio (0) to the most rewarding (1)."
    )
    goal: Literal["risk_tolerance", "max_sharpe", "min_volatility", "hrp"] = "risk_tolerance"
    target_return: float | None = Field(None, description="A rate a year; wins over the goal.")
    covariance: Literal["sample", "ledoit_wolf", "ewma"] = "ledoit_wolf"
    lower: float = Field(0.0, ge=-1, le=1, description="The least weight of any asset.")
    upper: float = Field(1.0, ge=0, le=1)
    points: int = Field(0, ge=0, le=200, description="Of the frontier, to be given along.")


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "calculate-portfolio-metrics": (MetricsIn, "metrics"),
    "optimize-portfolio": (OptimiseIn, "optimum"),
}
"""By their names: what comes in, and which of the answers it gets."""
