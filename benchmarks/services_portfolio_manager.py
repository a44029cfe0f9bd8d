"""Portfolios beside plain loops over PyPortfolioOpt, and value at risk beside numpy.

200 max-Sharpe portfolios of 50 assets from two years of prices, estimates included; a frontier of
50 points; value at risk over ten days by a million bootstrapped paths.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.side_by_side import Case, within
from benchmarks.through_the_queue import Request
from ray_services.common.prices import Panel, read_prices
from ray_services.data import path
from ray_services.portfolio_manager.estimates import EstimateRules, Moments, estimate
from ray_services.portfolio_manager.frontier import trace
from ray_services.portfolio_manager.limits import Limits
from ray_services.portfolio_manager.optimise import (
    Cut,
    Portfolio,
    Refusal,
    Wish,
    optimise_cut,
    optimise_many,
)
from ray_services.portfolio_manager.tail_risk import Simulation, simulate

PORTFOLIOS, ASSETS, DAYS, POINTS, CAP = 200, 50, 504, 50, 0.1
WISH = Wish(limits=Limits(upper=CAP), estimates=EstimateRules(covariance="sample"))
SERVICE, PYPFOPT = "portfolio-manager", "PyPortfolioOpt"
ASKED = {"goal": "max_sharpe", "covariance": "sample", "upper": CAP}
"""What a request says of WISH."""
PATHS, HORIZON, LEVEL = 1_000_000, 10, 0.95
NONE = np.full(ASSETS, np.nan)


def cases(parallel_map: Any) -> list[Case]:
    """The workloads; `parallel_map` spreads them over Ray."""
    panel = read_prices(path("prices.parquet"))
    cuts = cuts_of(panel)
    return [
        portfolios(panel, cuts, parallel_map),
        frontier(panel, cuts[0]),
        value_at_risk(panel, parallel_map),
    ]


def portfolios(panel: Panel, cuts: list[Cut], parallel_map: Any) -> Case:
    """Independent portfolios; where none has an excess return, both have to say so."""
    import pandas as pd

    prices = panel.prices(panel.tickers)
    frame = pd.DataFrame(prices, index=panel.dates, columns=panel.tickers)

    def one_core() -> list[Portfolio | Refusal]:
        returns = prices[1:] / prices[:-1] - 1
        return optimise_many(cuts, returns=returns, names=panel.tickers, wish=WISH)

    def on_ray() -> list[Portfolio | Refusal]:
        chunked = parallel_map.options(chunk_size=len(cuts) // 4)
        returns = prices[1:] / prices[:-1] - 1
        found: list[Portfolio | Refusal] = chunked(
            optimise_cut, cuts, returns=returns, names=panel.tickers, wish=WISH
        )
        return found

    return Case(
        workload=f"{PORTFOLIOS} max-Sharpe portfolios of {ASSETS} assets",
        baseline=PYPFOPT,
        items=cuts,
        natural=partial(max_sharpe_loop, frame),
        one_core=one_core,
        on_ray=on_ray,
        queued=Request(
            service=SERVICE,
            operation="optimize-many",
            body={**ASKED, "tickers": panel.tickers, "cuts": [asked(cut, panel) for cut in cuts]},
            rows=weights_answered,
        ),
        rows=weights_of,
        agree=within(1e-4),
        pieces=5,
        one_core_at_least=25,
        on_ray_at_least=40,
    )


def asked(cut: Cut, panel: Panel) -> dict[str, Any]:
    """A cut as a request names it."""
    tickers = [panel.tickers[column] for column in cut.columns]
    return {"tickers": tickers, "start": cut.start, "stop": cut.stop}


def weights_answered(answer: dict[str, Any]) -> Any:
    """Of a request's rows a row for each portfolio; NaN for what is refused."""
    rows = answer["weights"]
    found = np.full((len(answer["portfolios"]), ASSETS), np.nan)
    weights = rows["weight"].to_numpy().reshape(-1, ASSETS)
    found[rows["portfolio"].to_numpy()[::ASSETS]] = weights
    return found


def cuts_of(panel: Panel) -> list[Cut]:
    """Some tickers and two years each, always the same."""
    dice = np.random.default_rng(1)
    found = []
    for _ in range(PORTFOLIOS):
        columns = dice.choice(len(panel.tickers), ASSETS, replace=False)
        start = int(dice.integers(0, len(panel.dates) - DAYS))
        found.append(Cut(tuple(columns.tolist()), start, start + DAYS))
    return found


def max_sharpe_loop(prices: Any, cuts: Sequence[Cut]) -> list[Any]:
    """The natural way: estimates and optimiser of the library, one portfolio after the other."""
    from pypfopt import EfficientFrontier, expected_returns, risk_models

    found: list[Any] = []
    for cut in cuts:
        part = prices.iloc[cut.start : (cut.stop or 0) + 1, list(cut.columns)]
        mean = expected_returns.mean_historical_return(part, compounding=False)
        chosen = EfficientFrontier(mean, risk_models.sample_cov(part), weight_bounds=(0, CAP))
        try:
            found.append(list(chosen.max_sharpe(risk_free_rate=0.0).values()))
        except Exception:  # no portfolio of these has an excess return
            found.append(NONE)
    return found


def weights_of(found: Sequence[Portfolio | Refusal]) -> Any:
    """A row for each; NaN for what is refused."""
    return np.array([one.weights if isinstance(one, Portfolio) else NONE for one in found])


def frontier(panel: Panel, cut: Cut) -> Case:
    """Evenly spaced returns. Ours has the highest of all besides, at which their solver fails."""
    names = tuple(panel.tickers[column] for column in cut.columns)
    market = estimate(panel.returns(names), names, WISH.estimates)
    bounds = np.zeros(ASSETS), np.full(ASSETS, CAP)
    return Case(
        workload=f"frontier of {POINTS} points of {ASSETS} assets",
        baseline=PYPFOPT,
        items=trace(market, *bounds).spread(POINTS + 1).returns[:-1].tolist(),
        natural=partial(frontier_loop, market),
        one_core=lambda: trace(market, *bounds).spread(POINTS + 1),
        queued=Request(
            service=SERVICE,
            operation="optimize-portfolio",
            body={**ASKED, "tickers": names, "points": POINTS + 1},
            rows=lambda answer: np.array(
                [point["volatility"] for point in answer["frontier"][:-1]]
            ),
        ),
        rows=lambda points: points.volatilities[:-1],
        agree=within(1e-4),
        one_core_at_least=500,
    )


def frontier_loop(market: Moments, targets: Any) -> list[float]:
    """The volatility of the least variance at each return, one problem after the other."""
    from pypfopt import EfficientFrontier

    found = []
    for target in targets:
        chosen = EfficientFrontier(market.mean, market.covariance, weight_bounds=(0, CAP))
        chosen.efficient_return(float(target))
        found.append(chosen.portfolio_performance()[1])
    return found


def value_at_risk(panel: Panel, parallel_map: Any) -> Case:
    """Of the index; the two draw other paths, so that they differ by chance."""
    series = panel.returns(("SPY",))[:, 0]
    wanted = Simulation("bootstrap", PATHS, HORIZON, LEVEL, seed=1)
    one_each = parallel_map.options(chunk_size=1)
    return Case(
        workload=f"{HORIZON}-day bootstrap VaR of 1e6 paths",
        baseline="numpy",
        items=(1,),
        natural=partial(numpy_bootstrap, series),
        one_core=partial(simulate, series, wanted),
        on_ray=partial(simulate, series, wanted, parts=2, spread=one_each),
        queued=Request(
            service=SERVICE,
            operation="simulate-risk",
            body={
                "tickers": ["SPY"],
                "methods": ["bootstrap"],
                "paths": PATHS,
                "seed": 1,
                "horizon": HORIZON,
                "level": LEVEL,
            },
            rows=lambda answer: np.array([(one["var"], one["cvar"]) for one in answer["results"]]),
        ),
        rows=lambda risk: np.array([(risk.var, risk.cvar)]),
        agree=within(relative=0.015),
        one_core_at_least=2.5,
        on_ray_at_least=4,
    )


def numpy_bootstrap(returns: Any, seeds: Sequence[int]) -> list[tuple[float, float]]:
    """Value at risk and expected shortfall as one writes them with numpy."""
    found = []
    for seed in seeds:
        drawn = np.random.default_rng(seed).integers(0, len(returns), (PATHS, HORIZON))
        losses = -np.expm1(np.log1p(returns)[drawn].sum(axis=1))
        var = float(np.quantile(losses, LEVEL))
        found.append((var, float(losses[losses >= var].mean())))
    return found
