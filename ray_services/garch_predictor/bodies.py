"""What comes in, checked by its type."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ray_services.common.bodies import Body, Data

MOST_ASSETS = 20
MOST_PRICES = 5_000
Prices = Annotated[list[float], Field(max_length=MOST_PRICES)]


class AssetsIn(Body):
    """Assets of the data, by their tickers, or prices of your own."""

    assets: list[str] = Field(default_factory=lambda: ["SPY"], max_length=MOST_ASSETS)
    prices: dict[str, Prices] = Field(
        default_factory=dict,
        max_length=MOST_ASSETS,
        description="Closing prices of your own assets, oldest first, by any name.",
    )
    data: Data = Field(None, description="SHA-256 of a data set of prices that has the assets.")


class VolatilityIn(AssetsIn):
    """Whose volatility, and by which model over how many returns."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"window_size": 180, "assets": ["SPY"]}}
    )

    window_size: int = Field(180, ge=30, le=1_000)
    p: int = Field(1, ge=0, le=4)
    o: int = Field(0, ge=0, le=4)
    q: int = Field(3, ge=0, le=4)
    distribution: Literal["normal", "t"] = "normal"
    threshold: float = Field(1.5, gt=0, le=100)
    past: int = Field(252, ge=20, le=500, description="Predictions to compare today's with.")

    def seconds(self) -> float:
        return (len(self.assets) + len(self.prices)) * self.past * self.window_size / 500_000


class SummariesIn(AssetsIn):
    """Whose returns, and in chunks of how many rows."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"assets": ["SPY"], "rows_each": 500}}
    )

    rows_each: int = Field(500, ge=0, le=1_000_000, description="Of a chunk; 0: all in one.")


class VarianceIn(Body):
    """Whose returns, and over how many days."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"asset": "SPY", "window": 180}}
    )

    asset: str = "SPY"
    data: Data = Field(None, description="SHA-256 of a data set of prices that has the asset.")
    window: int = Field(180, ge=2, le=5_000)


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "predict-volatility": (VolatilityIn, "volatility"),
    "load-market-data": (SummariesIn, "market_data"),
    "calculate-rolling-variance": (VarianceIn, "variance"),
}
"""By their names: what comes in, and which of the answers it gets."""
