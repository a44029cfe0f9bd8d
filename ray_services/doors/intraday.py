"""`/intraday-strategy`: strategies run over five-minute bars, and searches for their parameters."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from ray_services.doors import intraday_searches
from ray_services.doors.answering import Wanted, WantedRows, answer, answers
from ray_services.intraday_strategy.bodies import BacktestIn, SightingsIn, StrategiesIn

router = Router()
router.add_router("", intraday_searches.router)

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
    trades: list[dict[str, Any]] = Field(description="The first 1,000; all with rows=trades.")
    curve: list[dict[str, Any]] | None = Field(description="With rows=days.")
    data: str
    processing_time: float


class PositionsOut(BaseModel):
    results: list[dict[str, Any]] = Field(description="One for each strategy.")
    data: str


class SignalOut(BaseModel):
    """A bar at which a strategy would enter. All of it is known at the bar's close."""

    strategy: str
    set: int = Field(description="Its place in `sets`.")
    time: str
    price: float = Field(description="The close.")
    side: str
    position: int = Field(description="Held from that close on: 1 long, -1 short, 0 flat.")
    why: str


class SetOut(BaseModel):
    strategy: str
    parameters: dict[str, float]
    signals: int = Field(description="In the whole period; the last of them are told.")


class SignalsOut(BaseModel):
    results: list[SignalOut]
    sets: list[SetOut]
    data: str
    processing_time: float


@router.post(
    "/execute-strategies",
    summary="Run strategies",
    **answers(StrategiesOut, _UNKNOWN, "What each came to, and the best."),
)
def execute_strategies(
    request: HttpRequest, response: HttpResponse, body: StrategiesIn, wanted: Query[Wanted]
) -> Any:
    """Strategies over the same bars, with their usual parameters or others."""
    return answer(request, response, SERVICE, "execute-strategies", body, wanted)


@router.post(
    "/backtest-strategy",
    summary="Backtest a strategy",
    **answers(BacktestOut, _UNKNOWN, "Metrics, equity curve and trades."),
)
def backtest_strategy(
    request: HttpRequest, response: HttpResponse, body: BacktestIn, wanted: Query[WantedRows]
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


@router.post(
    "/calculate-intraday-signals",
    summary="Where strategies would enter",
    **answers(SignalsOut, _UNKNOWN, "The last signals of each strategy."),
)
def calculate_intraday_signals(
    request: HttpRequest, response: HttpResponse, body: SightingsIn, wanted: Query[WantedRows]
) -> Any:
    """Every bar at which a strategy would enter, whether it did, and why (not)."""
    return answer(request, response, SERVICE, "calculate-intraday-signals", body, wanted)
