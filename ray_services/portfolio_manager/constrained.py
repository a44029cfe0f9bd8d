"""What the critical line does not cover: groups, turnover, and the least expected shortfall.

By cvxpy with the interior-point solver Clarabel, imported when first wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput, LibraryMissing
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.estimates import Moments
from ray_services.portfolio_manager.frontier import no_excess, return_too_high, risk_too_low
from ray_services.portfolio_manager.limits import (
    Group,
    Limits,
    bounds_of,
    check_groups,
    previous_of,
)

type Floats = NDArray[np.float64]

FIELDS = ("tol_gap_abs", "tol_gap_rel", "tol_feas")
TOLERANCES = (1e-11, 1e-8)
"""Of the solver: as near as it gets; then, where it does not get there, as it usually gets."""
SLACK = 1e-7
"""Of a least turnover, highest return and least risk that were found by the solver."""


@dataclass(frozen=True, slots=True)
class Task:
    """A portfolio to find: `returns` (rows, n) of one period serve the expected shortfall; the goal
    target_risk without a target is the highest return."""

    goal: str
    moments: Moments
    limits: Limits
    returns: Floats
    target: float | None = None
    risk_free: float = 0.0
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class _Room:
    """The limits in numbers."""

    lower: Floats
    upper: Floats
    groups: list[tuple[Group, list[int]]]
    held: Floats | None
    most: float


def optimise_with_solver(task: Task) -> Floats:
    """Weights (n,) of the task.

    Raises Infeasible with the reason where nothing meets its limits, LibraryMissing without cvxpy.
    """
    cp = _cvxpy()
    room = _room(task)
    root = _root(task.moments.covariance)
    size = len(task.moments.names)
    x = cp.Variable(size)
    scale: Any = 1.0
    constraints = []
    if task.goal == "max_sharpe":
        # x is a multiple of the weights of excess return 1: Cornuejols and Tutuncu,
        # "Optimization Methods in Finance", 2006, section 8.2.
        scale = cp.Variable(nonneg=True)
        constraints.append((task.moments.mean - task.risk_free) @ x == 1)
    if task.goal in {"target_return", "min_cvar"} and task.target is not None:
        constraints.append(task.moments.mean @ x >= task.target)
    if task.goal == "target_risk" and task.target is not None:
        constraints.append(cp.norm(root @ x) <= task.target)
    objective = _objective(cp, task, root, x)
    weights = _solved(cp, objective, [*constraints, *_within(cp, room, x, scale)], x)
    if weights is None:
        raise _why(cp, task, room, root)
    return _tidy(weights / weights.sum(), room)


def tolerating(task: Task) -> Floats:
    """Weights (n,) at a part (the task's target, 0 to 1) of the way in volatility from the calmest
    portfolio within the limits to the most rewarding one. Raises as `optimise_with_solver`."""
    part = task.target or 0.0
    calm = optimise_with_solver(replace(task, goal="min_volatility", target=None))
    if part == 0:
        return calm
    bold = optimise_with_solver(replace(task, goal="target_risk", target=None))
    if part == 1:
        return bold
    low, high = (float(np.sqrt(one @ task.moments.covariance @ one)) for one in (calm, bold))
    risk = low + part * (high - low)
    return optimise_with_solver(replace(task, goal="target_risk", target=risk))


def _cvxpy() -> Any:
    try:
        return import_module("cvxpy")
    except ImportError:
        raise LibraryMissing(
            "Limits on groups or turnover, and min_cvar, need cvxpy, which is not installed: "
            "pip install cvxpy."
        ) from None


def _room(task: Task) -> _Room:
    names, limits = task.moments.names, task.limits
    lower, upper = bounds_of(limits, names)
    groups = check_groups(limits.groups, names, lower, upper)
    if limits.turnover is None:
        return _Room(lower, upper, groups, None, np.inf)
    held, elsewhere = previous_of(limits.turnover, names)
    if elsewhere > limits.turnover.most:
        raise Infeasible(
            f"selling what is no longer among the assets is a turnover of {elsewhere:.6g} alone; "
            f"asked for was {limits.turnover.most:g} at most.",
            field="turnover",
            remedy="Allow more, or keep those assets.",
        )
    return _Room(lower, upper, groups, held, limits.turnover.most - elsewhere)


def _root(covariance: Floats) -> Floats:
    """A matrix R with R'R = the covariance, also where that is singular."""
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = np.sqrt(np.maximum(values, 0.0))[:, np.newaxis] * vectors.T
    return root


def _objective(cp: Any, task: Task, root: Floats, x: Any) -> Any:
    if task.goal == "target_risk":
        return cp.Maximize(task.moments.mean @ x)
    if task.goal == "min_cvar":
        # Rockafellar and Uryasev, "Optimization of Conditional Value-at-Risk", 2000.
        threshold = cp.Variable()
        beyond = cp.sum(cp.pos(-task.returns @ x - threshold))
        return cp.Minimize(threshold + beyond / ((1 - task.level) * len(task.returns)))
    return cp.Minimize(cp.sum_squares(root @ x))


def _within(cp: Any, room: _Room, x: Any, scale: Any) -> list[Any]:
    """The limits of the weights x / scale."""
    found = [cp.sum(x) == scale, x >= room.lower * scale, x <= room.upper * scale]
    for group, members in room.groups:
        total = cp.sum(x[members])
        if np.isfinite(group.lower):
            found.append(total >= group.lower * scale)
        if np.isfinite(group.upper):
            found.append(total <= group.upper * scale)
    if room.held is not None:
        found.append(cp.norm1(x - room.held * scale) <= room.most * scale)
    return found


def _solved(cp: Any, objective: Any, constraints: Sequence[Any], x: Any) -> Floats | None:
    """The solution, or None where the solver finds that there is none."""
    problem = cp.Problem(objective, list(constraints))
    for tolerance in TOLERANCES:
        try:
            with catch_warnings():
                simplefilter("ignore")  # of inaccurate solutions, which are looked at below
                problem.solve(solver=cp.CLARABEL, max_iter=500, **dict.fromkeys(FIELDS, tolerance))
        except cp.error.SolverError:
            return None
        if problem.status == cp.OPTIMAL:
            break
    if problem.status not in {cp.OPTIMAL, cp.OPTIMAL_INACCURATE} or x.value is None:
        return None
    return np.asarray(x.value, dtype=np.float64)


def _why(cp: Any, task: Task, room: _Room, root: Floats) -> BadInput:
    """The reason why a task has no solution, by what would be the nearest to one."""
    x = cp.Variable(len(task.moments.names))
    free = _Room(room.lower, room.upper, room.groups, None, np.inf)
    if _solved(cp, cp.Minimize(0), _within(cp, free, x, 1.0), x) is None:
        return Infeasible(
            "the limits of the groups and the bounds contradict each other.",
            field="groups",
            remedy="Loosen one of them.",
        )
    if room.held is not None:
        nearest = _solved(cp, cp.Minimize(cp.norm1(x - room.held)), _within(cp, free, x, 1.0), x)
        least = 0.0 if nearest is None else float(np.abs(nearest - room.held).sum())
        if least > room.most + SLACK:
            return Infeasible(
                f"to meet the other limits takes a turnover of {least:.6g}; asked for was "
                f"{room.most:g} at most.",
                field="turnover",
                remedy="Allow more, or loosen the other limits.",
            )
    within = _within(cp, room, x, 1.0)
    best = _solved(cp, cp.Maximize(task.moments.mean @ x), within, x)
    highest = np.nan if best is None else float(task.moments.mean @ best)
    if task.goal == "max_sharpe" and highest <= task.risk_free + SLACK:
        return no_excess(highest, task.risk_free)
    if task.goal in {"target_return", "min_cvar"} and task.target is not None:
        return return_too_high(task.target, highest)
    if task.goal == "target_risk" and task.target is not None:
        calm = _solved(cp, cp.Minimize(cp.sum_squares(root @ x)), within, x)
        return risk_too_low(
            task.target, np.nan if calm is None else float(np.linalg.norm(root @ calm))
        )
    return BadInput(
        "the solver found no solution, though the limits allow one.",
        field="covariance",
        remedy="Use ledoit_wolf, or returns as fractions (0.01 for one per cent).",
    )


def _tidy(weights: Floats, room: _Room) -> Floats:
    """The solver's rounding taken out of bounds and sum."""
    tidy = np.clip(weights, room.lower, room.upper)
    missing = 1.0 - tidy.sum()
    slack = room.upper - tidy if missing > 0 else tidy - room.lower
    total = float(slack.sum())
    return tidy + missing * slack / total if total > 0 else tidy
