"""What comes in, checked by its type."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ray_services.common.bodies import Body
from ray_services.portfolio_manager.period_bodies import BesideIn, Level, PeriodIn, Weights
from ray_services.portfolio_manager.wish_bodies import ClusterIn, ManyIn, OptimiseIn, WalkIn

EXAMPLE: dict[str, Any] = {"tickers": ["AAPL", "MSFT"], "weights": {"AAPL": 0.4, "MSFT": 0.6}}
Method = Literal["historic", "parametric", "bootstrap", "gaussian"]


class MetricsIn(PeriodIn, BesideIn):
    """Which portfolio to measure."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    weights: Weights = None
    level: Level = 0.95


class RiskIn(PeriodIn):
    """Whose losses over some days, and how they are found."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {**EXAMPLE, "paths": 100_000, "seed": 1}}
    )

    weights: Weights = None
    level: Level = 0.95
    horizon: int = Field(10, ge=1, le=2_520, description="Days.")
    methods: list[Method] = Field(
        default=["historic", "parametric", "bootstrap", "gaussian"], min_length=1, max_length=4
    )
    paths: int = Field(1_000_000, ge=1, le=100_000_000, description="Of a simulation.")
    seed: int = Field(0, ge=0, lt=2**63)

    def seconds(self) -> float:
        drawn = {"bootstrap": self.horizon, "gaussian": 4}
        return sum(drawn.get(method, 0) for method in self.methods) * self.paths * 4e-9


class AllocateIn(PeriodIn):
    """What weights, for how much money."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {**EXAMPLE, "amount": 10_000}}
    )

    weights: Weights = None
    amount: float = Field(gt=0, le=1e15, description="Money, as the prices have it.")
    prices: dict[str, Annotated[float, Field(gt=0)]] | None = Field(
        None, description="Of a share, by ticker; the last closes of the period without them."
    )


class ComparisonQuery(Body):
    """How much is measured."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"portfolios": 3}})

    portfolios: Annotated[int, Field(ge=1, le=100, description="That both ways find.")] = 20
    assets: Annotated[int, Field(ge=2, le=100, description="Of each.")] = 50

    def seconds(self) -> float:
        return self.portfolios * 0.05


OPERATIONS: dict[str, tuple[type[Body], str]] = {
    "calculate-portfolio-metrics": (MetricsIn, "metrics"),
    "optimize-portfolio": (OptimiseIn, "optimum"),
    "optimize-many": (ManyIn, "many"),
    "simulate-risk": (RiskIn, "risk"),
    "backtest-portfolio": (WalkIn, "walked"),
    "cluster-strategy": (ClusterIn, "clustered"),
    "allocate-shares": (AllocateIn, "shares"),
    "performance-comparison": (ComparisonQuery, "comparison"),
}
"""By their names: what comes in, and which of the answers it gets."""
