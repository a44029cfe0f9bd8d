"""From bodies to what the core takes. What is refused is named as the body names it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services import own_data
from ray_services.common.errors import BadInput
from ray_services.common.prices import Panel
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.estimates import EstimateRules, Moments
from ray_services.portfolio_manager.limits import Group, Limits, Turnover
from ray_services.portfolio_manager.optimise import Wish
from ray_services.portfolio_manager.period_bodies import BesideIn, DaysIn, PeriodIn
from ray_services.portfolio_manager.wish_bodies import OptimiseIn, WishIn

type Floats = NDArray[np.float64]

BENCHMARK = "SPY"
TARGETS = {"target_return": {"target_return", "min_cvar"}, "target_risk": {"target_risk"}}
"""Which goals have which number."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Simple returns a day (rows, n) of the tickers, and the days (rows,) they were made on."""

    names: tuple[str, ...]
    returns: Floats
    dates: NDArray[np.datetime64]
    panel: Panel

    @property
    def sha256(self) -> str:
        """Of the data."""
        return self.panel.sha256

    def benchmark(self, body: BesideIn) -> tuple[str | None, Floats | None]:
        """Its name and its returns (rows,); neither where the data has no usual one."""
        name = body.benchmark
        if name is None:
            if not self.panel.has(BENCHMARK):
                return None, None
            name = BENCHMARK
        with named(tickers="benchmark"):
            return name, self.panel.returns([name])[:, 0]


@contextmanager
def named(**fields: str) -> Iterator[None]:
    """What is refused within, with other names of fields."""
    try:
        yield
    except BadInput as error:
        if error.field not in fields:
            raise
        kind = Infeasible if isinstance(error, Infeasible) else BadInput
        raise kind(
            error.message, field=fields[error.field], row=error.row, remedy=error.remedy
        ) from None


def panel_of(body: DaysIn) -> Panel:
    """The prices of the body's days. Raises BadInput, as all below."""
    return own_data.prices(body.data).between(body.start, body.end)


def asked(body: PeriodIn) -> Asked:
    """The returns that a body is about."""
    panel = panel_of(body)
    names = tuple(body.tickers)
    return Asked(names, panel.returns(names), panel.dates[1:], panel)


def wish_of(body: WishIn) -> Wish:
    """The wish of a body, with its limits but for the one on turnover."""
    goal = body.goal or _goal_of(body)
    for name, goals in TARGETS.items():
        if getattr(body, name) is not None and goal not in goals:
            raise BadInput(
                f"{goal} has none.",
                field=name,
                remedy=f"Leave it out, or choose the goal {' or '.join(sorted(goals))}.",
            )
    targets: dict[str, float | None] = {
        "risk_tolerance": body.risk_tolerance,
        "target_return": body.target_return,
        "min_cvar": body.target_return,
        "target_risk": body.target_risk,
    }
    with named(target=goal):
        return Wish(
            goal,
            targets.get(goal),
            body.risk_free,
            body.level,
            limits_of(body),
            EstimateRules(body.mean, body.covariance, half_life=body.half_life),
        )


def limits_of(body: WishIn) -> Limits:
    """Bounds and groups; of OptimiseIn the limit on turnover too."""
    groups = tuple(
        Group(
            one.name,
            tuple(one.tickers),
            -np.inf if one.lower is None else one.lower,
            np.inf if one.upper is None else one.upper,
        )
        for one in body.groups
    )
    turnover = None
    if isinstance(body, OptimiseIn) and body.turnover is not None:
        turnover = Turnover(body.previous or {}, body.turnover)
    return Limits(body.lower, body.upper, groups, turnover)


def weights_of(tickers: Sequence[str], weights: dict[str, float] | None) -> dict[str, float]:
    """In the order of the tickers; all alike where none are given."""
    if weights is None:
        return {ticker: 1 / len(tickers) for ticker in tickers}
    for ticker in weights:
        if ticker not in tickers:
            raise BadInput(
                f"{ticker!r} has a weight but is not among the tickers.",
                field="weights",
                remedy="Name it in tickers too, or leave it out.",
            )
    return {ticker: weights.get(ticker, 0.0) for ticker in tickers}


def told(weights: Floats, moments: Moments, risk_free: float) -> dict[str, Any]:
    """Weights by ticker, and what is expected of them, a year."""
    mean = float(moments.mean @ weights)
    volatility = float((weights @ moments.covariance @ weights) ** 0.5)
    return {
        "weights": dict(zip(moments.names, weights.tolist(), strict=True)),
        "expected_return": mean,
        "volatility": volatility,
        "sharpe": (mean - risk_free) / volatility if volatility else None,
    }


def _goal_of(body: WishIn) -> Any:
    for name in TARGETS:
        if getattr(body, name) is not None:
            return name
    return "risk_tolerance"
