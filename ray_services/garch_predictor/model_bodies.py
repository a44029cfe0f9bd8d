"""What comes in where models are chosen, tested and compared on one asset."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ray_services.garch_predictor.asset_bodies import (
    AssetIn,
    Horizons,
    Lags,
    Level,
    RollingModelIn,
)

Choices = Annotated[
    Lags | Annotated[list[Lags], Field(max_length=5)],
    Field(description="The most lags, from 0 on, or those to choose from."),
]
Several = Annotated[
    Annotated[int, Field(ge=0, le=4)]
    | Annotated[list[Annotated[int, Field(ge=1, le=252)]], Field(min_length=1, max_length=10)],
    Field(description="A number of lags, or of HARCH and HAR the lengths of averages."),
]


class OrdersIn(AssetIn):
    """Whose returns, and which models they choose from."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"asset": "SPY", "p": 2, "o": 1, "q": 2, "criterion": "bic"}},
    )

    p: Choices = [1, 2]
    o: Choices = [0, 1]
    q: Choices = [0, 1, 2]
    distributions: list[Literal["normal", "t"]] = Field(["normal", "t"], max_length=2)
    mean: Literal["constant", "zero"] = "constant"
    criterion: Literal["aic", "bic"] = "bic"

    def seconds(self) -> float:
        models = len(self.distributions)
        for lags in (self.p, self.o, self.q):
            models *= len(lags) if isinstance(lags, list) else lags + 1
        return models * self.most_rows() * 3e-6


class BacktestIn(AssetIn, RollingModelIn):
    """Whose losses, and the model that says which are exceeded how often."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"asset": "SPY", "distribution": "t", "q": 1, "level": 0.05, "every": 5}
        },
    )

    level: Level = 0.05

    def seconds(self) -> float:
        return self.fit_seconds(self.most_rows())


class ForecasterIn(RollingModelIn):
    """A model that forecasts the variance of the day after each of its windows."""

    model_config = ConfigDict(extra="forbid")


class ScoresIn(AssetIn):
    """Whose variance was forecast, by which models, and beside which proxy they are scored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "asset": "SPY",
                "models": [{"q": 1, "every": 5}, {"o": 1, "q": 1, "every": 5}],
                "averages": [22],
                "proxy": "parkinson",
            }
        },
    )

    models: list[ForecasterIn] = Field(
        default_factory=lambda: [ForecasterIn(), ForecasterIn(q=1)], min_length=1, max_length=8
    )
    averages: list[Annotated[int, Field(ge=2, le=1_000)]] = Field(
        default_factory=list,
        max_length=5,
        description="Windows whose own variance is a forecast as well.",
    )
    proxy: Literal["squares", "parkinson", "garman-klass"] = Field(
        "squares",
        description="Squared returns, or by the range of the day, of prices with high and low "
        "(and open and close).",
    )

    def seconds(self) -> float:
        return sum(model.fit_seconds(self.most_rows()) for model in self.models)


class ZooIn(AssetIn):
    """A model that the package arch fits."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"asset": "SPY", "volatility": "EGARCH", "horizons": [1, 5], "seed": 7}
        },
    )

    volatility: Literal["GARCH", "ARCH", "EGARCH", "TARCH", "APARCH", "FIGARCH", "HARCH"] = "EGARCH"
    p: Several = 1
    o: Lags | None = Field(
        None, description="1 of EGARCH, TARCH and APARCH, 0 of GARCH; others have none."
    )
    q: Lags | None = Field(None, description="1, but of ARCH and HARCH, which have none.")
    power: float | None = Field(
        None, gt=0, lt=10, description="Of the errors, of GARCH and FIGARCH: 2."
    )
    mean: Literal["Constant", "Zero", "AR", "HAR"] = "Constant"
    lags: Several = 0
    distribution: Literal["normal", "t", "skewt", "ged"] = "normal"
    horizons: Horizons = [1, 5, 10, 22]
    method: Literal["auto", "analytic", "simulation", "bootstrap"] = Field(
        "auto", description="Of forecasts; auto is by a formula where there is one, else simulated."
    )
    simulations: int = Field(
        1_000, ge=1, le=10_000, description="Paths, where there is no formula."
    )
    seed: int = Field(0, ge=0, le=2**32 - 1)

    def seconds(self) -> float:
        lags = (self.p if isinstance(self.p, int) else 3) + (self.o or 1) + (self.q or 1)
        slow = 4 if self.volatility in ("APARCH", "FIGARCH") else 1
        return 0.05 + slow * lags * self.most_rows() * 1.5e-5 + self.simulations * 1e-5
