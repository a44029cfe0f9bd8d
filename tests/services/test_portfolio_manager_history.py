"""Panels, backtests and the K-means portfolio: dates honoured, the future never seen."""

from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.common.prices import Panel, panel_of
from ray_services.portfolio_manager.backtest import (
    Plan,
    hold,
    rebalancing_rows,
    track,
    walk_forward,
)
from ray_services.portfolio_manager.clusters import k_means
from ray_services.portfolio_manager.estimates import EstimateRules
from ray_services.portfolio_manager.features import (
    FeatureRules,
    features_of,
    monthly_last,
    monthly_mean,
    rolling_mean,
)
from ray_services.portfolio_manager.limits import Limits
from ray_services.portfolio_manager.optimise import Wish, optimise
from ray_services.portfolio_manager.strategy import StrategyRules, run_strategy, weigh
from tests.services.portfolio_markets import daily_returns, factors, panel, tickers

FEW = StrategyRules(universe=30, features=FeatureRules(volume_least=3, lags=(1, 2, 3)))
MARKET = panel(40, 560)
FACTORS = factors(MARKET)


def long_table(of: Panel, seed: int = 0) -> dict[str, Any]:
    """The rows of a panel in any order."""
    rows, columns = np.nonzero(~np.isnan(of.fields["close"]))
    order = np.random.default_rng(seed).permutation(len(rows))
    rows, columns = rows[order], columns[order]
    names = np.array(of.tickers, dtype=object)
    fields = {name: values[rows, columns] for name, values in of.fields.items()}
    return {"date": of.dates[rows], "ticker": names[columns], **fields}


def test_a_long_table_in_any_order_is_the_same_panel() -> None:
    gone = panel(4, 30)
    for values in gone.fields.values():
        values[5, 2] = np.nan
    found = panel_of(long_table(gone))
    assert found.dates.tolist() == gone.dates.tolist()
    assert found.tickers == tuple(sorted(gone.tickers))
    for name, values in gone.fields.items():
        columns = found.columns(gone.tickers)
        assert found.fields[name][:, columns].tobytes() == values.tobytes()


def test_days_are_honoured_both_ends_included() -> None:
    some = MARKET.between(MARKET.dates[10], MARKET.dates[19])
    assert len(some.dates) == 10
    assert some.returns(["T001"]) == pytest.approx(MARKET.returns(["T001"])[10:19])
    with pytest.raises(BadInput, match="no prices between 1990-01-01 and 1991-01-01; they go"):
        MARKET.between("1990-01-01", "1991-01-01")


def test_unknown_tickers_and_days_without_a_price_are_named() -> None:
    with pytest.raises(BadInput, match=r"'T1' is not among the 41 tickers .* There are T"):
        MARKET.returns(["T1"])
    gone = panel(3, 30)
    gone.fields["adj_close"][7, 1] = np.nan
    with pytest.raises(BadInput, match=f"T001 has no price on {gone.dates[7]}"):
        gone.prices(["T000", "T001"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"date": "twice"}, "has a second row for 2018"),
        ({"close": -1.0}, "row 4, close: expected a positive number, got -1"),
        ({"volume": -1.0}, "row 4, volume: expected a positive number"),
        ({"ticker": None}, "row 4, ticker: expected a ticker, got nothing"),
    ],
)
def test_rows_that_no_panel_can_have_are_named(change: dict[str, Any], why: str) -> None:
    table = long_table(panel(2, 10))
    ((name, value),) = change.items()
    if value == "twice":
        table["date"][3], table["ticker"][3] = table["date"][8], table["ticker"][8]
    else:
        table[name][3] = value
    with pytest.raises(BadInput, match=why):
        panel_of(table)


def test_held_weights_drift_with_their_prices() -> None:
    returns = np.array([[0.1, 0.0], [0.0, 0.5]])
    daily, after = hold(returns, np.array([0.5, 0.5]))
    assert daily == pytest.approx([0.05, 0.25 / 1.05])
    assert after == pytest.approx([0.55 / 1.3, 0.75 / 1.3])
    half, _ = hold(returns, np.array([0.5, 0.0]))  # the rest is money
    assert half == pytest.approx([0.05, 0.0])


def test_costs_are_taken_on_the_day_of_the_trade() -> None:
    returns = np.zeros((6, 2))
    returns[:, 1] = 0.01 * np.arange(6)
    sides = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    plan = Plan(window=2, every=2, cost=0.01)
    rows = rebalancing_rows(6, plan)
    found = track(returns, rows, lambda row, held: sides[row // 2 - 1], plan)
    assert rows.tolist() == [2, 4]
    assert found.turnover == pytest.approx([1.0, 2.0])
    assert found.returns == pytest.approx([-0.01, 0.0, 0.98 * 1.04 - 1, 0.05])


def test_months_begin_on_their_first_day() -> None:
    plan = Plan(window=25, every="month")
    rows = rebalancing_rows(len(MARKET.dates), plan, MARKET.dates)
    months = MARKET.dates.astype("datetime64[M]")
    assert (months[rows] != months[rows - 1]).all()
    assert len(rows) == len(np.unique(months)) - 2  # the first month, and the second's start


def test_a_backtest_stands_beside_equal_weights_and_a_benchmark() -> None:
    returns, names = daily_returns(6, 400), tickers(6)
    index = returns.mean(axis=1)
    plan = Plan(window=100, every=50, cost=0.0)
    found = walk_forward(returns, names, Wish("min_volatility"), plan, benchmark=index)
    assert found.first_row == 100
    assert len(found.strategy.returns) == len(found.equal.returns) == 300
    assert found.strategy.metrics.volatility < found.equal.metrics.volatility
    assert found.equal.metrics.beta == pytest.approx(1, abs=0.1)
    assert found.equal.weights == pytest.approx(np.full((6, 6), 1 / 6))
    assert found.notes == ()
    first = optimise(returns[:100], names, Wish("min_volatility")).weights
    assert found.strategy.weights[0].tobytes() == first.tobytes()


def test_a_backtest_never_sees_the_future() -> None:
    returns, names = daily_returns(5, 300), tickers(5)
    plan = Plan(window=100, every=20)
    before = walk_forward(returns, names, Wish(limits=Limits(upper=0.5)), plan)
    changed = returns.copy()
    changed[220:] = -changed[219:-1][::-1] / 2
    after = walk_forward(changed, names, Wish(limits=Limits(upper=0.5)), plan)
    assert after.strategy.returns[:120].tobytes() == before.strategy.returns[:120].tobytes()
    assert after.strategy.returns[120:].tobytes() != before.strategy.returns[120:].tobytes()


def test_an_infeasible_day_keeps_the_weights_and_says_so() -> None:
    returns, names = daily_returns(3, 200), tickers(3)
    returns[:150] -= 0.05
    returns[150:] += 0.03
    plan = Plan(window=100, every=40, cost=0)
    found = walk_forward(returns, names, Wish(), plan)
    assert found.notes[0].startswith("row 101: the weights stay as they are. risk_free: no portf")
    assert found.strategy.weights[0].tolist() == [0, 0, 0]
    assert not found.strategy.returns[:40].any()


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ({"window": 400}, "300 days are too few for a window of 400; at least 402"),
        ({"window": 1}, "window: expected at least 2"),
        ({"every": 0}, 'every: expected a number of days or "month", got 0'),
        ({"every": "year"}, "every: expected a number of days"),
        ({"cost": -0.1}, "cost: expected a number between 0 and 1"),
        ({"every": "month"}, "dates: months need a date for each row"),
    ],
)
def test_plans_that_cannot_be_walked(plan: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        walk_forward(daily_returns(2, 300), tickers(2), Wish(), Plan(**plan))


def test_clusters_start_where_they_are_told() -> None:
    points = [[0.0], [1.0], [9.0], [10.0]]
    labels, centres = k_means(points, [[0.0], [10.0], [99.0]])
    assert labels.tolist() == [0, 0, 1, 1]
    assert centres.tolist() == [[0.5], [9.5], [99.0]]  # one without points stays
    with pytest.raises(BadInput, match="as many features"):
        k_means(points, [[0.0, 1.0]])


def test_months_take_the_last_and_the_mean_of_what_there_is() -> None:
    values = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 4.0], [6.0, np.nan]])
    begins = np.array([0, 2])
    assert monthly_last(values, begins).tolist()[1] == [6.0, 4.0]
    assert np.isnan(monthly_last(values, begins)[0, 1])
    assert monthly_mean(values, begins)[:, 0].tolist() == [1.5, 6.0]
    rolled = rolling_mean(values, 2, 2)
    assert rolled[1, 0] == 1.5
    assert np.isnan(rolled[2:]).all()


def test_features_never_see_the_future() -> None:
    whole = features_of(MARKET, FACTORS)
    day = 400
    early = MARKET.between(None, MARKET.dates[day])
    part = features_of(early, FACTORS)
    months = len(part.months) - 1  # the last month is not over
    assert part.names == whole.names
    assert len(part.names) == 18
    assert part.values[:months].tobytes() == whole.values[:months].tobytes()
    assert part.dollar_volume[:months].tobytes() == whole.dollar_volume[:months].tobytes()


@pytest.fixture(scope="module")
def ran() -> Any:
    return run_strategy(MARKET, FACTORS, FEW)


def test_the_strategy_holds_what_it_chose_the_month_before(ran: Any) -> None:
    assert len(ran.returns) == len(ran.dates) == len(ran.benchmark) == len(ran.equal)
    first = ran.holdings[0]
    assert ran.dates[0].astype("datetime64[M]") == first.month
    for held in ran.holdings:
        assert "SPY" not in held.tickers
        if held.goal == "cash":
            assert held.notes
            continue
        assert held.weights.sum() == pytest.approx(1, abs=1e-9)
        assert (held.weights >= 1 / (2 * len(held.tickers)) - 1e-9).all()
        cap = 0.1 if len(held.tickers) >= 10 else min(1, 2 / len(held.tickers))
        assert (held.weights <= cap + 1e-9).all()
        assert (
            len(held.tickers) >= 10
            or "are no whole portfolio" in held.notes[-1]
            or ("are no whole portfolio" in held.notes[0])
        )
        assert held.goal == "max_sharpe" or "returns more than the risk-free" in held.notes[-1]


def test_the_strategys_returns_are_those_of_its_weights(ran: Any) -> None:
    held = ran.holdings[3]
    rows = np.flatnonzero(MARKET.dates.astype("datetime64[M]") == held.month)
    prices = MARKET.prices(held.tickers)
    wealth = (prices[rows] / prices[rows[0] - 1]) @ held.weights
    mine = ran.returns[ran.dates.astype("datetime64[M]") == held.month]
    assert np.cumprod(1 + mine) == pytest.approx(wealth, abs=1e-12)
    index = MARKET.returns(["SPY"])[rows - 1, 0]
    assert ran.benchmark[ran.dates.astype("datetime64[M]") == held.month] == pytest.approx(index)


def test_the_strategy_never_sees_the_future(ran: Any) -> None:
    cut = 500
    changed = {name: values.copy() for name, values in MARKET.fields.items()}
    for values in changed.values():
        values[cut:] = values[cut:][::-1]
    other = run_strategy(Panel(MARKET.dates, MARKET.tickers, changed), FACTORS, FEW)
    same = ran.dates < MARKET.dates[cut]
    assert other.returns[same].tobytes() == ran.returns[same].tobytes()


def test_a_month_without_excess_return_is_calm_and_says_so() -> None:
    falling = panel(12, 300)
    fall = np.exp(-0.01 * np.arange(300))[:, np.newaxis]
    fields = {name: values * fall for name, values in falling.fields.items()}
    market = Panel(falling.dates, falling.tickers, fields)
    found = weigh(market, np.datetime64("2019-01", "M"), tickers(12), 261, StrategyRules())
    assert found.goal == "min_volatility"
    assert "Least volatility instead of the highest Sharpe ratio" in found.notes[0]
    assert found.weights.sum() == pytest.approx(1)
    few = weigh(market, np.datetime64("2019-01", "M"), tickers(4), 261, StrategyRules())
    assert few.notes[0].startswith("4 stocks of at most 10% are no whole portfolio; at most 50.0%")
    none = weigh(market, np.datetime64("2019-01", "M"), (), 261, StrategyRules())
    assert (none.goal, none.tickers) == ("cash", ())


def test_too_little_history_says_so() -> None:
    short = MARKET.between(None, MARKET.dates[100])
    with pytest.raises(BadInput, match="no month has stocks with all features"):
        run_strategy(short, FACTORS, StrategyRules())


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: StrategyRules(centroids=(50.0,)), "centroids: expected at least 2"),
        (lambda: StrategyRules(cap=1.5), "cap"),
        (lambda: StrategyRules(universe=0), "universe"),
        (lambda: FeatureRules(fast=30), "slow: expected more than fast"),
        (lambda: FeatureRules(beta_months=3), "beta_months: expected at least 7"),
        (lambda: FeatureRules(clip=0.5), "clip"),
        (lambda: FeatureRules(lags=()), "lags"),
        (lambda: EstimateRules(frequency=-1), "frequency"),
    ],
)
def test_rules_that_cannot_be_followed(call: Any, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        call()
