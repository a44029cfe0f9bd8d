"""Portfolios: plain loops over PyPortfolioOpt and numpy, ours on one core, ours on Ray with two.

`python -m benchmarks.services_portfolio_manager`; needs PyPortfolioOpt. 200 max-Sharpe portfolios
of 50 assets from two years of prices, estimates included; a frontier of 50 points; value at risk
over ten days by a million bootstrapped paths. Results are compared before times are. With --quick
PyPortfolioOpt finds every fifth portfolio and its rate counts.
"""

import statistics
import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from benchmarks.environment import project
from benchmarks.report import Report, median_seconds, parse_options, seconds
from ray_services.common.prices import Panel, read_prices
from ray_services.data import path
from ray_services.portfolio_manager.estimates import EstimateRules, Moments, estimate
from ray_services.portfolio_manager.frontier import trace
from ray_services.portfolio_manager.hierarchy import hierarchical_risk_parity
from ray_services.portfolio_manager.limits import Limits
from ray_services.portfolio_manager.optimise import (
    Cut,
    Portfolio,
    Refusal,
    Wish,
    optimise,
    optimise_cut,
    optimise_many,
)
from ray_services.portfolio_manager.tail_risk import Simulation, simulate

PORTFOLIOS, ASSETS, DAYS, POINTS, CAP = 200, 50, 504, 50, 0.1
WISH = Wish(limits=Limits(upper=CAP), estimates=EstimateRules(covariance="sample"))
PLAIN, NUMPY = "loop over PyPortfolioOpt", "numpy"


def cuts_of(panel: Panel) -> list[Cut]:
    """Some tickers and two years each, always the same."""
    dice = np.random.default_rng(1)
    found = []
    for _ in range(PORTFOLIOS):
        columns = dice.choice(len(panel.tickers), ASSETS, replace=False)
        start = int(dice.integers(0, len(panel.dates) - DAYS))
        found.append(Cut(tuple(columns.tolist()), start, start + DAYS))
    return found


def max_sharpe_loop(prices: Any, cuts: list[Cut]) -> list[Any]:
    """The natural way: estimates and optimiser of the library, one portfolio after the other."""
    from pypfopt import EfficientFrontier, expected_returns, risk_models

    found: list[Any] = []
    for cut in cuts:
        part = prices.iloc[cut.start : (cut.stop or 0) + 1, list(cut.columns)]
        mean = expected_returns.mean_historical_return(part, compounding=False)
        frontier = EfficientFrontier(mean, risk_models.sample_cov(part), weight_bounds=(0, CAP))
        try:
            found.append(list(frontier.max_sharpe(risk_free_rate=0.0).values()))
        except Exception:  # no portfolio of these has an excess return
            found.append(None)
    return found


def frontier_loop(market: Moments, targets: Any) -> list[float]:
    """The volatility of the least variance at each return, one problem after the other."""
    from pypfopt import EfficientFrontier

    found = []
    for target in targets:
        frontier = EfficientFrontier(market.mean, market.covariance, weight_bounds=(0, CAP))
        frontier.efficient_return(float(target))
        found.append(frontier.portfolio_performance()[1])
    return found


def numpy_bootstrap(returns: Any, seed: int) -> tuple[float, float]:
    """Value at risk and expected shortfall as one writes them with numpy."""
    drawn = np.random.default_rng(seed).integers(0, len(returns), (1_000_000, 10))
    losses = -np.expm1(np.log1p(returns)[drawn].sum(axis=1))
    var = float(np.quantile(losses, 0.95))
    return var, float(losses[losses >= var].mean())


def apart(ours: list[Portfolio | Refusal], theirs: list[Any]) -> float:
    """The largest difference of a weight; both must refuse the same portfolios."""
    largest = 0.0
    for mine, other in zip(ours, theirs, strict=True):
        assert isinstance(mine, Refusal) == (other is None), mine
        if isinstance(mine, Portfolio):
            largest = max(largest, float(np.abs(mine.weights - other).max()))
    return largest


def portfolios(report: Report, panel: Panel, quick: bool) -> Callable[[], None]:
    """One core, and what is to be done when Ray is there."""
    import pandas as pd

    prices = panel.prices(panel.tickers)
    frame = pd.DataFrame(prices, index=panel.dates, columns=panel.tickers)
    cuts = cuts_of(panel)
    few = cuts[:: 5 if quick else 1]
    theirs = max_sharpe_loop(frame, few)
    runs = 1 if quick else 3
    plain = statistics.median(seconds(lambda: max_sharpe_loop(frame, few)) for _ in range(runs))
    plain *= len(cuts) / len(few)

    def ours() -> list[Portfolio | Refusal]:
        returns = prices[1:] / prices[:-1] - 1
        return optimise_many(cuts, returns=returns, names=panel.tickers, wish=WISH)

    def spread() -> list[Portfolio | Refusal]:
        from django_ray_runtime.distributed import parallel_map

        chunked = parallel_map.options(chunk_size=len(cuts) // 4)
        returns = prices[1:] / prices[:-1] - 1
        return chunked(optimise_cut, cuts, returns=returns, names=panel.tickers, wish=WISH)

    here = ours()
    name = f"{PORTFOLIOS} max-Sharpe portfolios of {ASSETS}"
    report.add(f"{name}: weights apart at most", apart(here[:: len(cuts) // len(few)], theirs), "",
               at_most=1e-4)  # fmt: skip
    report.add(f"{name}, {PLAIN}", plain * 1000, "ms")
    add_ratio(report, f"{name}, one core", ours, plain, 25.0)
    rows, columns = slice(cuts[0].start, cuts[0].stop), list(cuts[0].columns)
    returns = (prices[1:] / prices[:-1] - 1)[rows, columns]
    names = tuple(panel.tickers[column] for column in columns)
    took = median_seconds(partial(optimise, returns, names, WISH), 15)
    report.add("one of them by itself", took * 1000, "ms")

    def on_ray() -> None:
        for mine, other in zip(spread(), here, strict=True):
            if isinstance(mine, Portfolio) and isinstance(other, Portfolio):
                assert mine.weights.tobytes() == other.weights.tobytes()
            else:
                assert mine == other
        add_ratio(report, f"{name}, Ray on 2 CPUs", spread, plain, 40.0)

    return on_ray


def add_ratio(
    report: Report,
    name: str,
    action: Callable[[], object],
    plain: float,
    at_least: float | None,
    baseline: str = PLAIN,
) -> None:
    took = median_seconds(action, 9)
    report.add(name, took * 1000, "ms", baseline=baseline, ratio=plain / took,
               ratio_at_least=at_least)  # fmt: skip


def frontiers(report: Report, panel: Panel, quick: bool) -> None:
    """Fifty points, and the tree of hierarchical risk parity."""
    from pypfopt.hierarchical_portfolio import HRPOpt, sch

    sch._LINKAGE_METHODS = {"single": 0}  # a private name that the newest SciPy no longer has
    columns = cuts_of(panel)[0].columns
    names = tuple(panel.tickers[column] for column in columns)
    market = estimate(panel.returns(names), names, WISH.estimates)
    bounds = np.zeros(ASSETS), np.full(ASSETS, CAP)
    frontier = trace(market, *bounds)
    least, most = frontier.returns[-1], frontier.returns[0]
    targets = np.linspace(
        least, most - 0.01 * (most - least), POINTS
    )  # its solver fails at the top
    points = [frontier.target_return(float(target)) for target in targets]
    ours = np.array([np.sqrt(weights @ market.covariance @ weights) for weights in points])
    theirs = np.array(frontier_loop(market, targets))
    runs = 1 if quick else 3
    plain = statistics.median(seconds(lambda: frontier_loop(market, targets)) for _ in range(runs))
    name = f"frontier of {POINTS} points, {ASSETS} assets"
    gap = float(np.abs(ours - theirs).max())
    report.add(f"{name}: volatilities apart at most", gap, "", at_most=1e-4)
    report.add(f"{name}, {PLAIN}", plain * 1000, "ms")
    add_ratio(report, f"{name}, one core", lambda: trace(market, *bounds).spread(POINTS), plain,
              500.0)  # fmt: skip
    import pandas as pd

    frame = pd.DataFrame(market.covariance, index=names, columns=names)
    expected = HRPOpt(cov_matrix=frame).optimize()
    found = hierarchical_risk_parity(market.covariance)
    assert np.allclose(found, [expected[ticker] for ticker in names], atol=1e-12)
    plain = median_seconds(lambda: HRPOpt(cov_matrix=frame).optimize(), 5)
    add_ratio(report, f"hierarchical risk parity, {ASSETS} assets",
              partial(hierarchical_risk_parity, market.covariance), plain, None)  # fmt: skip


def value_at_risk(report: Report, panel: Panel, quick: bool) -> Callable[[], None]:
    """One core, and what is to be done when Ray is there."""
    series = panel.returns(("SPY",))[:, 0]
    wanted = Simulation("bootstrap", 1_000_000, 10, 0.95, seed=1)
    here = simulate(series, wanted)
    var, cvar = numpy_bootstrap(series, 1)
    name = "10-day bootstrap VaR, 1e6 paths"
    gap = max(abs(here.var / var - 1), abs(here.cvar / cvar - 1))
    report.add(f"{name}: apart at most", 100 * gap, "%", at_most=1.5)
    plain = median_seconds(partial(numpy_bootstrap, series, 1), 3 if quick else 9)
    report.add(f"{name}, {NUMPY}", plain * 1000, "ms")
    add_ratio(report, f"{name}, one core", partial(simulate, series, wanted), plain, 2.5, NUMPY)
    gaussian = Simulation("gaussian", 1_000_000, 10, 0.95, seed=1)
    took = median_seconds(partial(simulate, series, gaussian), 9)
    report.add("10-day Gaussian VaR, 1e6 paths, one core", took * 1000, "ms")

    def on_ray() -> None:
        from django_ray_runtime.distributed import parallel_map

        one_each = parallel_map.options(chunk_size=1)
        action = partial(simulate, series, wanted, parts=2, spread=one_each)
        assert action() == here
        add_ratio(report, f"{name}, Ray on 2 CPUs", action, plain, 4.0, NUMPY)

    return on_ray


def main() -> int:
    """Measure and report; 1 when a bound is missed."""
    from threadpoolctl import threadpool_limits

    options = parse_options(__doc__ or "")
    warnings.simplefilter("ignore")
    report = Report("Portfolios")
    panel = read_prices(path("prices.parquet"))
    with threadpool_limits(1):
        later = [
            portfolios(report, panel, options.quick),
            value_at_risk(report, panel, options.quick),
        ]
        frontiers(report, panel, options.quick)
    with ExitStack() as leaving:
        leaving.enter_context(project("sqlite"))
        from django_ray_runtime import ray_cluster
        from django_ray_runtime.conf import read

        cluster = ray_cluster.start(
            read({"RAY_NUM_CPUS": 2, "RAY_OBJECT_STORE_MEMORY": 500_000_000})
        )
        leaving.callback(cluster.close)
        for on_ray in later:
            on_ray()
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
