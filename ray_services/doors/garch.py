"""`/garch-predictor`: volatility predicted by GARCH models, and what the prices show before."""

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from ray_services.doors.answering import Wanted, answer, answers
from ray_services.garch_predictor.bodies import SummariesIn, VarianceIn, VolatilityIn

router = Router()

SERVICE = "garch-predictor"


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


class VolatilitiesOut(BaseModel):
    results: dict[str, VolatilityOut]
    data: str = Field(description="SHA-256 of the data set.")
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


class SummariesOut(BaseModel):
    results: dict[str, list[SummaryOut]]
    data: str


class VarianceOut(BaseModel):
    days: list[dt.date]
    variance: list[float | None]
    data: str


_UNKNOWN = "body.assets: expected a ticker of the data, got 'SPX'. Did you mean SPY?"


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
