"""`/intraday-strategy`: strategies run over five-minute bars."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from ray_services.doors.answering import Wanted, answer, answers
from ray_services.intraday_strategy.bodies import BacktestIn, StrategiesIn

router = Router()

SERVICE = "intraday-strategy"

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


class PositionsOut(BaseModel):
    results: list[dict[str, Any]] = Field(description="One for each strategy.")
    data: str


@router.post(
    "/execute-strategies",
    summary="Run strategies",
    **answers(StrategiesOut, _UNKNOWN, "What each came to, and the best."),
)
def execute_strategies(
    request: HttpRequest, response: HttpResponse, body: StrategiesIn, wanted: Query[Wanted]
) -> Any:
    """Each strategy with its usual parameters over the same bars."""
    return answer(request, response, SERVICE, "execute-strategies", body, wanted)


@router.post(
    "/backtest-strategy",
    summary="Backtest a strategy",
    **answers(BacktestOut, _UNKNOWN, "Metrics, equity curve and trades."),
)
def backtest_strategy(
    request: HttpRequest, response: HttpResponse, body: BacktestIn, wanted: Query[Wanted]
) -> Any:
    """One strategy over some days; indicators know the bars before, never those after."""
    return answer(request, response, SERVICE, "backtest-strategy", body, wanted)


@router.post(
    "/generate-signals",
    summary="What strategies hold now",
    **answers(PositionsOut, _UNKNOWN, "Each position after the last bar, and why."),
)
def generate_signals(
    request: HttpRequest, response: HttpResponse, body: StrategiesIn, wanted: Query[Wanted]
) -> Any:
    """The position of each strategy after the last bar, what it sees there, and since when."""
    return answer(request, response, SERVICE, "generate-signals", body, wanted)
