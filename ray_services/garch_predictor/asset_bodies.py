"""What requests have in common: whose prices, and by which model."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from ray_services.common.bodies import Body, Data

MOST_ASSETS = 20
MOST_PRICES = 5_000
DAILY = "daily"
"""What the asset of a data set of days is called."""
OWN_ROWS, LONGEST = 2_100, 3_300
"""About as many prices as tickers of our own data have, and as SIM has."""

Ticker = Annotated[str, Field(max_length=50)]
Prices = Annotated[list[float], Field(max_length=MOST_PRICES)]
Lags = Annotated[int, Field(ge=0, le=4)]
Horizons = Annotated[
    list[Annotated[int, Field(ge=1, le=250)]],
    Field(max_length=20, description="Days ahead, ascending."),
]
Level = Annotated[
    float, Field(gt=0, lt=0.5, description="The chance of a loss above the value at risk.")
]
Last = Annotated[
    int | None,
    Field(ge=2, le=1_000_000, description="So many of the latest prices; without it, all."),
]
DailyData = Annotated[
    Data, Field(description='SHA-256 of a data set of kind daily: its asset is called "daily".')
]


def rows_of_asset(name: str, uploaded: str | None) -> int:
    """About as many prices as an asset has."""
    if uploaded:
        return MOST_PRICES
    return LONGEST if name.strip().upper() == "SIM" else OWN_ROWS


class AssetsIn(Body):
    """Assets of the data, by their tickers, or prices of your own."""

    assets: list[Ticker] = Field(default_factory=lambda: ["SPY"], max_length=MOST_ASSETS)
    prices: dict[Ticker, Prices] = Field(
        default_factory=dict,
        max_length=MOST_ASSETS,
        description="Closing prices of your own assets, oldest first, by any name.",
    )
    data: Data = Field(None, description="SHA-256 of a data set of prices that has the assets.")
    daily: DailyData = None

    @model_validator(mode="after")
    def _daily_is_asked_for(self) -> Self:
        if self.daily is not None:
            if "assets" not in self.model_fields_set:
                self.assets = [DAILY]
            if DAILY not in self.assets:
                raise ValueError(f'daily: expected "{DAILY}" among the assets; name it there')
        return self

    def most_rows(self, last: int | None = None) -> int:
        """About as many prices as all assets have together."""
        own = [len(prices) for prices in self.prices.values()]
        own += [rows_of_asset(name, self.data or self.daily) for name in self.assets]
        return sum(min(rows, last or rows) for rows in own)


class AssetIn(Body):
    """One asset of the data, or prices of your own."""

    asset: Ticker = "SPY"
    prices: Prices | None = Field(
        None, description="Closing prices of your own, oldest first, instead of an asset's."
    )
    data: Data = Field(None, description="SHA-256 of a data set of prices that has the asset.")
    daily: DailyData = None
    last: Last = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("prices", "data", "daily") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{given[1]}: expected nothing beside {given[0]}; give one of them")
        if self.daily is not None:
            if "asset" not in self.model_fields_set:
                self.asset = DAILY
            if self.asset != DAILY:
                raise ValueError(f'daily: expected "{DAILY}" as the asset; name it there')
        return self

    def most_rows(self) -> int:
        """About as many prices as there are, or more."""
        if self.prices is not None:
            rows = len(self.prices)
        else:
            rows = rows_of_asset(self.asset, self.data or self.daily)
        return min(rows, self.last or rows)


class ModelIn(BaseModel):
    """GARCH(p, o, q)."""

    p: Lags = Field(default=1, description="Lags of squared errors.")
    o: Lags = Field(default=0, description="Lags of squared errors below zero alone (GJR).")
    q: Lags = Field(default=3, description="Lags of the variance.")
    mean: Literal["constant", "zero"] = "constant"
    distribution: Literal["normal", "t"] = "normal"

    def parameters(self) -> int:
        """How many are estimated."""
        return 1 + self.p + self.o + self.q + (self.mean != "zero") + (self.distribution == "t")


class RollingModelIn(ModelIn):
    """A model, and the windows that it is estimated from."""

    window_size: int = Field(
        default=180, ge=30, le=1_000, description="Returns from which a model is estimated."
    )
    every: int = Field(
        default=1, ge=1, le=1_000, description="Windows after which it is estimated anew."
    )

    def fit_seconds(self, rows: int) -> float:
        """About how long one core takes for all windows of so many prices."""
        return rows * self.window_size * (4e-7 * self.parameters() / self.every + 4e-9)
