"""How fast portfolios are found here and now, beside the plain loop over PyPortfolioOpt.

Weights are compared before times are told: what is another portfolio is no faster.
"""

import time
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services import own_data
from ray_services.common.errors import LibraryMissing
from ray_services.portfolio_manager.estimates import EstimateRules, estimate
from ray_services.portfolio_manager.limits import Limits
from ray_services.portfolio_manager.optimise import Wish, optimise

type Floats = NDArray[np.float64]

WINDOW, CAP, SAME = 500, 0.10, 1e-4
RULES = EstimateRules(covariance="sample")


def some_returns(portfolios: int, assets: int) -> tuple[tuple[str, ...], list[Floats], str]:
    """Tickers that have all prices, their returns of some windows, and the data's SHA-256."""
    panel = own_data.prices()
    complete = np.isfinite(panel.fields["adj_close"]).all(axis=0)
    names = tuple(np.array(panel.tickers)[complete][:assets].tolist())
    returns = panel.returns(names)
    starts = np.linspace(0, len(returns) - WINDOW, portfolios).astype(int).tolist()
    return names, [returns[start : start + WINDOW] for start in starts], panel.sha256


def compare(names: tuple[str, ...], windows: list[Floats]) -> dict[str, Any]:
    """The highest Sharpe ratio of each window, both ways, in seconds; without PyPortfolioOpt only
    ours, and why."""
    wish = Wish("max_sharpe", limits=Limits(upper=max(CAP, 2 / len(names))), estimates=RULES)
    optimise(windows[0], names, wish)  # loads the compiled code
    began = time.perf_counter()
    ours = np.array([optimise(window, names, wish).weights for window in windows])
    seconds = time.perf_counter() - began
    found: dict[str, Any] = {
        "portfolios": len(windows),
        "assets": len(names),
        "seconds": seconds,
        "portfolios_per_second": len(windows) / seconds,
        "serial_seconds": None,
        "serial_reason": None,
        "largest_difference": None,
        "speed_up": None,
    }
    try:
        theirs, serial = _plain(names, windows, wish)
    except LibraryMissing as error:
        return found | {"serial_reason": str(error)}
    apart = float(np.abs(ours - theirs).max())
    speed_up = serial / seconds if apart <= SAME else None
    return found | {
        "serial_seconds": serial, "largest_difference": apart, "speed_up": speed_up,
    }  # fmt: skip


def _plain(names: tuple[str, ...], windows: list[Floats], wish: Wish) -> tuple[Floats, float]:
    """Weights of each window by PyPortfolioOpt, and the seconds of them all."""
    try:
        frontier = import_module("pypfopt").EfficientFrontier
    except ImportError as error:
        raise LibraryMissing(
            "Comparing needs the package PyPortfolioOpt, which is not installed: "
            "pip install PyPortfolioOpt packaging"
        ) from error
    found = []
    began = time.perf_counter()
    for window in windows:
        moments = estimate(window, names, wish.estimates)
        solver = frontier(moments.mean, moments.covariance, weight_bounds=(0, wish.limits.upper))
        solver.max_sharpe(risk_free_rate=0.0)
        found.append(np.array(list(solver.weights)))
    return np.array(found), time.perf_counter() - began
