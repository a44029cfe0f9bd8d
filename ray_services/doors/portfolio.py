"""`/portfolio-manager`: weights by the critical line, and what portfolios were worth."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from ray_services.doors.answering import Wanted, answer, answers
from ray_services.portfolio_manager.bodies import MetricsIn, OptimiseIn

router = Router()

SERVICE = "portfolio-manager"

_UNKNOWN = "body.tickers: 'TSLAA' is not among the 202 tickers with prices. There are TSLA."


class MetricsOut(BaseModel):
    """Rates are of a year; losses are positive parts of the portfolio, in a day."""

    annual_return: float
    total_return: float
    volatility: float
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    var_95: float = Field(description="At `level`.")
    cvar_95: float
    beta: float | None
    tracking_error: float | None
    information_ratio: float | None
    observations: int
    weights: dict[str, float]
    data: str


class PortfolioOut(BaseModel):
    weights: dict[str, float]
    expected_return: float
    volatility: float
    sharpe: float | None


class OptimiseOut(PortfolioOut):
    method: str
    alternatives: dict[str, PortfolioOut] = Field(description="By risk tolerance.")
    frontier: list[PortfolioOut]
    data: str
    processing_time: float = Field(description="Seconds.")


@router.post(
    "/calculate-portfolio-metrics",
    summary="Measure a portfolio",
    **answers(MetricsOut, _UNKNOWN, "What it was worth, beside SPY."),
)
def calculate_portfolio_metrics(
    request: HttpRequest, response: HttpResponse, body: MetricsIn, wanted: Query[Wanted]
) -> Any:
    """Reward and risk of weights that are restored every day."""
    return answer(request, response, SERVICE, "calculate-portfolio-metrics", body, wanted)


@router.post(
    "/optimize-portfolio",
    summary="Optimise a portfolio",
    **answers(
        OptimiseOut,
        "body.target: no portfolio within the limits returns 0.9 a year; the highest "
        "attainable is 0.214. Ask for less, or loosen the limits.",
        "Weights, and what is expected of them.",
    ),
)
def optimize_portfolio(
    request: HttpRequest, response: HttpResponse, body: OptimiseIn, wanted: Query[Wanted]
) -> Any:
    """The portfolio that is asked for, or the reason why there is none; never another one."""
    return answer(request, response, SERVICE, "optimize-portfolio", body, wanted)
