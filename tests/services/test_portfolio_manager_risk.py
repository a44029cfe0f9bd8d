"""Value at risk, expected shortfall and metrics, against closed forms and plain definitions."""

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager import tail_risk
from ray_services.portfolio_manager.metrics import max_drawdown, measure, measure_portfolio
from ray_services.portfolio_manager.random_numbers import fraction, key_of, word
from ray_services.portfolio_manager.tail_risk import (
    Simulation,
    historic,
    parametric,
    prepare,
    simulate,
    spans_of,
    tail_of,
)
from tests.services.portfolio_markets import daily_returns, tickers

SERIES = daily_returns(1, 700)[:, 0]


def test_parametric_risk_is_the_closed_form() -> None:
    found = parametric(0.001, 0.02, 0.99, days=10)
    normal = NormalDist(0.01, 0.02 * sqrt(10))
    assert found.var == pytest.approx(-normal.inv_cdf(0.01))
    steps = np.linspace(1e-9, 0.01, 200_001)
    tail = np.array([normal.inv_cdf(step) for step in steps[::50]])
    assert found.cvar == pytest.approx(-np.trapezoid(tail, steps[::50]) / 0.01, rel=1e-3)


def test_history_is_counted_from_the_worst_day() -> None:
    losses = np.arange(1.0, 101.0) / 100
    found = historic(-losses, 0.95)
    assert found.var == 0.95  # exceeded by five of a hundred
    assert found.cvar == pytest.approx(np.mean([0.96, 0.97, 0.98, 0.99, 1.0]))
    between = historic(-losses, 0.945)  # five days and a half
    assert between.cvar == pytest.approx((0.96 + 0.97 + 0.98 + 0.99 + 1.0 + 0.5 * 0.95) / 5.5)


def test_the_shortfall_of_history_is_the_least_of_rockafellar_and_uryasev() -> None:
    thresholds = np.sort(-SERIES)
    costs = [at + np.maximum(-SERIES - at, 0).sum() / (0.05 * len(SERIES)) for at in thresholds]
    assert historic(SERIES, 0.95).cvar == pytest.approx(min(costs), rel=1e-12)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("days", [1, 10])
def test_gaussian_paths_agree_with_the_closed_form(level: float, days: int) -> None:
    found = simulate(SERIES, Simulation("gaussian", 1_000_000, days, level, seed=3))
    exact = parametric(float(SERIES.mean()), float(SERIES.std(ddof=1)), level, days)
    assert found.var == pytest.approx(exact.var, rel=0.01)
    assert found.cvar == pytest.approx(exact.cvar, rel=0.01)


def test_a_bootstrap_of_one_day_is_history() -> None:
    found = simulate(SERIES, Simulation("bootstrap", 2_000_000, 1, 0.95, seed=4))
    past = historic(SERIES, 0.95)
    assert found.var == pytest.approx(past.var, rel=0.03)  # of values there are only so many
    assert found.cvar == pytest.approx(past.cvar, rel=0.01)


@pytest.mark.parametrize("days", [2, 5, 10])
def test_a_bootstrap_agrees_with_numpys(days: int) -> None:
    rng = np.random.default_rng(1)
    drawn = SERIES[rng.integers(0, len(SERIES), (400_000, days))]
    losses = np.sort(1 - np.prod(1 + drawn, axis=1))[::-1]
    found = simulate(SERIES, Simulation("bootstrap", 400_000, days, 0.95, seed=5))
    assert found.var == pytest.approx(losses[20_000], rel=0.015)
    assert found.cvar == pytest.approx(losses[:20_000].mean(), rel=0.015)


@pytest.mark.parametrize("method", ["bootstrap", "gaussian"])
@pytest.mark.parametrize("days", [1, 3, 10])
def test_any_split_gives_the_same_bits(method: Any, days: int) -> None:
    plan = Simulation(method, 50_021, days, 0.97, seed=9)
    whole = simulate(SERIES, plan)
    for parts in (2, 3, 64):
        assert simulate(SERIES, plan, parts=parts) == whole

    def backwards(func: Callable[..., Any], items: list[Any], **same: Any) -> list[Any]:
        return [func(item, **same) for item in reversed(items)]

    assert simulate(SERIES, plan, parts=5, spread=backwards) == whole


@pytest.mark.parametrize("method", ["bootstrap", "gaussian"])
def test_a_threshold_that_keeps_too_little_is_given_up(
    method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Simulation(method, 30_000, 2, 0.95, seed=1)
    whole = simulate(SERIES, plan)

    def too_low(*given: Any) -> tail_risk.Draw:
        draw = prepare(*given)
        return tail_risk.Draw(draw.logs, draw.days, draw.key, -3.0)

    monkeypatch.setattr(tail_risk, "prepare", too_low)
    assert simulate(SERIES, plan) == whole


def test_what_is_kept_is_the_lowest_of_all_paths() -> None:
    plan = Simulation("bootstrap", 20_000, 4, 0.95)
    draw = prepare(SERIES, plan)
    everything = tail_of((0, 20_000), draw=tail_risk.Draw(draw.logs, 4, draw.key, np.inf))
    assert len(everything) == 20_000
    kept = tail_of((0, 20_000), draw=draw)
    assert kept.tolist() == everything[everything < draw.threshold].tolist()
    assert 1_000 < len(kept) < 2_500


@pytest.mark.parametrize("method", ["bootstrap", "gaussian"])
@pytest.mark.parametrize("paths", [1, 2, 5, 8_192, 8_193])
def test_few_paths_are_no_exception(method: Any, paths: int) -> None:
    found = simulate(SERIES, Simulation(method, paths, 3, 0.95), parts=3)
    assert found.cvar >= found.var - 1e-15


def test_seeds_matter_and_words_are_those_of_splitmix64() -> None:
    assert word(np.uint64(1234567), np.uint64(0)) == 6457827717110365317  # published values
    assert word(np.uint64(1234567), np.uint64(1)) == 3203168211198807973
    plan = Simulation(paths=10_000)
    assert simulate(SERIES, plan) != simulate(SERIES, Simulation(paths=10_000, seed=1))
    places = np.arange(20_000, dtype=np.uint64)
    drawn = np.array([fraction(key_of(0), place) for place in places])
    assert 0 < drawn.min() < drawn.max() <= 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)
    assert drawn.std() == pytest.approx(sqrt(1 / 12), abs=0.01)


def test_spans_cover_every_path_once() -> None:
    assert spans_of(10, 3) == [(0, 3), (3, 6), (6, 10)]
    assert spans_of(2, 5) == [(0, 1), (1, 2)]


def test_metrics_are_what_their_names_say() -> None:
    rng = np.random.default_rng(8)
    market = rng.normal(0.0004, 0.01, 504)
    series = 0.0001 + 1.3 * market
    found = measure(series, benchmark=market, risk_free=0.02)
    assert found.beta == pytest.approx(1.3)
    assert found.volatility == pytest.approx(series.std(ddof=1) * sqrt(252))
    assert found.sharpe == pytest.approx((series.mean() * 252 - 0.02) / found.volatility)
    assert found.total_return == pytest.approx(np.prod(1 + series) - 1)
    assert (1 + found.annual_return) ** 2 == pytest.approx(1 + found.total_return)
    apart = series - market
    assert found.tracking_error == pytest.approx(apart.std(ddof=1) * sqrt(252))
    assert found.information_ratio == pytest.approx(apart.mean() / apart.std(ddof=1) * sqrt(252))
    below = np.minimum(series - 0.02 / 252, 0)
    assert found.sortino == pytest.approx(
        (series.mean() * 252 - 0.02) / sqrt((below**2).mean() * 252)
    )


def test_drawdown_is_the_deepest_fall_since_a_high() -> None:
    assert max_drawdown(np.array([0.1, -0.5, 0.2, -0.1])) == pytest.approx(0.5)
    assert max_drawdown(np.array([-0.2, 0.1])) == pytest.approx(0.2)
    assert max_drawdown(np.array([0.1, 0.1])) == 0


def test_a_portfolio_is_its_weighted_returns() -> None:
    returns = daily_returns(3, 100)
    weights = [0.5, 0.3, 0.2]
    whole = measure_portfolio(returns, tickers(3), weights, benchmark=returns[:, 0])
    assert whole == measure(returns @ np.array(weights), benchmark=returns[:, 0])


def test_a_constant_series_has_no_ratios() -> None:
    found = measure(np.full(10, 0.001), benchmark=np.full(10, 0.001))
    assert found.sharpe is found.sortino is found.beta is found.information_ratio is None
    assert found.var == -0.001


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: measure([0.1, np.nan, 0.2]), "row 2, returns: expected a finite number"),
        (lambda: measure([0.1]), "at least 2 numbers"),
        (lambda: measure([0.1, 0.2], benchmark=[0.1]), "benchmark: expected a series"),
        (lambda: measure([0.1, 0.2, 0.1], benchmark=[0.1, 0.2]), "expected 3 rows as the"),
        (lambda: measure([0.1, 0.2], level=1.5), "level: expected a number between 0.5 and 1"),
        (lambda: measure([0.1, 0.2], frequency=0), "frequency: expected a number above 0"),
        (lambda: measure_portfolio([[0.1], [0.2]], ["A"], [0.9]), "weights: they add up to 0.9"),
        (lambda: measure_portfolio([[0.1], [0.2]], ["A"], [1, 0]), "expected 1 weights"),
        (lambda: measure_portfolio([[0.1], [0.2]], ["A"], [np.inf]), "weight of A is not finite"),
        (lambda: Simulation(paths=0), "paths: expected 1 to"),
        (lambda: Simulation(days=0), "days: expected 1 to"),
        (lambda: Simulation("history"), "expected bootstrap or gaussian"),  # type: ignore[arg-type]
        (lambda: simulate([0.1, -1.0], Simulation()), "row 2, returns: a return of -1"),
        (lambda: spans_of(10, 0), "parts: expected at least 1"),
        (lambda: parametric(0.0, 0.0), "deviation"),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        call()
