"""What comes in, checked by its type."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ray_services.common.bodies import Body, Data
from ray_services.garch_predictor.asset_bodies import (
    AssetsIn,
    Horizons,
    Last,
    ModelIn,
    RollingModelIn,
    Ticker,
)
from ray_services.garch_predictor.model_bodies import BacktestIn, OrdersIn, ScoresIn, ZooIn

ERRORS_COST = 2.5
"""How much longer a window takes with standard errors."""


class VolatilityIn(AssetsIn, ModelIn):
    """Whose volatility, and by which model over how many returns."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"window_size": 180, "assets": ["SPY"]}}
    )

    window_size: int = Field(180, ge=30, le=1_000)
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

    asset: Ticker = "SPY"
    data: Data = Field(None, description="SHA-256 of a data set of prices that has the asset.")
    window: int = Field(180, ge=2, le=5_000)


class RollingIn(AssetsIn, RollingModelIn):
    """Whose windows are fitted, by which model, and what is forecast from each."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"assets": ["SPY"], "q": 3, "horizons": [1, 5, 10, 22], "last": 400}
        },
    )

    horizons: Horizons = [1]
    errors: Literal["none", "hessian", "robust"] = Field(
        "none", description="Standard errors of each window's parameters."
    )
    last: Last = None

    def seconds(self) -> float:
        rows = self.most_rows(self.last)
        cost = 1.0 if self.errors == "none" else ERRORS_COST
        return self.fit_seconds(rows) * cost + rows * max(self.horizons, default=1) * 1e-7


class PremiumIn(AssetsIn, RollingModelIn):
    """Whose signal, and by which rule."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"assets": ["SPY"], "threshold": 1.5, "start": "2022-01-01"}},
    )

    variance_window: int = Field(
        180, ge=2, le=5_000, description="Returns of which the variance is taken."
    )
    deviation_window: int = Field(
        180, ge=2, le=5_000, description="Premiums of which the standard deviation is taken."
    )
    threshold: float = Field(1.5, gt=0, le=100, description="k, in standard deviations.")
    start: dt.date | None = Field(
        None, description="The day that the first window begins with; not for prices of your own."
    )

    def seconds(self) -> float:
        return self.fit_seconds(self.most_rows())


class PerformanceQuery(Body):
    """How much is measured."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"windows": 5}})

    windows: Annotated[int, Field(ge=1, le=60, description="Windows that both ways fit.")] = 20

    def seconds(self) -> float:
        return self.windows * 0.05


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "predict-volatility": (VolatilityIn, "volatility"),
    "load-market-data": (SummariesIn, "market_data"),
    "calculate-rolling-variance": (VarianceIn, "variance"),
    "fit-rolling": (RollingIn, "fit_rolling"),
    "premium-signal": (PremiumIn, "premium_rows"),
    "compare-orders": (OrdersIn, "compare_orders"),
    "backtest-value-at-risk": (BacktestIn, "backtest_risk"),
    "score-forecasts": (ScoresIn, "score_forecasts"),
    "fit-model": (ZooIn, "fit_model"),
    "performance-test": (PerformanceQuery, "performance_test"),
}
"""By their names: what comes in, and which of the answers it gets."""
