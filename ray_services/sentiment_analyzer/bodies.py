"""What comes in, checked by its type."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ray_services.common.bodies import Body, Data, Sha256

MOST_TEXTS = 20_000
LONGEST_TEXT = 10_000
MOST_EXPLAINED = 200
MOST_EXPLAINED_CHARACTERS = 50_000
TEXTS_A_SECOND = 50_000  # what a slow core scores, with the work around it
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Ticker = Annotated[str, Field(min_length=1, max_length=20)]
Score = Annotated[float, Field(ge=-1, le=1)]


class WordsIn(Body):
    """By what texts are scored."""

    finance: bool = Field(False, description="Words of finance, beside the published lexicon.")
    lexicon: dict[Annotated[str, Field(max_length=100)], Annotated[float, Field(ge=-4, le=4)]] = (
        Field(
            default_factory=dict, max_length=1_000, description="Words of your own, from -4 to 4."
        )
    )
    positive: Score = Field(0.05, description="From this score on a text is positive.")
    negative: Score = Field(-0.05, description="Up to this score a text is negative.")


class TextsIn(WordsIn):
    """Texts to score, and by what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"texts": ["$TSLA looks great!", "Awful quarter for $F"]}},
    )

    texts: list[Text] = Field(
        default_factory=list, max_length=MOST_TEXTS, description="More: as a data set."
    )
    data: Data = Field(None, description="SHA-256 of a data set of texts, instead of texts.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.texts) == (self.data is not None):
            raise ValueError("texts: expected some, or data instead; give one of the two")
        return self

    def seconds(self) -> float:
        return 3.0 if self.data else len(self.texts) / TEXTS_A_SECOND


class ExplainIn(WordsIn):
    """Texts whose scores are to be explained, and by what they are scored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"texts": ["The margin is not very GOOD, but fine :)"]}},
    )

    texts: list[Text] = Field(
        min_length=1,
        max_length=MOST_EXPLAINED,
        description=f"Up to {MOST_EXPLAINED_CHARACTERS:,} characters together.",
    )

    @model_validator(mode="after")
    def _not_too_long(self) -> Self:
        characters = sum(map(len, self.texts))
        if characters > MOST_EXPLAINED_CHARACTERS:
            raise ValueError(
                f"texts: expected up to {MOST_EXPLAINED_CHARACTERS:,} characters together, got "
                f"{characters:,}; explain fewer at a time"
            )
        return self

    def seconds(self) -> float:
        return len(self.texts) / 2_000


class DatedText(BaseModel):
    """A text and its day."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    date: dt.date


class PeriodsIn(WordsIn):
    """Dated texts, whose tickers count, and how they are put together."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "texts": [
                    {"text": "$TSLA looks great!", "date": "2022-03-01"},
                    {"text": "Awful quarter for $F and $TSLA", "date": "2022-03-02"},
                ],
                "period": "month",
            }
        },
    )

    texts: list[DatedText] = Field(
        default_factory=list, max_length=MOST_TEXTS, description="More: as a data set."
    )
    data: Data = Field(
        None, description="SHA-256 of a data set of texts with dates, instead of texts."
    )
    period: Literal["day", "week", "month", "quarter"] = Field(
        "day", description="Weeks begin on Mondays."
    )
    tickers: list[Ticker] | None = Field(
        None,
        min_length=1,
        max_length=10_000,
        description="Only these count; without them whatever looks like a cashtag does.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.texts) == (self.data is not None):
            raise ValueError("texts: expected some, or data instead; give one of the two")
        return self

    def seconds(self) -> float:
        return 3.0 if self.data else len(self.texts) / TEXTS_A_SECOND


class SpeedIn(Body):
    """How many texts are scored both ways."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"texts": 1_000}})

    texts: int = Field(2_000, ge=100, le=10_000, description="The first ones of our data set.")

    def seconds(self) -> float:
        return self.texts / 10_000


class TickersIn(Body):
    """Tickers of the data, and from which sentiment on a record is positive or negative."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"tickers": ["TSLA", "AAPL"]}}
    )

    tickers: list[Ticker] = Field(min_length=1, max_length=500)
    data: Data = Field(None, description="SHA-256 of a data set of engagement.")
    positive: Score = Field(0.1, description="Above it a record is positive.")
    negative: Score = Field(-0.1, description="Below it a record is negative.")


class StrategyQuery(BaseModel):
    """How the strategy chooses and holds, in short."""

    top: int = Field(5, ge=1, le=100, description="Tickers held.")
    min_likes: float = Field(20, ge=0, le=1e15, description="Records with more likes count.")
    min_comments: float = Field(10, ge=0, le=1e15, description="Records with more comments count.")
    weighting: Literal["equal", "metric", "rank"] = Field(
        "equal", description="By the metric's mean, or n parts for the first of n, one for the last"
    )
    returns: Literal["log", "simple"] = Field(
        "log", description="Log: as it is usually published. Simple: what a portfolio earns."
    )
    benchmark: Ticker | None = Field("QQQ", description="A ticker of the prices, or none.")
    start: dt.date | None = Field(None, description="The first day of the result.")
    end: dt.date | None = Field(None, description="The last day of the result.")


class StrategyIn(StrategyQuery, Body):
    """How the strategy chooses and holds, and on what data."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"metric": "comments_per_like", "top": 5, "period": "month"}},
    )

    metric: Literal[
        "comments_per_like",
        "comments_per_post",
        "likes_per_impression",
        "posts",
        "comments",
        "likes",
        "impressions",
        "sentiment",
    ] = Field("comments_per_like", description="Its mean over a period ranks the tickers.")
    period: Literal["week", "month", "quarter"] = Field(
        "month", description="Tickers chosen on the records of one are held over the next."
    )
    data: Data = Field(None, description="SHA-256 of a data set of engagement; without it, ours.")
    prices: Sha256 | None = Field(
        None, description="SHA-256 of a data set of prices; without it, ours."
    )

    def seconds(self) -> float:
        return 0.1


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "analyze-sentiment": (TextsIn, "sentiments"),
    "explain-sentiment": (ExplainIn, "explanations"),
    "sentiment-by-period": (PeriodsIn, "sentiment_by_period"),
    "performance-test": (SpeedIn, "performance_test"),
    "analyze-tickers": (TickersIn, "ticker_figures"),
    "run-engagement-strategy": (StrategyIn, "engagement_strategy"),
}
"""By their names: what comes in, and which of the answers it gets."""
