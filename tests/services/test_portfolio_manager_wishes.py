"""From returns to a portfolio: estimates, goals, limits, batches and whole shares."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput, LibraryMissing
from ray_services.portfolio_manager.allocation import allocate
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.estimates import EstimateRules, estimate
from ray_services.portfolio_manager.hierarchy import (
    distances,
    hierarchical_risk_parity,
    quasi_diagonal,
    single_linkage,
)
from ray_services.portfolio_manager.inputs import returns_of, returns_of_prices
from ray_services.portfolio_manager.limits import Group, Limits, Turnover, bounds_of
from ray_services.portfolio_manager.optimise import (
    Cut,
    Portfolio,
    Refusal,
    Wish,
    by_moments,
    optimise,
    optimise_cut,
    optimise_many,
)
from tests.services.portfolio_markets import daily_returns, moments, tickers

RETURNS, NAMES = daily_returns(10, 300), tickers(10)


@pytest.mark.parametrize("goal", ["max_sharpe", "min_volatility", "hrp"])
@pytest.mark.parametrize("covariance", ["sample", "ledoit_wolf", "ewma"])
def test_every_goal_by_every_covariance(goal: Any, covariance: Any) -> None:
    rules = EstimateRules(covariance=covariance)
    found = optimise(RETURNS, NAMES, Wish(goal, estimates=rules))
    market = estimate(RETURNS, NAMES, rules)
    assert found.weights.sum() == pytest.approx(1)
    assert (found.weights >= 0).all()
    assert found.expected_return == pytest.approx(market.mean @ found.weights)
    assert found.sharpe == pytest.approx(found.expected_return / found.volatility)
    told = found.as_dict()["weights"]
    assert told == dict(zip(NAMES, found.weights.tolist(), strict=True))


def test_bounds_may_be_told_by_name() -> None:
    limits = Limits(lower={"T001": 0.2}, upper={"T002": 0.05})
    lower, upper = bounds_of(limits, NAMES)
    assert lower.tolist() == [0, 0.2, *[0] * 8]
    assert upper.tolist() == [1, 1, 0.05, *[1] * 7]
    weights = optimise(RETURNS, NAMES, Wish("min_volatility", limits=limits)).weights
    assert weights[1] >= 0.2
    assert weights[2] <= 0.05


def test_long_and_short_through_bounds() -> None:
    both = Limits(lower=-0.3, upper=0.5)
    found = optimise(RETURNS, NAMES, Wish(limits=both))
    assert found.weights.min() < -0.01
    assert found.sharpe > optimise(RETURNS, NAMES, Wish(limits=Limits(upper=0.5))).sharpe


def test_more_assets_than_days_need_shrinkage() -> None:
    few, names = daily_returns(30, 20), tickers(30)
    shrunk = optimise(few, names, Wish("min_volatility")).weights
    assert shrunk.sum() == pytest.approx(1)
    wide = Limits(lower=-1, upper=1)
    sample = EstimateRules(covariance="sample")
    with pytest.raises(BadInput, match=r"30 assets \(20 observations\) is singular.*ledoit_wolf"):
        optimise(few, names, Wish("min_volatility", limits=wide, estimates=sample))


def test_a_batch_is_its_portfolios_one_by_one() -> None:
    cuts = [Cut((0, 1, 2), 0, 200), Cut((5, 3), 100), Cut(tuple(range(10)))]
    wish = Wish(limits=Limits(upper=0.6))
    found = optimise_many(cuts, returns=RETURNS, names=NAMES, wish=wish)
    assert [one.names for one in found] == [NAMES[:3], (NAMES[5], NAMES[3]), NAMES]
    alone = optimise(RETURNS[100:, [5, 3]], (NAMES[5], NAMES[3]), wish)
    assert isinstance(found[1], Portfolio)
    assert found[1].weights.tobytes() == alone.weights.tobytes()


def test_one_that_cannot_be_does_not_stop_the_batch() -> None:
    rows = RETURNS.copy()
    rows[250, 4] = np.nan
    cuts = [Cut((0,)), Cut((0, 1)), Cut((4, 5, 6))]
    wish = Wish("min_volatility", limits=Limits(upper=0.6))
    small, good, broken = optimise_many(cuts, returns=rows, names=NAMES, wish=wish)
    assert isinstance(small, Refusal)
    assert small.infeasible
    assert "less than the whole" in small.reason
    assert isinstance(good, Portfolio)
    assert isinstance(broken, Refusal)
    assert not broken.infeasible
    assert "row 251, T004: expected a finite return" in broken.reason


def test_a_refusal_is_never_another_portfolio() -> None:
    falling = Wish(risk_free=9.0)
    with pytest.raises(Infeasible, match="returns more than the risk-free 9"):
        optimise(RETURNS, NAMES, falling)
    found = optimise_cut(Cut((0, 1)), returns=RETURNS, names=NAMES, wish=falling)
    assert not hasattr(found, "weights")


def without_cvxpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvxpy", None)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("min_cvar"),
        Wish(limits=Limits(groups=(Group("two", NAMES[:2], 0.1),))),
        Wish("min_volatility", limits=Limits(turnover=Turnover({NAMES[0]: 1.0}, 0.5))),
    ],
)
def test_without_the_library_it_says_what_to_install(
    wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_cvxpy(monkeypatch)
    with pytest.raises(LibraryMissing, match="pip install cvxpy"):
        optimise(RETURNS, NAMES, wish)


HEAVY = {"cvxpy", "django", "pandas", "ray"}


def test_the_core_imports_none_of_the_large_libraries() -> None:
    modules = ("optimise", "strategy", "backtest", "allocation", "tail_risk")
    names = ", ".join(f"ray_services.portfolio_manager.{module}" for module in modules)
    code = f"import sys, {names}; print(*set(sys.modules) & {HEAVY!r})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_the_exact_goals_do_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    without_cvxpy(monkeypatch)
    for goal in ("max_sharpe", "min_volatility", "hrp"):
        optimise(RETURNS, NAMES, Wish(goal))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(limits=Limits(groups=(Group("two", NAMES[:2], 2.5),))),
         "group two: its members together have between 0 and 2"),
        (Wish(limits=Limits(groups=(Group("a", NAMES[:6], 0.7), Group("b", NAMES[5:], 0.7)),
                            upper={NAMES[5]: 0.1})), "groups: the limits .* contradict"),
        (Wish(limits=Limits(upper=0.2, turnover=Turnover({NAMES[0]: 1.0}, 0.5))),
         r"takes a turnover of 1\.6; asked for was 0\.5 at most"),
        (Wish(limits=Limits(turnover=Turnover({"GONE": 1.0}, 0.5))),
         "selling what is no longer among the assets is a turnover of 1 alone"),
        (Wish(risk_free=5.0, limits=Limits(groups=(Group("two", NAMES[:2], 0.1),))),
         "no portfolio within the limits returns more than the risk-free 5"),
        (Wish("target_return", 5.0, limits=Limits(groups=(Group("two", NAMES[:2], 0.1),))),
         "no portfolio within the limits returns 5 a year; the highest attainable is 0"),
        (Wish("target_risk", 0.01, limits=Limits(groups=(Group("two", NAMES[:2], 0.1),))),
         "has a volatility of 0.01 a year; the least attainable is 0"),
        (Wish("min_cvar", 5.0), "returns 5 a year"),
    ],
)  # fmt: skip
def test_limits_that_contradict_each_other_say_which(wish: Wish, why: str) -> None:
    pytest.importorskip("cvxpy", exc_type=ImportError)
    with pytest.raises(Infeasible, match=why):
        optimise(RETURNS, NAMES, wish)


@pytest.mark.filterwarnings("ignore")
def test_what_is_sold_counts_as_turnover() -> None:
    pytest.importorskip("cvxpy", exc_type=ImportError)
    kept = Turnover({NAMES[0]: 0.9, "GONE": 0.1}, 0.3)
    weights = optimise(RETURNS, NAMES, Wish("min_volatility", limits=Limits(turnover=kept))).weights
    assert abs(weights[0] - 0.9) + weights[1:].sum() + 0.1 <= 0.3 + 1e-9


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: Wish("best"), "goal: expected one of max_sharpe"),  # type: ignore[arg-type]
        (lambda: Wish("target_return"), "target: target_return needs a number"),
        (lambda: Wish("max_sharpe", 0.1), "target: max_sharpe has none"),
        (lambda: Wish("hrp", limits=Limits(upper=0.2)), "hrp takes no bounds"),
        (lambda: Wish(level=2), "level"),
        (lambda: EstimateRules(covariance="best"), "covariance: expected one of"),  # type: ignore[arg-type]
        (lambda: EstimateRules(half_life=0), "half_life: expected a number above 0"),
        (lambda: Group("none", ()), "group none: expected at least one member"),
        (lambda: Group("odd", ("A",), 1, 0), "lower limit 1 is above its upper one 0"),
        (lambda: Turnover({}, -1), "turnover: expected a number of at least 0"),
        (lambda: bounds_of(Limits(lower=0.6, upper=0.5), NAMES), "T000: its lower bound is above"),
        (lambda: bounds_of(Limits(upper=np.inf), NAMES), "upper: expected finite"),
        (lambda: bounds_of(Limits(upper={"X": 1}), NAMES), "upper: X is not among the assets"),
        (lambda: returns_of([[0.1, 0.2]], ["A", "B"]), "at least 2 rows of returns, got 1"),
        (lambda: returns_of([[0.1], ["x"]], ["A"]), "returns: expected numbers"),
        (lambda: returns_of([0.1, 0.2], ["A"]), "expected rows and columns"),
        (lambda: returns_of([[0.1], [-2]], ["A"]), "row 2, A: expected a return of -1"),
        (lambda: returns_of([[0.1], [0.1]], ["A", "B"]), "expected 1 names"),
        (lambda: returns_of([[0.1, 0], [0.1, 0]], ["A", "A"]), "A is there more than once"),
        (lambda: returns_of_prices([[1], [0], [2]], ["A"]), "row 2, A: expected a positive price"),
        (lambda: returns_of_prices([[1], [2]], ["A"]), "at least 3 rows of prices"),
        (lambda: estimate([[0.1, 0], [0.1, 1]], ["A", "B"]), "A: the series is constant"),
        (lambda: by_moments(moments(3), Wish("min_cvar")), "min_cvar needs the returns"),
    ],
)
def test_bad_wishes_are_named(call: Callable[[], Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        call()


def test_returns_of_prices() -> None:
    found = returns_of_prices([[100, 10], [110, 5], [99, 10]], ["A", "B"])
    assert found == pytest.approx(np.array([[0.1, -0.5], [-0.1, 1.0]]))


def test_estimates_of_a_year() -> None:
    found = estimate(RETURNS, NAMES, EstimateRules(covariance="sample"))
    assert found.mean == pytest.approx(RETURNS.mean(axis=0) * 252)
    assert found.covariance == pytest.approx(np.cov(RETURNS.T) * 252)
    growth = estimate(RETURNS, NAMES, EstimateRules(mean="geometric")).mean
    assert (1 + growth) ** (300 / 252) == pytest.approx(np.prod(1 + RETURNS, axis=0))
    assert 0 < (estimate(RETURNS, NAMES).shrinkage or 0) < 1


def test_the_tree_puts_what_is_alike_together() -> None:
    covariance = np.eye(4) + 0.9 * (np.eye(4)[[2, 3, 0, 1]])  # 0 with 2, 1 with 3
    steps = single_linkage(distances(covariance))
    assert steps[:2].tolist() == [[0, 2], [1, 3]]
    assert steps[2].tolist() == [4, 5]
    assert quasi_diagonal(steps).tolist() == [0, 2, 1, 3]
    assert hierarchical_risk_parity(covariance) == pytest.approx(np.full(4, 0.25))
    assert hierarchical_risk_parity(np.array([[0.04]])).tolist() == [1.0]


def test_whole_shares_spend_what_they_can() -> None:
    found = allocate(("A", "B"), [0.5, 0.5], [30.0, 70.0], 1000)
    assert found.shares.tolist() == [17, 7]
    assert found.leftover == pytest.approx(0)
    assert found.weights.sum() + found.leftover / 1000 == pytest.approx(1)
    assert found.as_dict()["shares"] == {"A": 17, "B": 7}


def test_what_divides_evenly_leaves_nothing() -> None:
    found = allocate(("A", "B", "C"), [0.1, 0.2, 0.7], [0.1, 0.2, 0.7], 1000)
    assert found.shares.tolist() == [1000, 1000, 1000]
    assert found.leftover == pytest.approx(0)


def test_short_sales_pay_for_more() -> None:
    found = allocate(("A", "B"), [1.3, -0.3], [10.0, 20.0], 1000)
    assert found.shares.tolist() == [130, -15]
    assert found.leftover == pytest.approx(0)


@pytest.mark.parametrize("seed", range(20))
def test_no_share_that_is_still_wanted_could_be_paid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prices, weights = rng.uniform(5, 400, 12), rng.dirichlet(np.ones(12))
    found = allocate(tickers(12), weights, prices, 10_000)
    assert found.leftover >= 0
    assert found.shares @ prices + found.leftover == pytest.approx(10_000)
    wanted = weights * 10_000 > found.shares * prices
    assert (prices[wanted] > found.leftover).all()


@pytest.mark.parametrize(
    ("weights", "prices", "amount", "why"),
    [
        ([0.5, 0.5], [10, 20], 5, "amount: 5 buys no share; the cheapest costs 10"),
        ([0.5, 0.5], [10, np.nan], 100, "B: expected a positive price"),
        ([0.5, 0.5], [10], 100, "expected 2 prices, got 1"),
        ([0.5, 0.4], [10, 20], 100, "add up to 0.9"),
        ([0.5, 0.5], [10, 20], 0, "amount: expected a number above 0"),
    ],
)
def test_shares_that_cannot_be_bought(
    weights: list[float], prices: list[float], amount: float, why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        allocate(("A", "B"), weights, prices, amount)
