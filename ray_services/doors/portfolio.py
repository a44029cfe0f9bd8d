"""`/portfolio-manager`: what portfolios were worth, what they may lose, and what they cost."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services.doors import portfolio_wishes
from ray_services.doors.answering import Wanted, answer, answers
from ray_services.doors.portfolio_shapes import Measured
from ray_services.doors.refusals import refusals
from ray_services.portfolio_manager.bodies import AllocateIn, ComparisonQuery, MetricsIn, RiskIn

router = Router()
router.add_router("", portfolio_wishes.router)

SERVICE = "portfolio-manager"

_UNKNOWN = "body.tickers: 'TSLAA' is not among the 202 tickers with prices. There are TSLA."


class MetricsOut(Measured):
    var_95: float = Field(description="`var`, by the name it had.")
    cvar_95: float
    weights: dict[str, float]
    benchmark: str | None
    data: str


class LossOut(BaseModel):
    """Losses are positive parts of the portfolio, over all the days."""

    method: str
    var: float
    cvar: float
    level: float
    days: int


class RiskOut(BaseModel):
    results: list[LossOut]
    weights: dict[str, float]
    observations: int
    paths: int
    seed: int
    data: str
    processing_time: float = Field(description="Seconds.")


class SharesOut(BaseModel):
    shares: dict[str, int] = Field(description="Negative where sold short.")
    weights: dict[str, float] = Field(description="As bought.")
    prices: dict[str, float]
    day: dt.date | None = Field(description="Of the prices; None where they were given.")
    leftover: float = Field(description="Money.")
    error: float = Field(description="Root of the mean squared difference to the weights asked.")
    data: str


class ComparisonOut(BaseModel):
    """The plain loop over PyPortfolioOpt beside ours, on one core, in seconds."""

    portfolios: int
    assets: int
    seconds: float
    portfolios_per_second: float
    serial_seconds: float | None
    serial_reason: str | None = Field(description="Why there is no plain loop.")
    largest_difference: float | None = Field(description="Of any weight.")
    speed_up: float | None = Field(description="None where a weight differs by over 0.0001.")
    data: str


@router.post(
    "/calculate-portfolio-metrics",
    summary="Measure a portfolio",
    **answers(MetricsOut, _UNKNOWN, "What it was worth, beside a benchmark."),
)
def calculate_portfolio_metrics(
    request: HttpRequest, response: HttpResponse, body: MetricsIn, wanted: Query[Wanted]
) -> Any:
    """Reward and risk of weights that are restored every day."""
    return answer(request, response, SERVICE, "calculate-portfolio-metrics", body, wanted)


@router.post(
    "/simulate-risk",
    summary="Value at risk, expected shortfall",
    **answers(RiskOut, _UNKNOWN, "Losses by each method."),
)
def simulate_risk(
    request: HttpRequest, response: HttpResponse, body: RiskIn, wanted: Query[Wanted]
) -> Any:
    """Of history, in closed form, by drawing past returns and by drawing normal ones; the same
    seed gives the same losses, however many processes draw."""
    return answer(request, response, SERVICE, "simulate-risk", body, wanted)


@router.post(
    "/allocate-shares",
    summary="Weights as whole shares",
    **answers(
        SharesOut,
        "body.amount: 12 buys no share; the cheapest costs 41.3. Give more.",
        "Shares, and what is left of the money.",
    ),
)
def allocate_shares(
    request: HttpRequest, response: HttpResponse, body: AllocateIn, wanted: Query[Wanted]
) -> Any:
    """What an amount of money buys."""
    return answer(request, response, SERVICE, "allocate-shares", body, wanted)


@router.get(
    "/performance-comparison",
    response=ComparisonOut,
    summary="How fast portfolios are found",
    openapi_extra=described(
        {
            200: "Both ways over the same returns, compared before they are timed.",
            422: "query.portfolios: Input should be less than or equal to 100",
        }
    ),
)
def performance_comparison(request: HttpRequest, query: Query[ComparisonQuery]) -> dict[str, Any]:
    """Measured here and now: the highest Sharpe ratio of so many windows."""
    from ray_services.portfolio_manager import answers as found

    with refusals("query"):
        return found.comparison(query)
