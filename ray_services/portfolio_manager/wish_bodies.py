"""What a portfolio is to be: goal, limits, and how what is expected is estimated."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ray_services.common.bodies import Body
from ray_services.portfolio_manager.period_bodies import (
    BesideIn,
    DaysIn,
    Level,
    PeriodIn,
    Rate,
    Ticker,
    Tickers,
)

Bound = Annotated[float, Field(ge=-10, le=10)]
Bounds = Bound | dict[str, Bound]
Goal = Literal[
    "risk_tolerance", "max_sharpe", "min_volatility", "target_return", "target_risk", "min_cvar",
    "hrp",
]  # fmt: skip
EXACT, SOLVED = 1e-8, 3e-5
"""Seconds of one portfolio for each pair of assets: followed exactly, or by the solver."""


class GroupIn(BaseModel):
    """What some tickers weigh together."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    tickers: Tickers
    lower: Bound | None = None
    upper: Bound | None = None


class WishIn(Body):
    """Which portfolio."""

    goal: Goal | None = Field(
        None,
        description="Where none is given: target_return or target_risk if there is a number of "
        "it, else risk_tolerance.",
    )
    risk_tolerance: float = Field(
        0.5, ge=0, le=1, description="From the calmest portfolio (0) to the most rewarding (1)."
    )
    target_return: float | None = Field(
        None, description="A rate a year; with min_cvar the least that is expected."
    )
    target_risk: float | None = Field(None, gt=0, description="The most volatility, a year.")
    level: Level = Field(0.95, description="Of min_cvar.")
    risk_free: Rate = 0.0
    lower: Bounds = Field(
        0.0, description="The least weight of every asset, or by ticker; 0 for those not named."
    )
    upper: Bounds = Field(1.0, description="Likewise the most; 1 for those not named.")
    groups: list[GroupIn] = Field(default=[], max_length=50)
    mean: Literal["arithmetic", "geometric"] = "arithmetic"
    covariance: Literal["ledoit_wolf", "sample", "ewma"] = "ledoit_wolf"
    half_life: float = Field(40.0, gt=0, le=10_000, description="Of ewma, in days.")

    def solved(self) -> bool:
        """Whether it takes the solver."""
        return bool(self.groups) or self.goal == "min_cvar"

    def portfolio_seconds(self, assets: int, days: int) -> float:
        """About how long one portfolio takes."""
        if not self.solved():
            return 2e-4 + assets * (days + assets**2) * EXACT
        rows = days if self.goal == "min_cvar" else 0
        return 0.03 + assets * (assets + rows) * SOLVED


class OptimiseIn(PeriodIn, WishIn):
    """What portfolio is wanted, of which tickers."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "tickers": ["AAPL", "MSFT", "JNJ", "PG"],
                "goal": "max_sharpe",
                "groups": [{"name": "technology", "tickers": ["AAPL", "MSFT"], "upper": 0.5}],
            }
        },
    )

    previous: dict[str, float] | None = Field(
        None, description="Weights held now; money where they add up to less than 1."
    )
    turnover: float | None = Field(
        None, ge=0, description="The most that is bought and sold; 2 exchanges everything."
    )
    points: int = Field(0, ge=0, le=200, description="Of the frontier, to be given along.")
    turning_points: bool = Field(
        False, description="The whole frontier: between two of them weights are linear in return."
    )

    def solved(self) -> bool:
        return super().solved() or self.turnover is not None

    def seconds(self) -> float:
        return (4 + self.points * self.solved()) * self.portfolio_seconds(
            len(self.tickers), self.days()
        )


class CutIn(Body):
    """One of many portfolios."""

    tickers: Tickers | None = Field(None, description="All of the request's where none are given.")
    start: int = Field(0, ge=0, description="The first row of returns.")
    stop: int | None = Field(None, ge=2, description="The row after the last.")


class ManyIn(PeriodIn, WishIn):
    """Many portfolios of the same wish: one for each window, or for each of `cuts`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "tickers": ["AAPL", "MSFT", "JNJ", "PG"],
                "goal": "max_sharpe",
                "window": 252,
                "every": 63,
            }
        },
    )

    window: int = Field(252, ge=3, le=100_000, description="Days of a window.")
    every: int = Field(21, ge=1, le=100_000, description="Days from a window to the next.")
    cuts: list[CutIn] | None = Field(
        None, min_length=1, max_length=5_000, description="Instead of windows."
    )

    def seconds(self) -> float:
        assets = len(self.tickers)
        if self.cuts is None:
            count = max(1, (self.days() - self.window) // self.every)
            return count * self.portfolio_seconds(assets, self.window)
        return sum(
            self.portfolio_seconds(len(cut.tickers or self.tickers), self.days())
            for cut in self.cuts
        )


class WalkIn(PeriodIn, BesideIn, WishIn):
    """What the wish would have been worth, chosen from the past only."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "tickers": ["AAPL", "MSFT", "JNJ", "PG"],
                "goal": "min_volatility",
                "every": "month",
            }
        },
    )

    window: int = Field(252, ge=3, le=100_000, description="Days that weights are chosen by.")
    every: Annotated[int, Field(ge=1, le=100_000)] | Literal["month"] = Field(
        21, description="Days until weights are chosen anew, or on each month's first day."
    )
    cost: float = Field(0.001, ge=0, lt=1, description="A part of what is bought and sold.")
    turnover: float | None = Field(
        None, ge=0, description="The most that is bought and sold each time but the first."
    )

    def solved(self) -> bool:
        return super().solved() or self.turnover is not None

    def seconds(self) -> float:
        every = 21 if self.every == "month" else self.every
        count = max(1, (self.days() - self.window) // every)
        return 0.05 + count * self.portfolio_seconds(len(self.tickers), self.window)


class ClusterIn(DaysIn, BesideIn):
    """The K-means strategy: each month hold the stocks that cluster around a high RSI."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"universe": 60, "start": "2020-01-01"}}
    )

    factors: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of a data set of monthly factors that you uploaded.",
    )
    universe: int = Field(150, ge=2, le=5_000, description="So many of the most traded stocks.")
    centroids: list[Annotated[float, Field(ge=0, le=100)]] = Field(
        default=[30, 45, 55, 70],
        min_length=2,
        max_length=20,
        description="The RSI that each cluster begins with; the last one's stocks are held.",
    )
    cap: float = Field(0.10, gt=0, le=1, description="The most of a stock.")
    window_months: int = Field(12, ge=1, le=120, description="By whose prices weights are chosen.")
    cost: float = Field(0.0, ge=0, lt=1, description="A part of what is bought and sold.")
    leave_out: list[Ticker] = Field(default=["SPY", "QQQ"], max_length=1_000)

    def seconds(self) -> float:
        return 1.0 + self.days() / 1_000
