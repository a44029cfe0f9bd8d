"""Of `/garch-predictor`: which model is chosen, and how good its forecasts were."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from ray_services.doors.answering import Wanted, WantedRows, answer, answers
from ray_services.doors.garch_shapes import Named
from ray_services.garch_predictor.model_bodies import BacktestIn, OrdersIn, ScoresIn, ZooIn

router = Router()

SERVICE = "garch-predictor"

_UNKNOWN = "body.asset: expected a ticker of the data, got 'SPX'. Did you mean SPY?"


class BestOut(BaseModel):
    model: str
    parameters: dict[str, float]
    log_likelihood: float
    aic: float
    bic: float
    converged: bool


class OrdersOut(Named):
    asset: str
    returns: int
    criterion: str
    best: BestOut
    models: list[dict[str, Any]] = Field(
        description="Best first: order, distribution, criteria, how far behind, weight, and why."
    )
    processing_time: float = Field(description="Seconds.")


class TestOut(BaseModel):
    """A likelihood ratio test."""

    statistic: float
    p: float = Field(description="The chance of a greater statistic where the model is right.")


class RiskOut(Named):
    asset: str
    model: str
    level: float
    days: int
    violations: int
    expected: float
    rate: float
    shortfall: float | None = Field(description="The mean loss of the days that exceeded it.")
    coverage: TestOut = Field(description="Kupiec (1995): as many as there should be.")
    independence: TestOut = Field(description="Christoffersen (1998): none after another.")
    conditional: TestOut = Field(description="Both.")
    next_day: dict[str, float | None]
    rows: list[dict[str, Any]] = Field(description="A row for each day.")
    processing_time: float


class ScoresOut(Named):
    asset: str
    proxy: str
    days: int
    first: Any
    last: Any
    scores: list[dict[str, Any]] = Field(
        description="Best first by QLIKE (Patton, 2011), with MSE and bias."
    )
    processing_time: float


class ZooOut(Named):
    asset: str
    returns: int
    model: dict[str, Any]
    method: str = Field(description="Of the forecasts.")
    scale: float = Field(description="Parameters are of the returns times this.")
    parameters: dict[str, dict[str, float | None]]
    log_likelihood: float | None
    aic: float | None
    bic: float | None
    converged: bool
    variance: float | None = Field(description="Of the last day, in squares of log returns.")
    forecasts: dict[int, float | None]
    warnings: list[str] = Field(description="What arch had to say.")
    processing_time: float


@router.post(
    "/compare-orders",
    summary="Choose the order",
    **answers(OrdersOut, _UNKNOWN, "The models, best first, and why."),
)
def compare_orders(
    request: HttpRequest, response: HttpResponse, body: OrdersIn, wanted: Query[WantedRows]
) -> Any:
    """GARCH(p, o, q) of several orders over all returns, by Akaike's or Schwarz's criterion."""
    return answer(request, response, SERVICE, "compare-orders", body, wanted)


@router.post(
    "/backtest-value-at-risk",
    summary="Backtest the value at risk",
    **answers(RiskOut, _UNKNOWN, "How often losses exceeded it, with tests."),
)
def backtest_value_at_risk(
    request: HttpRequest, response: HttpResponse, body: BacktestIn, wanted: Query[WantedRows]
) -> Any:
    """The loss that was said, the evening before, to be exceeded at so small a chance."""
    return answer(request, response, SERVICE, "backtest-value-at-risk", body, wanted)


@router.post(
    "/score-forecasts",
    summary="Score forecasts",
    **answers(ScoresOut, _UNKNOWN, "Losses of each model's forecasts, best first."),
)
def score_forecasts(
    request: HttpRequest, response: HttpResponse, body: ScoresIn, wanted: Query[WantedRows]
) -> Any:
    """Several models' forecasts of the same days, beside what is known of their variance."""
    return answer(request, response, SERVICE, "score-forecasts", body, wanted)


@router.post(
    "/fit-model",
    summary="Fit a model of the zoo",
    **answers(ZooOut, _UNKNOWN, "Parameters, criteria, forecasts."),
)
def fit_model(
    request: HttpRequest, response: HttpResponse, body: ZooIn, wanted: Query[Wanted]
) -> Any:
    """EGARCH, TARCH, APARCH, FIGARCH, HARCH and further ones, by the package arch; without it
    501."""
    return answer(request, response, SERVICE, "fit-model", body, wanted)
