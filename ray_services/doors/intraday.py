"""`/intraday-strategy`: strategies run over five-minute bars."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services.doors.refusals import refusals
from ray_services.intraday_strategy.bodies import BacktestIn, StrategiesIn

router = Router()

_UNKNOWN = "body.symbol: expected SIM, the asset that there are bars of, got 'BTC'."


class RunOut(BaseModel):
    strategy: str
    parameters: dict[str, float]
    metrics: dict[str, float | None]


class StrategiesOut(BaseModel):
    results: list[RunOut]
    best: str | None = Field(description="By Sharpe ratio.")
    data: str = Field(description="SHA-256 of the bars.")
    processing_time: float = Field(description="Seconds.")


class BacktestOut(RunOut):
    days: list[dt.date]
    daily: list[float]
    equity: list[float]
    drawdown: list[float]
    trades: list[dict[str, Any]] = Field(description="The first 1,000.")
    data: str
    processing_time: float


@router.post(
    "/execute-strategies",
    response=StrategiesOut,
    summary="Run strategies",
    openapi_extra=described({200: "What each came to, and the best.", 422: _UNKNOWN}),
)
def execute_strategies(request: HttpRequest, body: StrategiesIn) -> dict[str, Any]:
    """Each strategy with its usual parameters over the same bars."""
    from ray_services.intraday_strategy import answers

    with refusals():
        return answers.comparison(body)


@router.post(
    "/backtest-strategy",
    response=BacktestOut,
    summary="Backtest a strategy",
    openapi_extra=described({200: "Metrics, equity curve and trades.", 422: _UNKNOWN}),
)
def backtest_strategy(request: HttpRequest, body: BacktestIn) -> dict[str, Any]:
    """One strategy over some days; indicators know the bars before, never those after."""
    from ray_services.intraday_strategy import answers

    with refusals():
        return answers.backtest(body)


@router.post(
    "/generate-signals",
    response=list[dict[str, Any]],
    summary="What strategies hold now",
    openapi_extra=described({200: "Each position after the last bar, and why.", 422: _UNKNOWN}),
)
def generate_signals(request: HttpRequest, body: StrategiesIn) -> list[dict[str, Any]]:
    """The position of each strategy after the last bar, what it sees there, and since when."""
    from ray_services.intraday_strategy import answers

    with refusals():
        return answers.positions(body)
