"""The critical line against its own conditions of optimality, and its degenerate corners."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.estimates import Moments, moments_of
from ray_services.portfolio_manager.frontier import Frontier, max_sharpe, trace
from tests.services.portfolio_markets import moments, tickers

type Floats = NDArray[np.float64]


def bounds(count: int, lower: float = 0.0, upper: float = 1.0) -> tuple[Floats, Floats]:
    return np.full(count, lower), np.full(count, upper)


def assert_within(weights: Floats, lower: Floats, upper: Floats) -> None:
    assert (weights >= lower - 1e-12).all()
    assert (weights <= upper + 1e-12).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


def assert_efficient(
    market: Moments, weights: Floats, turn: float, lower: Floats, upper: Floats
) -> None:
    """No two assets can trade weight and gain: Karush, Kuhn and Tucker's conditions."""
    assert_within(weights, lower, upper)
    gradient = market.covariance @ weights - turn * market.mean
    scale = np.abs(market.covariance @ weights).max()
    can_fall, can_rise = weights > lower + 1e-9, weights < upper - 1e-9
    if can_fall.any() and can_rise.any():
        assert gradient[can_fall].max() <= gradient[can_rise].min() + 1e-8 * scale


def all_efficient(market: Moments, lower: Floats, upper: Floats) -> Frontier:
    frontier = trace(market, lower, upper)
    for turn, weights in zip(frontier.turns, frontier.points, strict=True):
        assert_efficient(market, weights, turn, lower, upper)
    assert frontier.turns[-1] == 0
    assert (np.diff(frontier.turns) < 0).all()
    assert (np.diff(frontier.returns) <= 1e-12).all()
    return frontier


@pytest.mark.parametrize("count", [1, 2, 3, 10, 50, 120])
@pytest.mark.parametrize(("lower", "upper"), [(0.0, 1.0), (0.0, 0.4), (-0.3, 0.6)])
def test_every_turning_point_is_efficient(count: int, lower: float, upper: float) -> None:
    if count * upper < 1:
        upper = 1.5 / count
    frontier = all_efficient(moments(count), *bounds(count, lower, upper))
    assert len(frontier.turns) > count // 10


@settings(max_examples=300, deadline=None)
@given(
    count=st.integers(1, 8),
    seed=st.integers(0, 2**32),
    means=st.lists(st.sampled_from([-0.1, 0.0, 0.05, 0.05, 0.1]), min_size=8, max_size=8),
    edges=st.lists(st.sampled_from([0.0, 0.1, 0.125, 0.25, 0.5, 1.0]), min_size=16, max_size=16),
    short=st.booleans(),
)
def test_ties_and_tight_bounds_are_efficient_too(
    count: int, seed: int, means: list[float], edges: list[float], short: bool
) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, count + 3))
    market = Moments(tickers(count), np.array(means[:count]), root @ root.T / 50)
    lower, upper = np.sort(np.array(edges[: 2 * count]).reshape(count, 2), axis=1).T
    if short:
        lower = -lower
    if lower.sum() > 1 + 1e-12 or upper.sum() < 1 - 1e-12:
        with pytest.raises(Infeasible):
            trace(market, lower, upper)
        return
    frontier = all_efficient(market, lower, upper)
    if frontier.returns[0] > 0.01 + 1e-12:
        best = max_sharpe(market, lower, upper, 0.01)
        assert best == pytest.approx(frontier.max_sharpe(0.01), abs=1e-9)


@pytest.mark.parametrize("third", [(0.1, 0.125), (0.1, 0.1)])
def test_an_excess_that_is_only_rounding_is_none(third: tuple[float, float]) -> None:
    """0.5 x 0 + 0.4 x 0.05 - 0.1 x 0.1 is 0.01 and 2e-18 in floating point."""
    market = moments(3)
    market = Moments(market.names, np.array([0.0, 0.05, -0.1]), market.covariance)
    lower, upper = np.array([(0.5, 0.5), (0.0, 0.5), third]).T
    assert trace(market, lower, upper).returns[0] == pytest.approx(0.01)
    for ask in (max_sharpe, lambda *given: trace(*given[:3]).max_sharpe(0.01)):
        with pytest.raises(Infeasible, match=r"risk-free 0\.01 a year; .* is 0\.01"):
            ask(market, lower, upper, 0.01)


def test_equal_means_leave_the_least_variance_alone() -> None:
    market = moments(12)
    same = Moments(market.names, np.full(12, 0.07), market.covariance)
    frontier = all_efficient(same, *bounds(12))
    assert len(frontier.turns) == 1
    assert frontier.max_return() == pytest.approx(trace(market, *bounds(12)).min_volatility())
    assert max_sharpe(same, *bounds(12)) == pytest.approx(frontier.min_volatility())


def test_equal_means_at_the_top_share_it_with_the_least_variance() -> None:
    covariance = np.diag([0.04, 0.01, 0.09])
    market = Moments(tickers(3), np.array([0.1, 0.1, 0.02]), covariance)
    frontier = all_efficient(market, *bounds(3))
    assert frontier.max_return() == pytest.approx([0.2, 0.8, 0.0])


@pytest.mark.parametrize(("lower", "upper"), [(0.0, 0.1), (0.1, 1.0), (0.1, 0.1)])
def test_bounds_that_pin_all_weights_leave_one_portfolio(lower: float, upper: float) -> None:
    frontier = all_efficient(moments(10), *bounds(10, lower, upper))
    assert frontier.points == pytest.approx(np.full((len(frontier.turns), 10), 0.1))
    assert frontier.spread(5).weights == pytest.approx(np.full((5, 10), 0.1))


def test_one_asset_is_the_whole_portfolio() -> None:
    frontier = all_efficient(moments(1), *bounds(1))
    assert frontier.points.tolist() == [[1.0]]
    assert max_sharpe(moments(1), *bounds(1), -1.0).tolist() == [1.0]
    assert frontier.target_risk(9.0).tolist() == [1.0]
    assert frontier.spread(3).weights.tolist() == [[1.0]] * 3


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("lower", "upper"), [(0.0, 0.3), (-0.2, 0.5)])
def test_no_portfolio_beats_max_sharpe(seed: int, lower: float, upper: float) -> None:
    market, (low, high) = moments(8, seed), bounds(8, lower, upper)
    frontier = trace(market, low, high)
    rate = float(frontier.returns[0]) - 0.05
    for risk_free in (0.0, 0.02, rate):
        if frontier.returns[0] <= risk_free:
            continue
        best = max_sharpe(market, low, high, risk_free)
        assert_within(best, low, high)
        assert best == pytest.approx(frontier.max_sharpe(risk_free), abs=1e-9)
        excess = market.mean @ best - risk_free
        turn = best @ market.covariance @ best / excess  # of the tangent
        assert_efficient(market, best, turn, low, high)
        points = frontier.spread(2000)
        ratios = (points.returns - risk_free) / points.volatilities
        assert excess / np.sqrt(best @ market.covariance @ best) >= ratios.max() - 1e-12


def test_max_sharpe_may_be_the_highest_return_itself() -> None:
    market = moments(6)
    frontier = trace(market, *bounds(6))
    rate = float(frontier.returns[0]) - 1e-6
    assert max_sharpe(market, *bounds(6), rate) == pytest.approx(frontier.max_return(), abs=1e-4)


def test_targets_are_met_exactly() -> None:
    market, (low, high) = moments(20), bounds(20, 0.0, 0.2)
    frontier = trace(market, low, high)
    for share in (0.0, 0.123, 0.5, 0.99, 1.0):
        low_return, high_return = frontier.returns[-1], frontier.returns[0]
        target = float(low_return + share * (high_return - low_return))
        weights = frontier.target_return(target)
        assert_within(weights, low, high)
        assert market.mean @ weights == pytest.approx(target, abs=1e-12)
        calm, wild = np.sqrt(frontier.variances[-1]), np.sqrt(frontier.variances[0])
        risk = float(calm + share * (wild - calm))
        weights = frontier.target_risk(risk)
        assert_within(weights, low, high)
        assert np.sqrt(weights @ market.covariance @ weights) == pytest.approx(risk, rel=1e-9)
        assert frontier.tolerating(share) == pytest.approx(weights, abs=1e-6)


def test_a_target_below_the_least_variance_is_met_by_it() -> None:
    frontier = trace(moments(5), *bounds(5))
    assert frontier.target_return(-9.0) == pytest.approx(frontier.min_volatility())
    assert frontier.target_risk(9.0) == pytest.approx(frontier.max_return())


@pytest.mark.parametrize("count", [1, 2, 50])
def test_any_number_of_frontier_points(count: int) -> None:
    market = moments(30)
    frontier = trace(market, *bounds(30, 0.0, 0.1))
    points = frontier.spread(count)
    assert points.weights.shape == (count, 30)
    assert points.weights @ market.mean == pytest.approx(points.returns, abs=1e-12)
    variances = (points.weights @ market.covariance * points.weights).sum(axis=1)
    assert points.volatilities**2 == pytest.approx(variances, rel=1e-9)
    for target, weights in zip(points.returns, points.weights, strict=True):
        assert frontier.target_return(float(target)) == pytest.approx(weights, abs=1e-9)


@pytest.mark.parametrize(
    ("lower", "upper", "why"),
    [
        (0.0, 0.05, r"upper bounds of 10 assets add up to 0.5, .* Raise them to 0.1 on average"),
        (0.2, 1.0, r"lower bounds of 10 assets add up to 2, .* Reduce them to 0.1 on average"),
    ],
)
def test_bounds_that_allow_no_portfolio_say_why(lower: float, upper: float, why: str) -> None:
    with pytest.raises(Infeasible, match=why):
        trace(moments(10), *bounds(10, lower, upper))


def test_what_cannot_be_had_says_what_can() -> None:
    market = moments(10)
    frontier = trace(market, *bounds(10))
    highest = f"{frontier.returns[0]:.6g}"
    with pytest.raises(Infeasible, match=f"the highest attainable is {highest}"):
        frontier.target_return(9.0)
    with pytest.raises(Infeasible, match="the least attainable is 0"):
        frontier.target_risk(0.001)
    for ask in (lambda: frontier.max_sharpe(9.0), lambda: max_sharpe(market, *bounds(10), 9.0)):
        with pytest.raises(Infeasible, match=f"the highest attainable is {highest}.*min_vol"):
            ask()
    with pytest.raises(Infeasible, match="no portfolio within the limits returns more"):
        max_sharpe(Moments(market.names, -abs(market.mean), market.covariance), *bounds(10))


def test_a_singular_covariance_says_which_asset() -> None:
    market = moments(4)
    twin = market.covariance[np.ix_([0, 1, 2, 3, 3], [0, 1, 2, 3, 3])]
    mean = np.append(market.mean, market.mean[3] - 0.01)
    with pytest.raises(BadInput, match=r"singular: T00[34] moves exactly as .* ledoit_wolf"):
        trace(Moments(tickers(5), mean, twin), np.full(5, -1.0), np.full(5, 1.0))


@pytest.mark.parametrize(
    ("covariance", "why"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], "not symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "negative eigenvalue"),
        ([[1.0, np.nan], [np.nan, 1.0]], "finite"),
        ([[1.0, 0.0], [0.0, 0.0]], "B: the series is constant"),
        ([[1.0]], "expected 2 means and 2 x 2"),
    ],
)
def test_a_matrix_that_is_no_covariance_is_refused(covariance: list[list[float]], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        moments_of(["A", "B"], [0.1, 0.2], covariance)


def test_the_same_request_gives_the_same_bits() -> None:
    market = moments(40)
    first, second = (max_sharpe(market, *bounds(40, 0, 0.1)) for _ in range(2))
    assert first.tobytes() == second.tobytes()
