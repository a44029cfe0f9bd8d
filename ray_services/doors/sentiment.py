"""`/sentiment-analyzer`: scores of texts, figures of tickers, and the engagement strategy."""

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services.doors.answering import Wanted, WantedRows, answer, answers
from ray_services.doors.refusals import refusals
from ray_services.sentiment_analyzer.bodies import StrategyQuery, TextsIn, TickersIn

router = Router()

SERVICE = "sentiment-analyzer"

_UNKNOWN = "row 1, tickers: expected a ticker of the data, got 'TSLAA'. Did you mean TSLA?"


class TextOut(BaseModel):
    """A text's scores: `score` is VADER's compound, from -1 to 1."""

    text: str
    sentiment: Literal["positive", "neutral", "negative"]
    score: float
    confidence: float
    positive: float
    neutral: float
    negative: float
    scored_words: int


class TextsOut(BaseModel):
    results: list[TextOut]
    summary: dict[str, float | int | None]
    data: str | None = Field(description="SHA-256 of the data set, where one was named.")
    processing_time: float = Field(description="Seconds.")


class TickerOut(BaseModel):
    ticker: str
    avg_sentiment: float | None
    sentiment_volatility: float | None
    total_engagement: float
    total_posts: float
    total_impressions: float
    positive_ratio: float | None
    negative_ratio: float | None
    total_records: int
    rated_records: int


class TickersOut(BaseModel):
    results: list[TickerOut]
    data: str = Field(description="SHA-256 of the data set.")
    processing_time: float


class AvailableOut(BaseModel):
    tickers: list[str]
    records: int
    first: dt.date
    last: dt.date
    data: str


class PerformanceOut(BaseModel):
    summary: dict[str, Any]
    picks: list[dict[str, Any]]
    days: list[dt.date]
    cumulative: list[float]
    benchmark_cumulative: list[float] | None
    data: dict[str, str]


@router.post(
    "/analyze-sentiment",
    summary="Score texts",
    **answers(
        TextsOut, "body.texts: expected up to 2,000 texts; send fewer", "Each text's scores."
    ),
)
def analyze_sentiment(
    request: HttpRequest, response: HttpResponse, body: TextsIn, wanted: Query[WantedRows]
) -> Any:
    """VADER's scores of short English texts, in their order."""
    return answer(request, response, SERVICE, "analyze-sentiment", body, wanted)


@router.post(
    "/analyze-tickers",
    summary="Figures of tickers",
    **answers(TickersOut, f"body.{_UNKNOWN}", "Figures over all records."),
)
def analyze_tickers(
    request: HttpRequest, response: HttpResponse, body: TickersIn, wanted: Query[Wanted]
) -> Any:
    """Mean sentiment, its deviation, engagement and shares of each ticker, over all its records."""
    return answer(request, response, SERVICE, "analyze-tickers", body, wanted)


@router.get(
    "/available-tickers",
    response=AvailableOut,
    summary="List tickers",
    openapi_extra=described({200: "The tickers that there are records of."}),
)
def available_tickers(request: HttpRequest) -> dict[str, Any]:
    """What the engagement data covers."""
    from ray_services.sentiment_analyzer import answers as found

    return found.available_tickers()


@router.get(
    "/load-sentiment-data",
    response=dict[str, Any],
    summary="What the data lacks",
    openapi_extra=described({200: "Records without sentiment or likes, and days left out."}),
)
def load_sentiment_data(request: HttpRequest) -> dict[str, Any]:
    """The report on missing data, for each ticker and together."""
    from ray_services.sentiment_analyzer import answers as found

    return found.missing_data()


@router.get(
    "/calculate-engagement/{ticker}",
    response=list[dict[str, Any]],
    summary="Engagement of a ticker",
    openapi_extra=described({200: "The mean of each month.", 404: _UNKNOWN}),
)
def calculate_engagement(request: HttpRequest, ticker: str) -> list[dict[str, Any]]:
    """Comments for each like, month by month, over the records that count."""
    from ray_services.sentiment_analyzer import answers as found

    with refusals("path", status=404):
        return found.engagement(ticker)


@router.get(
    "/select-top-stocks",
    response=list[dict[str, Any]],
    summary="The most engaging tickers",
    openapi_extra=described({200: "The first tickers of each month."}),
)
def select_top_stocks(
    request: HttpRequest, limit: Annotated[int, Field(ge=1, le=100)] = 10
) -> list[dict[str, Any]]:
    """The tickers of each month by their engagement, highest first."""
    from ray_services.sentiment_analyzer import answers as found

    with refusals("query"):
        return found.top_tickers(limit)


@router.get(
    "/portfolio-performance",
    response=PerformanceOut,
    summary="The engagement strategy",
    openapi_extra=described(
        {200: "What the strategy would have returned.", 422: "query.top: expected 1 to 100"}
    ),
)
def portfolio_performance(request: HttpRequest, query: Query[StrategyQuery]) -> dict[str, Any]:
    """The tickers with the highest engagement of each month, held over the next."""
    from ray_services.sentiment_analyzer import answers as found

    with refusals("query"):
        return found.performance(query)
