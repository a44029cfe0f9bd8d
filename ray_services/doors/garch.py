"""`/garch-predictor`: volatility predicted by GARCH models, and what the prices show before."""

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services.doors.refusals import refusals
from ray_services.garch_predictor.bodies import SummariesIn, VarianceIn, VolatilityIn

router = Router()


class FitOut(BaseModel):
    parameters: dict[str, float]
    log_likelihood: float
    aic: float
    bic: float
    converged: bool


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
    response=VolatilitiesOut,
    summary="Predict volatility",
    openapi_extra=described({200: "Each asset's volatility.", 422: _UNKNOWN}),
)
def predict_volatility(request: HttpRequest, body: VolatilityIn) -> dict[str, Any]:
    """Historical, current and predicted volatility of each asset, and how unusual that is beside
    what was predicted on the days before."""
    from ray_services.garch_predictor import answers

    with refusals():
        return answers.volatility(body)


@router.post(
    "/load-market-data",
    response=SummariesOut,
    summary="Statistics of returns",
    openapi_extra=described({200: "Statistics, chunk by chunk.", 422: _UNKNOWN}),
)
def load_market_data(request: HttpRequest, body: SummariesIn) -> dict[str, Any]:
    """Moments of each asset's log returns, over chunks of so many rows."""
    from ray_services.garch_predictor import answers

    with refusals():
        return answers.market_data(body)


@router.post(
    "/calculate-rolling-variance",
    response=VarianceOut,
    summary="Rolling variance",
    openapi_extra=described({200: "A value for each day, none at first.", 422: _UNKNOWN}),
)
def calculate_rolling_variance(request: HttpRequest, body: VarianceIn) -> dict[str, Any]:
    """The variance of the last so many log returns of an asset, day by day."""
    from ray_services.garch_predictor import answers

    with refusals():
        return answers.variance(body)
