"""Of `/portfolio-manager`: which portfolio, and what it would have been worth."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from ray_services.doors.answering import Wanted, WantedRows, answer, answers
from ray_services.doors.portfolio_shapes import (
    ExpectedOut,
    HistoryOut,
    HoldingOut,
    Measured,
    PortfolioOut,
    RebalancingOut,
)
from ray_services.portfolio_manager.wish_bodies import ClusterIn, ManyIn, OptimiseIn, WalkIn

router = Router()

SERVICE = "portfolio-manager"

_INFEASIBLE = (
    "body.target_return: no portfolio within the limits returns 0.9 a year; the highest attainable "
    "is 0.214. Ask for less, or loosen the limits."
)
_SHORT = (
    "body.window: 200 days are too few for a window of 252; at least 254 are needed. Give a longer "
    "period or a shorter window."
)


class OptimiseOut(PortfolioOut):
    goal: str
    method: str
    shrinkage: float | None = Field(description="Of ledoit_wolf: the part of its target.")
    turnover: float | None = Field(description="From `previous`, where that was given.")
    alternatives: dict[str, PortfolioOut] = Field(description="By risk tolerance.")
    frontier: list[PortfolioOut] = Field(description="From the calmest up, as `points` asks.")
    assets: dict[str, ExpectedOut] = Field(description="Each ticker alone.")
    turning_points: list[PortfolioOut] | None
    data: str
    processing_time: float = Field(description="Seconds.")


class FoundOut(BaseModel):
    first: dt.date
    last: dt.date
    assets: int
    expected_return: float | None
    volatility: float | None
    sharpe: float | None
    refused: str | None = Field(description="Why there is none.")


class ManyOut(BaseModel):
    goal: str
    found: int
    portfolios: list[FoundOut]
    weights: list[dict[str, Any]] = Field(
        description="A row for each portfolio (by its place, from 0) and ticker."
    )
    data: str
    processing_time: float


class WalkOut(HistoryOut):
    rebalancings: list[RebalancingOut]
    notes: list[str] = Field(description="On which days the wish could not be met, and why.")


class ClusterOut(HistoryOut):
    benchmark_metrics: Measured
    holdings: list[HoldingOut]
    factors: str


@router.post(
    "/optimize-portfolio",
    summary="Optimise a portfolio",
    **answers(OptimiseOut, _INFEASIBLE, "Weights, and what is expected of them."),
)
def optimize_portfolio(
    request: HttpRequest, response: HttpResponse, body: OptimiseIn, wanted: Query[Wanted]
) -> Any:
    """The portfolio that is asked for, or the reason why there is none; never another one."""
    return answer(request, response, SERVICE, "optimize-portfolio", body, wanted)


@router.post(
    "/optimize-many",
    summary="Optimise many portfolios",
    **answers(ManyOut, _SHORT, "Each portfolio, or why there is none."),
)
def optimize_many(
    request: HttpRequest, response: HttpResponse, body: ManyIn, wanted: Query[WantedRows]
) -> Any:
    """The same wish over many windows, or over sets of tickers; one that cannot be met stops no
    other."""
    return answer(request, response, SERVICE, "optimize-many", body, wanted)


@router.post(
    "/backtest-portfolio",
    summary="Walk forward",
    **answers(WalkOut, _SHORT, "What came of it, after costs."),
)
def backtest_portfolio(
    request: HttpRequest, response: HttpResponse, body: WalkIn, wanted: Query[WantedRows]
) -> Any:
    """Weights from the days before only, held, and traded at a cost; beside equal weights and a
    benchmark."""
    return answer(request, response, SERVICE, "backtest-portfolio", body, wanted)


@router.post(
    "/cluster-strategy",
    summary="The K-means strategy",
    **answers(
        ClusterOut,
        "body.start: no month has stocks with all features; the features need some two years. "
        "Give a longer history, with factors for the same months.",
        "What came of it, and what was held.",
    ),
)
def cluster_strategy(
    request: HttpRequest, response: HttpResponse, body: ClusterIn, wanted: Query[WantedRows]
) -> Any:
    """Each month hold the stocks that cluster around a high RSI, with the highest Sharpe ratio of
    the year before."""
    return answer(request, response, SERVICE, "cluster-strategy", body, wanted)
