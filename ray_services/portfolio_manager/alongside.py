"""Portfolios beside the one that is asked for: others within the same limits.

Exact where bounds are the only limits; by the solver, one after the other, where there are groups
or a limit on turnover.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager.estimates import Moments
from ray_services.portfolio_manager.frontier import Frontier, trace
from ray_services.portfolio_manager.limits import bounds_of
from ray_services.portfolio_manager.optimise import Wish, by_moments

type Floats = NDArray[np.float64]


def tolerated(moments: Moments, wish: Wish, tolerances: Sequence[float]) -> list[Floats]:
    """Weights (n,) at each of these tolerances of risk, 0 to 1."""
    if wish.limits.bounds_only:
        frontier = _frontier(moments, wish)
        return [frontier.tolerating(one) for one in tolerances]
    return [_solved(moments, wish, one) for one in tolerances]


def points_of(moments: Moments, wish: Wish, count: int) -> Floats:
    """Weights (count, n) of the frontier, evenly spaced in return, from the least variance up."""
    if wish.limits.bounds_only:
        return _frontier(moments, wish).spread(count).weights
    calm, bold = (_solved(moments, wish, one) for one in (0.0, 1.0))
    targets = np.linspace(moments.mean @ calm, moments.mean @ bold, count)[1:-1]
    between = [
        by_moments(moments, replace(wish, goal="target_return", target=float(one))).weights
        for one in targets
    ]
    return np.array([calm, *between, bold][:count])


def turning_points(moments: Moments, wish: Wish) -> Floats:
    """Weights (k, n) where an asset comes in or leaves, from the least variance up: between two of
    them weights are linear in return, so that they are the whole frontier.

    Raises BadInput where the limits are more than bounds.
    """
    if not wish.limits.bounds_only:
        raise BadInput(
            "with groups or a limit on turnover the frontier is not followed exactly.",
            field="turning_points",
            remedy="Ask for points instead.",
        )
    return _frontier(moments, wish).points[::-1]


def _frontier(moments: Moments, wish: Wish) -> Frontier:
    return trace(moments, *bounds_of(wish.limits, moments.names))


def _solved(moments: Moments, wish: Wish, tolerance: float) -> Floats:
    return by_moments(moments, replace(wish, goal="risk_tolerance", target=tolerance)).weights
