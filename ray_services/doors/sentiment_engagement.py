"""Of `/sentiment-analyzer`: records of what people write about tickers, and the strategy that holds
what they engage with."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services import own_data
from ray_services.common.bodies import Data
from ray_services.data_sets import content_of
from ray_services.doors.answering import Wanted, WantedRows, answer, answers, owner_of
from ray_services.doors.refusals import refusals
from ray_services.sentiment_analyzer.bodies import StrategyIn, StrategyQuery, TickersIn

router = Router()

SERVICE = "sentiment-analyzer"

_UNKNOWN = "row 1, tickers: expected a ticker of the data, got 'TSLAA'. Did you mean TSLA?"
_NO_DATA = "query.data: there is no data set of yours with this SHA-256 of the kind engagement."
_SHA256 = Field(description="SHA-256 of the data set.")


class TickerOut(BaseModel):
    """Over all records of a ticker; sentiment is from -1 to 1, of the records that have one."""

    ticker: str
    avg_sentiment: float | None
    sentiment_volatility: float | None = Field(description="The sample deviation.")
    total_engagement: float = Field(description="Likes and comments.")
    total_posts: float
    total_impressions: float
    positive_ratio: float | None
    negative_ratio: float | None
    total_records: int
    rated_records: int = Field(description="Those that have a sentiment.")


class TickersOut(BaseModel):
    results: list[TickerOut]
    data: str = _SHA256
    processing_time: float = Field(description="Seconds.")


class AvailableOut(BaseModel):
    tickers: list[str]
    records: int
    first: dt.date
    last: dt.date
    data: str = _SHA256


class LackingOut(BaseModel):
    """What a ticker's records lack; its missing days are those on which only others have one."""

    ticker: str
    records: int
    without_sentiment: int
    without_likes: int = Field(description="0 likes, or not given.")
    first: dt.date
    last: dt.date
    missing_days: int
    longest_gap: int = Field(description="Days in a row.")
    gap_begins: dt.date | None


class LackingReportOut(BaseModel):
    records: int
    without_sentiment: int
    without_likes: int
    days: int = Field(description="On which any ticker has a record.")
    tickers: list[LackingOut]
    data: str = _SHA256


class EngagementOut(BaseModel):
    """A ticker's month; only records with more than 20 likes and 10 comments count."""

    start: dt.date
    comments_per_like: float = Field(description="The mean over the records.")
    records: int
    rank: float = Field(description="Among the tickers of the month, the highest 1.")
    of: int
    chosen: bool = Field(description="Whether the strategy holds it over the next month.")


class TopOut(BaseModel):
    ticker: str
    comments_per_like: float = Field(description="The mean over the records that count.")
    records: int


class HoldingOut(BaseModel):
    ticker: str
    mean: float = Field(description="Of the metric, over the period before.")
    weight: float


class PicksOut(BaseModel):
    """What is held over a period, best first."""

    period: dt.date = Field(description="The first day of the period whose records chose them.")
    held_from: dt.date
    held_to: dt.date
    holdings: list[HoldingOut]
    missing: list[str] = Field(description="Chosen, but without prices.")


class FiguresOut(BaseModel):
    """Returns are parts of 1; the Sharpe ratio is without a risk-free rate."""

    total_return: float
    annual_volatility: float | None = Field(description="Of 252 days.")
    sharpe: float | None = Field(description="Of a year; none where nothing varies.")
    max_drawdown: float = Field(description="The deepest fall from a peak, 0 or below.")
    share_of_days_up: float


class SummaryOut(BaseModel):
    start: dt.date
    end: dt.date
    days: int
    periods: int
    missing_prices: list[str]
    strategy: FiguresOut
    benchmark: FiguresOut | None


class SourcesOut(BaseModel):
    """SHA-256 of the data sets."""

    records: str
    prices: str


class PerformanceOut(BaseModel):
    summary: SummaryOut
    picks: list[PicksOut]
    days: list[dt.date]
    cumulative: list[float] = Field(description="Returns since the first day.")
    benchmark_cumulative: list[float] | None
    data: SourcesOut


class DayOut(BaseModel):
    """Returns of a day and since the first, parts of 1; none of a benchmark that there is not, or
    that has no price."""

    day: dt.date
    daily_return: float
    cumulative: float
    benchmark_return: float | None
    benchmark_cumulative: float | None


class StrategyOut(BaseModel):
    days: list[DayOut]
    summary: SummaryOut
    picks: list[PicksOut]
    data: SourcesOut


@contextmanager
def _asked(request: HttpRequest) -> Iterator[None]:
    """What a query asks for is computed here, of the caller's data sets or ours."""
    with refusals("query"), own_data.fetched_by(partial(content_of, owner_of(request))):
        yield


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
    openapi_extra=described({200: "The tickers that there are records of.", 422: _NO_DATA}),
)
def available_tickers(request: HttpRequest, data: Data = None) -> dict[str, Any]:
    """What the engagement data covers."""
    from ray_services.sentiment_analyzer import record_answers

    with _asked(request):
        return record_answers.available_tickers(data)


@router.get(
    "/load-sentiment-data",
    response=LackingReportOut,
    summary="What the data lacks",
    openapi_extra=described(
        {200: "Records without sentiment or likes, and days left out.", 422: _NO_DATA}
    ),
)
def load_sentiment_data(request: HttpRequest, data: Data = None) -> dict[str, Any]:
    """The report on missing data, for each ticker and together."""
    from ray_services.sentiment_analyzer import record_answers

    with _asked(request):
        return record_answers.missing_data(data)


@router.get(
    "/calculate-engagement/{ticker}",
    response=list[EngagementOut],
    summary="Engagement of a ticker",
    openapi_extra=described({200: "The mean of each month.", 404: _UNKNOWN, 422: _NO_DATA}),
)
def calculate_engagement(
    request: HttpRequest, ticker: str, data: Data = None
) -> list[dict[str, Any]]:
    """Comments for each like, month by month, over the records that count."""
    from ray_services.sentiment_analyzer import record_answers

    with _asked(request):
        records = own_data.records(data)
        with refusals("path", status=404):
            records.code_of(ticker)
        return record_answers.engagement(ticker, data)


@router.get(
    "/select-top-stocks",
    response=list[TopOut],
    summary="The most engaging tickers",
    openapi_extra=described({200: "Highest first.", 422: _NO_DATA}),
)
def select_top_stocks(
    request: HttpRequest, limit: Annotated[int, Field(ge=1, le=100)] = 10, data: Data = None
) -> list[dict[str, Any]]:
    """The tickers with the most comments for each like, over all records that count."""
    from ray_services.sentiment_analyzer import record_answers

    with _asked(request):
        return record_answers.top_tickers(limit, data)


@router.get(
    "/portfolio-performance",
    response=PerformanceOut,
    summary="The engagement strategy, in short",
    openapi_extra=described(
        {200: "What the strategy would have returned.", 422: "query.top: expected 1 to 100"}
    ),
)
def portfolio_performance(request: HttpRequest, query: Query[StrategyQuery]) -> dict[str, Any]:
    """The tickers with the highest engagement of each month, held over the next: the strategy of
    `/run-engagement-strategy` by months, of our own data."""
    from ray_services.sentiment_analyzer import record_answers

    with refusals("query"):
        return record_answers.performance(query)


@router.post(
    "/run-engagement-strategy",
    summary="The engagement strategy",
    **answers(
        StrategyOut,
        "body.benchmark: row 1: expected a ticker of the data, got 'QQQQ'. Did you mean QQQ?",
        "Returns day by day, what was held, and a summary.",
    ),
)
def run_engagement_strategy(
    request: HttpRequest, response: HttpResponse, body: StrategyIn, wanted: Query[WantedRows]
) -> Any:
    """The tickers with the highest metric of each period, held over the next, beside a
    benchmark."""
    return answer(request, response, SERVICE, "run-engagement-strategy", body, wanted)
