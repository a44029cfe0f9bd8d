"""What the answers about portfolios have in common."""

import datetime as dt
from typing import Any

from pydantic import BaseModel, Field


class Measured(BaseModel):
    """Rates are of a year; losses are positive parts of the portfolio, in a day."""

    observations: int
    total_return: float
    annual_return: float
    mean_return: float
    volatility: float
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    level: float
    var: float = Field(description="Historic, at `level`.")
    cvar: float
    var_parametric: float | None
    cvar_parametric: float | None
    benchmark_return: float | None
    beta: float | None
    tracking_error: float | None
    information_ratio: float | None


class ExpectedOut(BaseModel):
    """What is expected is of a year."""

    expected_return: float
    volatility: float
    sharpe: float | None


class PortfolioOut(ExpectedOut):
    """What is expected is of a year."""

    weights: dict[str, float]


class RebalancingOut(BaseModel):
    day: dt.date
    turnover: float = Field(description="Bought and sold, as a part of the portfolio.")
    weights: dict[str, float]


class HoldingOut(BaseModel):
    month: str
    goal: str = Field(description="min_volatility or cash where max_sharpe was infeasible.")
    turnover: float
    weights: dict[str, float]
    notes: list[str] = Field(description="Why it is not what was meant.")


class HistoryOut(BaseModel):
    metrics: Measured
    equal_metrics: Measured = Field(description="Of equal weights.")
    benchmark: str | None
    curve: list[dict[str, Any]] = Field(
        description="A row for each day: the return of each, and what 1 has become."
    )
    data: str
    processing_time: float = Field(description="Seconds.")
