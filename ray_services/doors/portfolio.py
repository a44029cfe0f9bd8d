"""`/portfolio-manager`: weights by the critical line, and what portfolios were worth."""

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services.doors.refusals import refusals
from ray_services.portfolio_manager.bodies import MetricsIn, OptimiseIn

router = Router()

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
    response=MetricsOut,
    summary="Measure a portfolio",
    openapi_extra=described({200: "What it was worth, beside SPY.", 422: _UNKNOWN}),
)
def calculate_portfolio_metrics(request: HttpRequest, body: MetricsIn) -> dict[str, Any]:
    """Reward and risk of weights that are restored every day."""
    from ray_services.portfolio_manager import answers

    with refusals():
        return answers.metrics(body)


@router.post(
    "/optimize-portfolio",
    response=OptimiseOut,
    summary="Optimise a portfolio",
    openapi_extra=described(
        {
            200: "Weights, and what is expected of them.",
            422: "body.target: no portfolio within the limits returns 0.9 a year; the highest "
            "attainable is 0.214. Ask for less, or loosen the limits.",
        }
    ),
)
def optimize_portfolio(request: HttpRequest, body: OptimiseIn) -> dict[str, Any]:
    """The portfolio that is asked for, or the reason why there is none; never another one."""
    from ray_services.portfolio_manager import answers

    with refusals():
        return answers.optimum(body)
