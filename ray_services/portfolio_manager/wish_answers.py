"""Portfolios that are wished for: one with its surroundings, or many."""

import time
from typing import Any

import numpy as np

from ray_services.common.errors import BadInput
from ray_services.common.rows import rows_of
from ray_services.common.spread import Spread, one_by_one
from ray_services.portfolio_manager.alongside import points_of, tolerated, turning_points
from ray_services.portfolio_manager.asked import Asked, Floats, asked, told, wish_of
from ray_services.portfolio_manager.estimates import Moments, estimate
from ray_services.portfolio_manager.optimise import (
    Cut,
    Portfolio,
    Refusal,
    by_moments,
    optimise_cut,
)
from ray_services.portfolio_manager.wish_bodies import ManyIn, OptimiseIn

SCENARIOS = (0.3, 0.5, 0.7)


def optimum(body: OptimiseIn, spread: Spread | None = None) -> dict[str, Any]:
    """The portfolio asked for, others beside it, and the frontier. Raises BadInput, or Infeasible
    with the reason."""
    began = time.perf_counter()
    about, wish = asked(body), wish_of(body)
    moments = estimate(about.returns, about.names, wish.estimates)
    found = by_moments(moments, wish, about.returns)

    def all_told(several: Any) -> list[dict[str, Any]]:
        return [told(weights, moments, body.risk_free) for weights in several]

    return {
        **told(found.weights, moments, body.risk_free),
        "goal": found.goal,
        "method": found.method,
        "shrinkage": moments.shrinkage,
        "turnover": _turnover(body, found),
        "alternatives": {
            str(one): beside
            for one, beside in zip(
                SCENARIOS, all_told(tolerated(moments, wish, SCENARIOS)), strict=True
            )
        },
        "frontier": all_told(points_of(moments, wish, body.points)) if body.points else [],
        "assets": _alone(moments, body.risk_free),
        "turning_points": all_told(turning_points(moments, wish)) if body.turning_points else None,
        "data": about.sha256,
        "processing_time": time.perf_counter() - began,
    }


def _alone(moments: Moments, risk_free: float) -> dict[str, dict[str, Any]]:
    """What is expected of each asset for itself."""
    found = [told(weights, moments, risk_free) for weights in np.eye(len(moments.names))]
    for one in found:
        del one["weights"]
    return dict(zip(moments.names, found, strict=True))


def many(body: ManyIn, spread: Spread | None = None) -> dict[str, Any]:
    """A portfolio for each window or cut, and the weights of all as rows; one that cannot be says
    why and stops no other. Raises BadInput."""
    began = time.perf_counter()
    about, wish = asked(body), wish_of(body)
    cuts = _cuts(body, about)
    run = spread or one_by_one
    found = run(optimise_cut, cuts, returns=about.returns, names=about.names, wish=wish)
    there = [(place, one) for place, one in enumerate(found) if isinstance(one, Portfolio)]
    sizes = [len(one.names) for _, one in there]
    return {
        "goal": wish.goal,
        "found": len(there),
        "portfolios": [_worded(one, cut, about) for one, cut in zip(found, cuts, strict=True)],
        "weights": rows_of(
            {
                "portfolio": np.repeat([place for place, _ in there], sizes).astype(np.int64),
                "ticker": [name for _, one in there for name in one.names],
                "weight": np.concatenate([np.empty(0), *(one.weights for _, one in there)]),
            }
        ),
        "data": about.sha256,
        "processing_time": time.perf_counter() - began,
    }


def _cuts(body: ManyIn, about: Asked) -> list[Cut]:
    columns, rows = tuple(range(len(about.names))), len(about.returns)
    if body.cuts is None:
        if rows < body.window:
            raise BadInput(
                f"{rows} days are fewer than the window's {body.window}.",
                field="window",
                remedy="Take a shorter one, or a longer period.",
            )
        starts = range(0, rows - body.window + 1, body.every)
        return [Cut(columns, start, start + body.window) for start in starts]
    places = {name: place for place, name in enumerate(about.names)}
    found = []
    for number, cut in enumerate(body.cuts):
        unknown = [name for name in cut.tickers or () if name not in places]
        if unknown:
            raise BadInput(
                f"{unknown[0]} is not among the request's tickers.",
                field=f"cuts.{number}.tickers",
                remedy="Name it there too.",
            )
        stop = rows if cut.stop is None else cut.stop
        if not cut.start + 2 <= stop <= rows:
            raise BadInput(
                f"expected at least two of the {rows} rows, got {cut.start} to {stop}.",
                field=f"cuts.{number}.stop",
                remedy="Rows count from 0; stop is the row after the last.",
            )
        chosen = columns if cut.tickers is None else tuple(places[name] for name in cut.tickers)
        found.append(Cut(chosen, cut.start, stop))
    return found


def _worded(one: Portfolio | Refusal, cut: Cut, about: Asked) -> dict[str, Any]:
    names = ("expected_return", "volatility", "sharpe")
    figures = {name: getattr(one, name, None) for name in names}
    return {
        "first": about.dates[cut.start].item(),
        "last": about.dates[(cut.stop or len(about.dates)) - 1].item(),
        "assets": len(one.names),
        **figures,
        "refused": one.reason if isinstance(one, Refusal) else None,
    }


def _turnover(body: OptimiseIn, found: Portfolio) -> float | None:
    if body.previous is None:
        return None
    held: Floats = np.array([body.previous.get(name, 0.0) for name in found.names])
    gone = sum(abs(one) for name, one in body.previous.items() if name not in found.names)
    return float(np.abs(found.weights - held).sum()) + gone
