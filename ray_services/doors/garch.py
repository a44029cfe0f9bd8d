"""`/garch-predictor`: volatility predicted by GARCH models, and what the prices show before."""

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services.doors import garch_models
from ray_services.doors.answering import Wanted, WantedRows, answer, answers
from ray_services.doors.garch_shapes import Named
from ray_services.doors.refusals import refusals
from ray_services.garch_predictor.bodies import (
    PerformanceQuery,
    PremiumIn,
    RollingIn,
    SummariesIn,
    VarianceIn,
    VolatilityIn,
)

router = Router()
router.add_router("", garch_models.router)

SERVICE = "garch-predictor"

_UNKNOWN = "body.assets: expected a ticker of the data, got 'SPX'. Did you mean SPY?"


class FitOut(BaseModel):
    """The model of the last window. Variances are of a day, in squares of log returns."""

    spec: dict[str, int | str]
    rows: int = Field(description="Returns of the window.")
    parameters: dict[str, float]
    standard_errors: dict[str, float | None] | None
    log_likelihood: float
    aic: float
    bic: float
    converged: bool
    last: float = Field(description="The variance of the last day.")
    forecasts: dict[int, float] = Field(description="The variance so many days ahead.")
    totals: dict[int, float] = Field(description="Of all days up to it together.")


class VolatilityOut(BaseModel):
    """Volatilities are of a year."""

    rows: int
    historical: float
    current: float
    predicted: float
    forecasts: dict[int, float] = Field(description="The mean until so many days ahead.")
    percentile: float
    regime: Literal["low", "normal", "high", "extreme"]
    premium: float
    signal: int
    strength: float
    compared: int
    fit: FitOut


class VolatilitiesOut(Named):
    results: dict[str, VolatilityOut]
    processing_time: float = Field(description="Seconds.")


class SummaryOut(BaseModel):
    first: int
    last: int
    mean: float
    deviation: float
    least: float
    greatest: float
    skewness: float
    kurtosis: float


class SummariesOut(Named):
    results: dict[str, list[SummaryOut]]


class VarianceOut(Named):
    days: list[dt.date]
    variance: list[float | None]


class RollingOut(Named):
    model: str
    assets: dict[str, dict[str, int]] = Field(description="Prices, windows, fits that converged.")
    windows: list[dict[str, Any]] = Field(
        description="A row for each asset and window: its last day, parameters, log-likelihood, "
        "criteria, the variance of its last day and forecasts, of a day in squares of log returns."
    )
    processing_time: float


class PremiumOut(Named):
    model: str
    assets: dict[str, dict[str, float | int | None]]
    rows: list[dict[str, Any]] = Field(
        description="A row for each asset and day; `signal` was decided the day before."
    )
    processing_time: float


class SpeedOut(BaseModel):
    """The plain loop over arch beside ours, on one core, in seconds."""

    windows: int
    model: str
    seconds: float
    windows_per_second: float
    serial_seconds: float | None
    serial_reason: str | None = Field(description="Why there is no plain loop.")
    least_gain: float | None = Field(description="Ours less arch's log-likelihood, at worst.")
    speed_up: float | None = Field(description="None where a fit of ours is worse by over 0.2.")
    parallel: dict[str, Any] | None
    parallel_reason: str | None
    data: str


@router.post(
    "/predict-volatility",
    summary="Predict volatility",
    **answers(VolatilitiesOut, _UNKNOWN, "Each asset's volatility."),
)
def predict_volatility(
    request: HttpRequest, response: HttpResponse, body: VolatilityIn, wanted: Query[Wanted]
) -> Any:
    """Historical, current and predicted volatility of each asset, and how unusual that is beside
    what was predicted on the days before."""
    return answer(request, response, SERVICE, "predict-volatility", body, wanted)


@router.post(
    "/load-market-data",
    summary="Statistics of returns",
    **answers(SummariesOut, _UNKNOWN, "Statistics, chunk by chunk."),
)
def load_market_data(
    request: HttpRequest, response: HttpResponse, body: SummariesIn, wanted: Query[Wanted]
) -> Any:
    """Moments of each asset's log returns, over chunks of so many rows."""
    return answer(request, response, SERVICE, "load-market-data", body, wanted)


@router.post(
    "/calculate-rolling-variance",
    summary="Rolling variance",
    **answers(VarianceOut, _UNKNOWN, "A value for each day, none at first."),
)
def calculate_rolling_variance(
    request: HttpRequest, response: HttpResponse, body: VarianceIn, wanted: Query[Wanted]
) -> Any:
    """The variance of the last so many log returns of an asset, day by day."""
    return answer(request, response, SERVICE, "calculate-rolling-variance", body, wanted)


@router.post(
    "/fit-rolling",
    summary="Fit windows",
    **answers(RollingOut, _UNKNOWN, "A row for each asset and window."),
)
def fit_rolling(
    request: HttpRequest, response: HttpResponse, body: RollingIn, wanted: Query[WantedRows]
) -> Any:
    """GARCH by maximum likelihood over rolling windows, with forecasts."""
    return answer(request, response, SERVICE, "fit-rolling", body, wanted)


@router.post(
    "/premium-signal",
    summary="The premium signal",
    **answers(PremiumOut, _UNKNOWN, "A row for each asset and day."),
)
def premium_signal(
    request: HttpRequest, response: HttpResponse, body: PremiumIn, wanted: Query[WantedRows]
) -> Any:
    """How far the predicted variance is above that of the last returns, and a signal where that
    is out of line."""
    return answer(request, response, SERVICE, "premium-signal", body, wanted)


@router.get(
    "/performance-test",
    response=SpeedOut,
    summary="How fast windows are fitted",
    openapi_extra=described(
        {
            200: "Both ways over the same windows, compared before they are timed.",
            422: "query.windows: Input should be less than or equal to 60",
        }
    ),
)
def performance_test(request: HttpRequest, query: Query[PerformanceQuery]) -> dict[str, Any]:
    """Measured here and now: the plain loop over arch, and ours. In a process that is connected to
    Ray, ours over the cluster too."""
    from django_ray_runtime.distributed import is_ray_available, parallel_map
    from ray_services.garch_predictor import answers as found

    with refusals("query"):
        return found.performance_test(query, parallel_map if is_ray_available() else None)
