"""Of `/intraday-strategy`: which parameters did best, and whether they go on to."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from ray_services.doors.answering import WantedRows, answer, answers
from ray_services.intraday_strategy.search_bodies import OutOfSampleIn, SweepIn, WalkForwardIn

router = Router()

SERVICE = "intraday-strategy"

_GRID = "body.grid.windo: momentum has no parameter of this name. Did you mean window?"


class LuckOut(BaseModel):
    """The best Sharpe ratio beside what the best of as many without skill would have."""

    trials: int
    sharpe: float
    expected_best: float
    probability: float = Field(description="That the true ratio is above 0.")
    warning: str


class BestOut(BaseModel):
    rank: int
    parameters: dict[str, float]
    metrics: dict[str, float | None]


class HeatMapOut(BaseModel):
    x: str
    y: str
    x_values: list[float]
    y_values: list[float]
    metric: str
    of: str
    values: list[list[float | None]] = Field(description="A list for each of y_values.")


class SweepOut(BaseModel):
    strategy: str
    sets: int = Field(description="Combinations that were run.")
    left_out: int = Field(description="Combinations that contradict themselves.")
    first_day: dt.date
    last_day: dt.date
    metric: str
    best: list[BestOut]
    luck: LuckOut | None
    heat_map: HeatMapOut | None
    rows: list[dict[str, Any]] | None = Field(description="All sets, with rows=true.")
    data: str
    processing_time: float


class FoldOut(BaseModel):
    """A choice and its test; days are the first and the last of each."""

    train_days: list[dt.date]
    test_days: list[dt.date]
    parameters: dict[str, float] | None = Field(description="None: no set ever traded.")
    train: dict[str, float | None] | None
    test: dict[str, float | None] | None
    luck: LuckOut | None


class DayOut(BaseModel):
    day: dt.date
    daily_return: float
    equity: float
    drawdown: float


class SplitOut(BaseModel):
    strategy: str
    sets: int
    metric: str
    fold: FoldOut
    curve: list[DayOut] = Field(description="Of the test.")
    data: str
    processing_time: float


class WalkOut(BaseModel):
    strategy: str
    sets: int
    metric: str
    metrics: dict[str, float | None] = Field(description="Of all tests together.")
    folds: list[FoldOut]
    curve: list[DayOut] = Field(description="Of all tests, one after the other.")
    data: str
    processing_time: float


@router.post(
    "/sweep-parameters",
    summary="Try many parameters",
    **answers(SweepOut, _GRID, "The best sets, and how much of that is luck."),
)
def sweep_parameters(
    request: HttpRequest, response: HttpResponse, body: SweepIn, wanted: Query[WantedRows]
) -> Any:
    """All combinations of some values, the best of them, and a metric as a heat map."""
    return answer(request, response, SERVICE, "sweep-parameters", body, wanted)


@router.post(
    "/out-of-sample",
    summary="Choose on one period, test on the next",
    **answers(SplitOut, _GRID, "The choice, and its run over days that had no part in it."),
)
def test_out_of_sample(
    request: HttpRequest, response: HttpResponse, body: OutOfSampleIn, wanted: Query[WantedRows]
) -> Any:
    """The set that was best on the first days, over the rest."""
    return answer(request, response, SERVICE, "out-of-sample", body, wanted)


@router.post(
    "/walk-forward",
    summary="Choose and test again and again",
    **answers(WalkOut, _GRID, "The folds, and all tests as one curve."),
)
def walk_on(
    request: HttpRequest, response: HttpResponse, body: WalkForwardIn, wanted: Query[WantedRows]
) -> Any:
    """Choose on some days, test on the next, go on."""
    return answer(request, response, SERVICE, "walk-forward", body, wanted)
