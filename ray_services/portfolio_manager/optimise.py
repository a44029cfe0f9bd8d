"""From past returns to a portfolio: one wish, or many that are independent of each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager.constrained import Task, optimise_with_solver, tolerating
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.estimates import EstimateRules, Moments, estimate_checked
from ray_services.portfolio_manager.frontier import max_sharpe, trace
from ray_services.portfolio_manager.hierarchy import hierarchical_risk_parity
from ray_services.portfolio_manager.inputs import number_in, returns_of
from ray_services.portfolio_manager.limits import Limits, bounds_of

type Floats = NDArray[np.float64]
type Goal = Literal[
    "max_sharpe",
    "min_volatility",
    "target_return",
    "target_risk",
    "risk_tolerance",
    "min_cvar",
    "hrp",
]

GOALS: tuple[Goal, ...] = (
    "max_sharpe", "min_volatility", "target_return", "target_risk", "risk_tolerance", "min_cvar",
    "hrp",
)  # fmt: skip
NEED_TARGET = {"target_return", "target_risk", "risk_tolerance"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a portfolio is to be.

    `target` is a return or a volatility a year, or a tolerance from 0 to 1, as the goal has it
    (with min_cvar the least mean return, or None); `risk_free` a rate a year; `level` that of the
    expected shortfall.
    """

    goal: Goal = "max_sharpe"
    target: float | None = None
    risk_free: float = 0.0
    level: float = 0.95
    limits: Limits = field(default_factory=Limits)
    estimates: EstimateRules = field(default_factory=EstimateRules)

    def __post_init__(self) -> None:
        if self.goal not in GOALS:
            raise BadInput(f"expected one of {', '.join(GOALS)}, got {self.goal!r}.", field="goal")
        if self.target is None and self.goal in NEED_TARGET:
            raise BadInput(f"{self.goal} needs a number.", field="target")
        if self.target is not None:
            if self.goal not in {*NEED_TARGET, "min_cvar"}:
                raise BadInput(f"{self.goal} has none; leave it out.", field="target")
            number_in(self.target, "target", -np.inf, np.inf)
            if self.goal == "risk_tolerance":
                number_in(self.target, "risk_tolerance", 0, 1, open_ends=False)
        number_in(self.risk_free, "risk_free", -1, np.inf)
        number_in(self.level, "level", 0.5, 1)
        if self.goal == "hrp" and self.limits != Limits():
            raise BadInput("hrp takes no bounds or other limits.", field="goal",
                           remedy="Leave them out, or choose another goal.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Weights (n,) and what is expected of them a year, by the moments that were estimated."""

    names: tuple[str, ...]
    weights: Floats
    goal: str
    method: str
    expected_return: float
    volatility: float
    sharpe: float

    def as_dict(self) -> dict[str, object]:
        """As JSON: weights by name."""
        return {
            "weights": dict(zip(self.names, self.weights.tolist(), strict=True)),
            "goal": self.goal,
            "method": self.method,
            "expected_return": self.expected_return,
            "volatility": self.volatility,
            "sharpe": self.sharpe,
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no portfolio; `infeasible` where the input is right but nothing meets it."""

    names: tuple[str, ...]
    reason: str
    field: str
    infeasible: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a table of returns: some columns, and rows `start` to `stop - 1`."""

    columns: tuple[int, ...]
    start: int = 0
    stop: int | None = None


def optimise(returns: ArrayLike, names: Sequence[str], wish: Wish) -> Portfolio:
    """The portfolio of a wish, by simple returns of one period, shape (rows, n).

    Raises BadInput, or Infeasible with the reason: never another portfolio than was asked for.
    """
    given = returns_of(returns, names)
    moments = estimate_checked(given, tuple(names), wish.estimates)
    return by_moments(moments, wish, given)


def by_moments(moments: Moments, wish: Wish, returns: Floats | None = None) -> Portfolio:
    """The portfolio of a wish by its moments; `returns` serve only the goal min_cvar."""
    weights, method = _weights(moments, wish, returns)
    mean = float(moments.mean @ weights)
    volatility = float(np.sqrt(weights @ moments.covariance @ weights))
    sharpe = (mean - wish.risk_free) / volatility
    return Portfolio(moments.names, weights, wish.goal, method, mean, volatility, sharpe)


def optimise_cut(
    cut: Cut, *, returns: Floats, names: Sequence[str], wish: Wish
) -> Portfolio | Refusal:
    """The portfolio of a part of a table, or why there is none. To be spread over processes: the
    table and the wish are the same for every cut."""
    chosen = tuple(names[column] for column in cut.columns)
    try:
        return optimise(returns[cut.start : cut.stop, list(cut.columns)], chosen, wish)
    except BadInput as error:
        return Refusal(chosen, str(error), error.field, isinstance(error, Infeasible))


def optimise_many(
    cuts: Sequence[Cut], *, returns: Floats, names: Sequence[str], wish: Wish
) -> list[Portfolio | Refusal]:
    """Independent portfolios, one after the other; one that cannot be does not stop the rest."""
    return [optimise_cut(cut, returns=returns, names=names, wish=wish) for cut in cuts]


def _weights(moments: Moments, wish: Wish, returns: Floats | None) -> tuple[Floats, str]:
    if wish.goal == "hrp":
        return hierarchical_risk_parity(moments.covariance), "hierarchical risk parity"
    if wish.goal == "min_cvar" or not wish.limits.bounds_only:
        if returns is None:
            if wish.goal == "min_cvar":
                raise BadInput("min_cvar needs the returns themselves.", field="returns")
            returns = np.empty((0, len(moments.names)))
        task = Task(
            wish.goal, moments, wish.limits, returns, wish.target, wish.risk_free, wish.level
        )
        if wish.goal == "risk_tolerance":
            return tolerating(task), "interior point"
        return optimise_with_solver(task), "interior point"
    return _on_frontier(moments, wish), "critical line"


def _on_frontier(moments: Moments, wish: Wish) -> Floats:
    lower, upper = bounds_of(wish.limits, moments.names)
    if wish.goal == "max_sharpe":
        return max_sharpe(moments, lower, upper, wish.risk_free)
    frontier = trace(moments, lower, upper)
    if wish.goal == "target_return" and wish.target is not None:
        return frontier.target_return(wish.target)
    if wish.goal == "target_risk" and wish.target is not None:
        return frontier.target_risk(wish.target)
    if wish.goal == "risk_tolerance" and wish.target is not None:
        return frontier.tolerating(wish.target)
    return frontier.min_volatility()
