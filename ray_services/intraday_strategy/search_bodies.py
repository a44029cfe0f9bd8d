"""What comes in where many sets of parameters are tried."""

import datetime as dt
from decimal import Decimal
from math import prod
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from ray_services.intraday_strategy.period_bodies import Metric, Name, Number, PeriodIn

MOST_VALUES = 10_000
SECONDS = {
    "rsi_bollinger": 0.0001,
    "momentum": 0.002,
    "mean_reversion": 0.0012,
    "breakout": 0.004,
    "volatility": 0.0015,
}
"""About how long a set takes over our own bars."""
DAYS = 720
"""About how many those have."""


class Steps(BaseModel):
    """Values from one to another, both included where a step meets it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: Number = Field(alias="from")
    last: Number = Field(alias="to")
    step: Annotated[int | float, Field(gt=0, le=1e9)]

    def count(self) -> int:
        """How many values there are."""
        if self.last < self.first:
            return 0
        return int((_exact(self.last) - _exact(self.first)) / _exact(self.step)) + 1

    def values(self) -> list[int | float]:
        """Whole numbers where all three are; else as decimal notation has them, such as 0.3."""
        first, step = _exact(self.first), _exact(self.step)
        whole = all(isinstance(one, int) for one in (self.first, self.last, self.step))
        found = (first + place * step for place in range(self.count()))
        return [int(one) if whole else float(one) for one in found]


Axis = Annotated[list[Number], Field(max_length=MOST_VALUES)] | Steps | Number


class GridIn(PeriodIn):
    """Which sets of parameters to try."""

    strategy: Name
    grid: Annotated[
        dict[Annotated[str, Field(max_length=40)], Axis],
        Field(
            max_length=10,
            description="Of each parameter the values: a list, {from, to, step} or a single one. "
            "Parameters that are not named have their defaults. Up to 100,000 combinations.",
        ),
    ]
    metric: Metric = Field("sharpe", description="What the best set is best by: highest.")

    def count(self) -> int:
        """Combinations."""
        return prod(_count(axis) for axis in self.grid.values())

    def seconds(self) -> float:
        each = SECONDS[self.strategy]
        return self.count() * each + self.signal_seconds({self.strategy})


class HeatMapIn(BaseModel):
    """A metric over two parameters of the grid."""

    model_config = ConfigDict(extra="forbid")

    x: Annotated[str, Field(max_length=40)]
    y: Annotated[str, Field(max_length=40)]
    of: Literal["max", "mean"] = Field("max", description="Of sets that share both values.")
    metric: Metric | None = Field(None, description="That of the search, unless given.")


class SweepIn(GridIn):
    """What to try, and what to tell of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "strategy": "rsi_bollinger",
                "grid": {"rsi_window": [10, 20], "rsi_high": {"from": 65, "to": 75, "step": 5}},
                "top": 3,
                "heat_map": {"x": "rsi_window", "y": "rsi_high"},
            }
        },
    )

    top: int = Field(10, ge=1, le=1_000, description="How many of the best to tell.")
    heat_map: HeatMapIn | None = None
    rows: bool = Field(False, description="All sets as rows, in the order of the grid.")


class OutOfSampleIn(GridIn):
    """What to try, and where the period is split."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "strategy": "rsi_bollinger",
                "grid": {"rsi_window": [10, 20], "rsi_high": [65, 70, 75]},
                "train_share": 0.7,
            }
        },
    )

    test_from: dt.date | None = Field(None, description="The first day of the test.")
    train_share: float | None = Field(
        None, gt=0, lt=1,
        description="Of the days, instead: what the set is chosen on. 0.7 unless one is given.",
    )  # fmt: skip

    @field_validator("train_share")
    @classmethod
    def _one_border(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("test_from") is not None:
            raise ValueError("expected test_from or train_share; give one of the two")
        return value


class WalkForwardIn(GridIn):
    """What to try, and over which periods."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "strategy": "rsi_bollinger",
                "grid": {"rsi_window": [10, 20], "rsi_high": [65, 70, 75]},
                "train_days": 180,
                "test_days": 60,
            }
        },
    )

    train_days: int = Field(180, ge=2, le=10_000, description="Days with bars to choose on.")
    test_days: int = Field(30, ge=1, le=10_000, description="Days to test on, after those.")
    step_days: int | None = Field(
        None, ge=1, le=10_000,
        description="Days to go on by: test_days unless given, and never fewer.",
    )  # fmt: skip
    anchored: bool = Field(False, description="Every training period begins at the start.")

    @field_validator("step_days")
    @classmethod
    def _no_day_twice(cls, value: int | None, info: ValidationInfo) -> int | None:
        tested = info.data.get("test_days")
        if value is not None and tested is not None and value < tested:
            raise ValueError(
                f"expected at least test_days, {tested}, so that no day is tested twice; got "
                f"{value}"
            )
        return value

    def seconds(self) -> float:
        folds = max(1, (DAYS - self.train_days) // (self.step_days or self.test_days))
        each = 1 + folds * (0.5 if self.anchored else min(1.0, self.train_days / DAYS))
        return super().seconds() * each


def _count(axis: Any) -> int:
    if isinstance(axis, Steps):
        return axis.count()
    return len(axis) if isinstance(axis, list) else 1


def _exact(value: float) -> Decimal:
    """What its notation says: 0.1 as a tenth."""
    return Decimal(str(value))
