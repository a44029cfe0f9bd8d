"""Our figures beside those of the field's libraries, where they are installed."""

from typing import Any

import numpy as np
import pytest

from ray_services.common.indicators import atr, rsi
from ray_services.portfolio_manager import indicators
from ray_services.portfolio_manager.allocation import allocate
from ray_services.portfolio_manager.backtest import Plan, walk_forward
from ray_services.portfolio_manager.clusters import k_means
from ray_services.portfolio_manager.estimates import (
    EstimateRules,
    Moments,
    ewma_covariance,
    ledoit_wolf,
    mean_returns,
    sample_covariance,
)
from ray_services.portfolio_manager.features import rolling_betas
from ray_services.portfolio_manager.frontier import max_sharpe, trace
from ray_services.portfolio_manager.hierarchy import hierarchical_risk_parity
from ray_services.portfolio_manager.limits import Group, Limits, Turnover
from ray_services.portfolio_manager.metrics import max_drawdown
from ray_services.portfolio_manager.optimise import Wish, by_moments, optimise
from ray_services.portfolio_manager.tail_risk import historic
from tests.services.portfolio_markets import daily_returns, factors, moments, panel, tickers

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries
CLOSE = 1e-4


def library(name: str) -> Any:
    return pytest.importorskip(name, exc_type=ImportError)


def frontier_of(market: Moments, low: float, high: float) -> Any:
    """PyPortfolioOpt's, with a tight solver."""
    tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-11)
    options = {"solver": "CLARABEL", "solver_options": tight}
    return library("pypfopt").EfficientFrontier(
        market.mean, market.covariance, weight_bounds=(low, high), **options
    )


def weights(answer: dict[Any, float]) -> list[float]:
    return list(answer.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("count", "low", "high"), [(10, 0, 1), (50, 0, 0.1), (20, -0.2, 0.3)])
def test_weights_are_pyportfolioopts(count: int, low: float, high: float, seed: int) -> None:
    market = moments(count, seed)
    bounds = np.full(count, float(low)), np.full(count, float(high))
    frontier = trace(market, *bounds)
    target = float(0.3 * frontier.returns[-1] + 0.7 * frontier.returns[0])
    risk = float(np.sqrt(0.5 * frontier.variances[-1] + 0.5 * frontier.variances[0]))
    for ours, theirs in [
        (max_sharpe(market, *bounds, 0.01), lambda other: other.max_sharpe(0.01)),
        (frontier.min_volatility(), lambda other: other.min_volatility()),
        (frontier.target_return(target), lambda other: other.efficient_return(target)),
        (frontier.target_risk(risk), lambda other: other.efficient_risk(risk)),
    ]:
        expected = weights(theirs(frontier_of(market, low, high)))
        assert ours == pytest.approx(expected, abs=CLOSE)


def test_weights_are_skfolios() -> None:
    optimisation = library("skfolio.optimization")
    returns = daily_returns(15, 400)
    model = optimisation.MeanRisk(
        objective_function=optimisation.ObjectiveFunction.MAXIMIZE_RATIO,
        max_weights=0.3,
        solver_params={"tol_gap_rel": 1e-11, "tol_gap_abs": 1e-11, "tol_feas": 1e-11},
    )
    expected = model.fit(returns).weights_
    wish = Wish(limits=Limits(upper=0.3), estimates=EstimateRules(covariance="sample"))
    assert optimise(returns, tickers(15), wish).weights == pytest.approx(expected, abs=CLOSE)


def test_least_shortfall_is_skfolios() -> None:
    library("cvxpy")
    optimisation = library("skfolio.optimization")
    measures = library("skfolio.measures")
    returns = daily_returns(8, 300)
    model = optimisation.MeanRisk(risk_measure=library("skfolio").RiskMeasure.CVAR)
    expected = model.fit(returns).weights_
    found = optimise(returns, tickers(8), Wish("min_cvar"))
    ours, theirs = (measures.cvar(returns @ one) for one in (found.weights, expected))
    assert ours <= theirs + 1e-8
    assert found.weights == pytest.approx(expected, abs=1e-3)


def test_history_is_read_as_skfolio_reads_it() -> None:
    measures = library("skfolio.measures")
    for days in (100, 501, 733):
        series = daily_returns(1, days)[:, 0]
        for level in (0.9, 0.95, 0.99):
            found = historic(series, level)
            assert found.cvar == pytest.approx(measures.cvar(series, level), abs=1e-12)
        assert max_drawdown(series) == pytest.approx(
            measures.max_drawdown(measures.get_drawdowns(series, compounded=True))
        )


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_hierarchical_risk_parity_is_pyportfolioopts(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hierarchical = library("pypfopt.hierarchical_portfolio")
    # PyPortfolioOpt 1.6 looks for a private name that the newest SciPy no longer has.
    monkeypatch.setattr(hierarchical.sch, "_LINKAGE_METHODS", {"single": 0}, raising=False)
    frames = library("pandas")
    covariance = moments(count).covariance
    ours = hierarchical_risk_parity(covariance)
    assert ours.sum() == pytest.approx(1)
    if count > 1:
        frame = frames.DataFrame(covariance, index=range(count), columns=range(count))
        theirs = hierarchical.HRPOpt(cov_matrix=frame).optimize()
        assert ours == pytest.approx([theirs[place] for place in range(count)], abs=1e-12)


def test_estimates_are_the_libraries() -> None:
    frames, shrunk = library("pandas"), library("sklearn.covariance")
    returns = daily_returns(12, 250)
    frame = frames.DataFrame(returns)
    assert sample_covariance(returns) == pytest.approx(frame.cov().to_numpy(), abs=1e-15)
    covariance, shrinkage = ledoit_wolf(returns)
    expected, expected_shrinkage = shrunk.ledoit_wolf(returns)
    assert covariance == pytest.approx(expected, abs=1e-15)
    assert shrinkage == pytest.approx(expected_shrinkage, abs=1e-12)
    weighted = frame.ewm(halflife=30).cov(bias=True).loc[249].to_numpy()
    assert ewma_covariance(returns, 30) == pytest.approx(weighted, abs=1e-15)
    expect = library("pypfopt.expected_returns")
    for kind, compounding in (("geometric", True), ("arithmetic", False)):
        theirs = expect.mean_historical_return(frame, returns_data=True, compounding=compounding)
        assert mean_returns(returns, kind, 252) == pytest.approx(theirs.to_numpy())  # type: ignore[arg-type]


def test_groups_and_turnover_are_cvxpys_written_out() -> None:
    cp = library("cvxpy")
    market = moments(8)
    previous = dict.fromkeys(market.names, 0.125)
    limits = Limits(
        upper=0.4,
        groups=(Group("first", market.names[:4], 0.2, 0.5), Group("last", market.names[6:], 0.3)),
        turnover=Turnover(previous, 0.6),
    )
    found = by_moments(market, Wish("min_volatility", limits=limits)).weights
    x = cp.Variable(8)
    cp.Problem(
        cp.Minimize(cp.quad_form(x, market.covariance)),
        [
            cp.sum(x) == 1, x >= 0, x <= 0.4, cp.sum(x[:4]) >= 0.2, cp.sum(x[:4]) <= 0.5,
            cp.sum(x[6:]) >= 0.3, cp.norm1(x - 0.125) <= 0.6,
        ],
    ).solve(solver=cp.CLARABEL)  # fmt: skip
    assert found == pytest.approx(x.value, abs=CLOSE)
    for goal, target in (("max_sharpe", None), ("target_return", 0.05), ("target_risk", 0.3)):
        got = by_moments(market, Wish(goal, target, limits=limits)).weights  # type: ignore[arg-type]
        assert got.sum() == pytest.approx(1, abs=1e-9)
        assert (got >= -1e-9).all()
        assert (got <= 0.4 + 1e-9).all()
        assert 0.2 - 1e-9 <= got[:4].sum() <= 0.5 + 1e-9
        assert got[6:].sum() >= 0.3 - 1e-9
        assert np.abs(got - 0.125).sum() <= 0.6 + 1e-9


def test_limits_that_do_not_bind_change_nothing() -> None:
    library("cvxpy")
    market = moments(10)
    loose = Limits(upper=0.3, groups=(Group("all", market.names, 0.0, 2.0),))
    for goal, target in (("max_sharpe", None), ("min_volatility", None), ("target_return", 0.1)):
        with_solver = by_moments(market, Wish(goal, target, limits=loose))  # type: ignore[arg-type]
        exact = by_moments(market, Wish(goal, target, limits=Limits(upper=0.3)))  # type: ignore[arg-type]
        assert (with_solver.method, exact.method) == ("interior point", "critical line")
        assert with_solver.weights == pytest.approx(exact.weights, abs=CLOSE)


def test_indicators_are_talibs() -> None:
    talib = library("talib")
    bars = panel(1, 400)
    high, low, close = (
        np.ascontiguousarray(bars.fields[name][:, 0]) for name in ("high", "low", "close")
    )
    assert rsi(close, 20) == pytest.approx(talib.RSI(close, 20), abs=1e-9, nan_ok=True)
    ranges = talib.ATR(high, low, close, 14)
    assert atr(high, low, close, 14) == pytest.approx(ranges, abs=1e-9, nan_ok=True)
    upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
    for ours, theirs in zip(
        indicators.bollinger(close, 20, 2.0), (lower, middle, upper), strict=True
    ):
        assert ours == pytest.approx(theirs, abs=1e-9, nan_ok=True)
    line = talib.MACD(close, 12, 26, 9)[0]
    known = np.isfinite(line)
    assert indicators.macd(close, 12, 26)[known] == pytest.approx(line[known], abs=1e-9)


def test_clusters_are_scikit_learns() -> None:
    cluster = library("sklearn.cluster")
    rng = np.random.default_rng(5)
    points = np.concatenate([rng.normal(place, 3, (40, 5)) for place in (30, 45, 55, 70)])
    start = np.zeros((4, 5))
    start[:, 2] = [30, 45, 55, 70]
    labels, centres = k_means(points, start)
    model = cluster.KMeans(4, init=start, n_init=1, algorithm="lloyd", tol=0).fit(points)
    assert labels.tolist() == model.labels_.tolist()
    assert centres == pytest.approx(model.cluster_centers_, abs=1e-9)


def test_betas_are_least_squares() -> None:
    statistics = library("statsmodels.api")
    market = panel(3, 900)
    close = market.fields["adj_close"][20::21]
    given = factors(market)
    names = ("mkt_rf", "smb", "hml", "rmw", "cma")
    columns = np.column_stack([given[name] for name in (*names, "rf")])[: len(close)].astype(float)
    betas = rolling_betas(close, columns, 24)
    month = 30
    excess = close[1:] / close[:-1] - 1 - columns[1:, -1:]
    design = statistics.add_constant(columns[month - 24 : month, :-1])
    model = statistics.OLS(excess[month - 25 : month - 1, 1], design).fit()
    assert betas[month, 1] == pytest.approx(model.params[1:], abs=1e-9)
    assert np.isnan(betas[:8]).all()
    assert np.isfinite(betas[8:]).all()


@pytest.mark.parametrize("seed", range(8))
def test_whole_shares_are_no_worse_than_pyportfolioopts(seed: int) -> None:
    discrete, frames = library("pypfopt.discrete_allocation"), library("pandas")
    rng = np.random.default_rng(seed)
    names, wanted, prices = tickers(8), rng.dirichlet(np.ones(8)), rng.uniform(5, 400, 8)
    ours = allocate(names, wanted, prices, 20_000)
    theirs, leftover = discrete.DiscreteAllocation(
        dict(zip(names, wanted, strict=True)), frames.Series(prices, names), 20_000
    ).greedy_portfolio()
    shares = np.array([theirs.get(name, 0) for name in names])
    assert np.abs(ours.shares - shares).max() <= 1
    error = np.sqrt(np.mean((shares * prices / 20_000 - wanted) ** 2))
    assert ours.error <= 1.1 * error
    assert ours.leftover <= leftover + prices.max()


def test_backtest_returns_are_those_of_an_independent_one() -> None:
    frames = library("pandas")
    returns, names = daily_returns(5, 400), tickers(5)
    wish = Wish("min_volatility", estimates=EstimateRules(covariance="sample"))
    found = walk_forward(returns, names, wish, Plan(window=120, every=30, cost=0.002))
    prices = frames.DataFrame(np.vstack([np.ones(5), np.cumprod(1 + returns, axis=0)]))
    cash, shares, series = 1.0, frames.Series(np.zeros(5)), []
    wealth = 1.0
    for day in range(120, 400):
        before = prices.iloc[day]
        if (day - 120) % 30 == 0:
            chosen = optimise(returns[day - 120 : day], names, wish).weights
            worth = (shares * before).sum() + cash
            traded = (chosen * worth - shares * before).abs().sum()
            paid = worth - 0.002 * traded
            shares, cash = frames.Series(chosen * paid) / before, 0.0
        after = (shares * prices.iloc[day + 1]).sum() + cash
        series.append(after / wealth - 1)
        wealth = after
    assert found.strategy.returns == pytest.approx(series, abs=1e-12)
