"""What comes in, checked by its type."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ray_services.common.bodies import Body, Data

MOST_TEXTS = 20_000
LONGEST_TEXT = 10_000
_SOME_TICKERS = Field(min_length=1, max_length=500)


class TextsIn(Body):
    """Texts to score, and by what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"texts": ["$TSLA looks great!", "Awful quarter for $F"]}},
    )

    texts: list[Annotated[str, Field(max_length=LONGEST_TEXT)]] = Field(
        default_factory=list, max_length=MOST_TEXTS, description="More: as a data set."
    )
    data: Data = Field(None, description="SHA-256 of a data set of texts, instead of texts.")
    finance: bool = Field(False, description="Words of finance, beside the published lexicon.")
    lexicon: dict[str, float] = Field(
        default_factory=dict, max_length=1_000, description="Words of your own, from -4 to 4."
    )
    positive: float = Field(0.05, description="From this score on a text is positive.")
    negative: float = Field(-0.05, description="Up to this score a text is negative.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.texts) == (self.data is not None):
            raise ValueError("texts: expected some, or data instead; give one of the two")
        return self

    def seconds(self) -> float:
        return 3.0 if self.data else len(self.texts) / 50_000


class TickersIn(Body):
    """Tickers of the data, and from which sentiment on a record is positive or negative."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"tickers": ["TSLA", "AAPL"]}}
    )

    tickers: list[str] = _SOME_TICKERS
    data: Data = None
    positive: float = 0.1
    negative: float = -0.1


class StrategyQuery(BaseModel):
    """How the strategy chooses and holds."""

    top: int = Field(5, ge=1, le=100, description="Tickers held.")
    min_likes: float = Field(20, ge=0)
    min_comments: float = Field(10, ge=0)
    weighting: Literal["equal", "metric", "rank"] = "equal"
    returns: Literal["log", "simple"] = "log"
    benchmark: str | None = "QQQ"
    start: dt.date | None = None
    end: dt.date | None = None


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "analyze-sentiment": (TextsIn, "sentiments"),
    "analyze-tickers": (TickersIn, "ticker_figures"),
}
"""By their names: what comes in, and which of the answers it gets."""
