"""`/sentiment-analyzer`: scores of texts, how they come about, and what is felt about tickers."""

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from django_ray_runtime.rest.problems import described
from ray_services.doors import sentiment_engagement
from ray_services.doors.answering import WantedRows, answer, answers
from ray_services.doors.refusals import refusals
from ray_services.sentiment_analyzer.bodies import ExplainIn, PeriodsIn, SpeedIn, TextsIn

router = Router()
router.add_router("", sentiment_engagement.router)

SERVICE = "sentiment-analyzer"


class ScoresOut(BaseModel):
    """A text's scores: `score` is VADER's compound, from -1 to 1."""

    sentiment: Literal["positive", "neutral", "negative"]
    score: float
    confidence: float
    positive: float
    neutral: float
    negative: float
    scored_words: int


class TextOut(ScoresOut):
    text: str


class TextsOut(BaseModel):
    results: list[TextOut]
    summary: dict[str, float | int | None]
    data: str | None = Field(description="SHA-256 of the data set, where one was named.")
    processing_time: float = Field(description="Seconds.")


class StepOut(BaseModel):
    rule: str
    before: float
    after: float


class WordOut(BaseModel):
    """A word as it was found, and what it adds to the sum."""

    text: str
    word: str
    valence: float | None = Field(description="In the lexicon, from -4 to 4; none: not known.")
    steps: list[StepOut] = Field(description="The rules that changed it, in their order.")
    sentiment: float = Field(description="After all rules.")
    degree: bool = Field(description="Whether it strengthens or weakens others.")
    capitals: bool = Field(description="Whether it is written in capitals that count.")


class ExplanationOut(TextOut):
    sum: float = Field(description="Of all words, before it is brought to -1 to 1.")
    emphasis: float = Field(description="Of exclamation and question marks.")
    words: list[WordOut]


class ExplanationsOut(BaseModel):
    results: list[ExplanationOut]
    processing_time: float = Field(description="Seconds.")


class PeriodOut(BaseModel):
    """What is felt about a ticker in a period, by the compounds of the texts that mention it."""

    ticker: str
    start: dt.date
    texts: int
    mean: float
    deviation: float | None = Field(description="The sample deviation; none of a single text.")
    positive_share: float
    negative_share: float


class MentionedOut(BaseModel):
    ticker: str
    texts: int


class PeriodsOut(BaseModel):
    results: list[PeriodOut]
    summary: dict[str, int]
    most_mentioned: list[MentionedOut] = Field(description="Up to 100.")
    scores: dict[str, float | int | None] = Field(description="Of all texts together.")
    data: str | None
    processing_time: float = Field(description="Seconds.")


class SpeedOut(BaseModel):
    """The plain loop over vaderSentiment beside ours, on one core, in seconds."""

    texts: int
    characters: int
    differing_texts: int = Field(description="Whose compounds differ in the fourth decimal.")
    serial_seconds: float
    seconds: float
    serial_texts_per_second: float
    texts_per_second: float
    speed_up: float | None = Field(description="None where a text differs.")
    parallel: dict[str, Any] | None = Field(description="Ours over other processes.")
    parallel_reason: str | None = Field(description="Why there is no `parallel`.")
    data: str


@router.post(
    "/analyze-sentiment",
    summary="Score texts",
    **answers(TextsOut, "body.texts: expected up to 20,000 texts", "Each text's scores."),
)
def analyze_sentiment(
    request: HttpRequest, response: HttpResponse, body: TextsIn, wanted: Query[WantedRows]
) -> Any:
    """VADER's scores of short English texts, in their order."""
    return answer(request, response, SERVICE, "analyze-sentiment", body, wanted)


@router.post(
    "/explain-sentiment",
    summary="Explain scores",
    **answers(
        ExplanationsOut,
        "body.texts: expected up to 50,000 characters together, got 60,000; explain fewer",
        "Each text's words, and the rules that changed them.",
    ),
)
def explain_sentiment(
    request: HttpRequest, response: HttpResponse, body: ExplainIn, wanted: Query[WantedRows]
) -> Any:
    """How each text's score comes about, word by word."""
    return answer(request, response, SERVICE, "explain-sentiment", body, wanted)


@router.post(
    "/sentiment-by-period",
    summary="What is felt about tickers",
    **answers(
        PeriodsOut,
        "body.data: the data set's texts have no dates. Upload texts with a column `date`.",
        "A row for each ticker and period.",
    ),
)
def sentiment_by_period(
    request: HttpRequest, response: HttpResponse, body: PeriodsIn, wanted: Query[WantedRows]
) -> Any:
    """Cashtags such as $TSLA found in dated texts, and the texts' scores by ticker and period."""
    return answer(request, response, SERVICE, "sentiment-by-period", body, wanted)


@router.get(
    "/performance-test",
    response=SpeedOut,
    summary="How fast texts are scored",
    openapi_extra=described(
        {
            200: "Both ways over the same texts, compared before they are timed.",
            422: "query.texts: Input should be less than or equal to 10000",
            501: "Comparing needs the package vaderSentiment: pip install vaderSentiment",
        }
    ),
)
def performance_test(request: HttpRequest, query: Query[SpeedIn]) -> dict[str, Any]:
    """Measured here and now: the plain loop over vaderSentiment, and ours. In a process that is
    connected to Ray, ours over the cluster too."""
    from django_ray_runtime.distributed import is_ray_available, parallel_map
    from ray_services.sentiment_analyzer import answers as found

    with refusals("query"):
        return found.performance_test(query, parallel_map if is_ray_available() else None)
