"""Value at risk, its backtests, losses of forecasts, and the functions beneath them."""

from math import erfc, exp, log, pi, sqrt

import numpy as np
import pytest

from ray_services.garch_predictor.losses import (
    garman_klass,
    mse,
    parkinson,
    qlike,
    realised_variance,
    scores,
)
from ray_services.garch_predictor.rolling import rolling_fits
from ray_services.garch_predictor.spec import GarchSpec, Rolling
from ray_services.garch_predictor.special import (
    beta_share,
    digamma,
    fill_t_tails,
    t_above,
    t_density,
    t_upper,
)
from ray_services.garch_predictor.value_at_risk import backtest, coverage_tests, value_at_risk
from tests.services.garch_series import simulated


def days_with(*runs: tuple[int, int]) -> list[int]:
    """Runs of so many days of a kind."""
    return [kind for kind, days in runs for _ in range(days)]


@pytest.mark.parametrize(
    ("x", "expected"),
    [(1.0, -0.5772156649015329), (0.5, -1.9635100260214235), (10.0, 2.2517525890667211)],
)
def test_the_slope_of_log_gamma(x: float, expected: float) -> None:
    assert digamma(x) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("x", [0.01, 0.3, 1.0, 4.0, 30.0])
def test_tails_of_t_with_few_degrees_have_closed_forms(x: float) -> None:
    assert t_above(x, 1.0) == pytest.approx(0.5 - np.arctan(x) / pi, rel=1e-10)
    assert t_above(x, 2.0) == pytest.approx(0.5 - x / (2 * sqrt(2 + x * x)), rel=1e-9)
    spread = 1 + x * x / 4
    four = 0.5 - 0.375 * x / sqrt(spread) * (1 - x * x / (12 * spread))
    assert t_above(x, 4.0) == pytest.approx(four, rel=1e-8, abs=1e-12)


def test_many_degrees_are_nearly_normal() -> None:
    assert t_above(1.6448536269514722, 1e6) == pytest.approx(0.05, rel=1e-5)


@pytest.mark.parametrize("nu", [2.05, 2.5, 4.0, 7.3, 60.0, 500.0])
@pytest.mark.parametrize("chance", [1e-6, 0.01, 0.05, 0.3, 0.5])
def test_quantiles_are_where_the_tail_has_the_chance(nu: float, chance: float) -> None:
    x = t_upper(chance, nu)
    assert t_above(x, nu) == pytest.approx(chance, rel=1e-9)


def test_tails_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    nus = np.array([2.1, 3.7, 8.0, 44.0, 499.0])
    upper, mean = np.empty(5), np.empty(5)
    for level in (0.005, 0.05, 0.25):
        fill_t_tails(level, nus, upper, mean)
        expected = stats.t.isf(level, nus) * np.sqrt((nus - 2) / nus)
        assert upper == pytest.approx(expected, rel=1e-9)
    for x, nu in ((0.0, 3.0), (1.2, 3.0), (5.0, 2.2)):
        assert t_density(x, nu) == pytest.approx(stats.t.pdf(x, nu), rel=1e-12)


def test_the_mean_beyond_a_quantile_is_that_of_adding_up() -> None:
    nu, level = 5.0, 0.05
    upper, mean = np.empty(1), np.empty(1)
    fill_t_tails(level, np.array([nu]), upper, mean)
    scale = sqrt((nu - 2) / nu)
    edges = np.geomspace(upper[0] / scale, 4000, 20_001)
    middles = (edges[1:] + edges[:-1]) / 2
    density = np.array([t_density(one, nu) for one in middles])
    total = float((middles * density * np.diff(edges)).sum())
    assert mean[0] == pytest.approx(scale * total / level, rel=1e-5)


def test_the_beta_function_is_whole_at_its_ends() -> None:
    assert beta_share(2.0, 3.0, 0.0) == 0
    assert beta_share(2.0, 3.0, 1.0) == 1
    assert beta_share(2.0, 3.0, 0.3) == pytest.approx(1 - beta_share(3.0, 2.0, 0.7), rel=1e-12)
    assert beta_share(1.0, 1.0, 0.42) == pytest.approx(0.42, rel=1e-12)


def test_as_many_violations_as_expected_are_covered() -> None:
    found = coverage_tests(days_with((1, 1), (0, 19)) * 10, 0.05)
    assert (found.violations, found.expected, found.days) == (10, 10.0, 200)
    assert found.coverage.statistic == pytest.approx(0, abs=1e-12)
    assert found.coverage.p == pytest.approx(1)


def test_coverage_is_the_ratio_of_kupiec() -> None:
    found = coverage_tests(days_with((1, 1), (0, 24)) * 10, 0.01)
    n, x, p = 250, 10, 0.01
    expected = -2 * ((n - x) * log(1 - p) + x * log(p) - (n - x) * log(1 - x / n) - x * log(x / n))
    assert found.coverage.statistic == pytest.approx(expected)
    assert found.coverage.statistic == pytest.approx(12.955, abs=1e-3)
    assert found.coverage.p == pytest.approx(erfc(sqrt(expected / 2)))
    assert found.coverage.p < 0.001


def test_independence_is_the_ratio_of_christoffersen() -> None:
    hits = days_with((0, 40), (1, 5), (0, 50), (1, 3), (0, 2))
    found = coverage_tests(hits, 0.05)
    n00, n01, n10, n11 = 40 - 1 + 50 - 1 + 2 - 1, 2, 2, 4 + 2
    assert n00 + n01 + n10 + n11 == len(hits) - 1
    from_none, from_hit = n01 / (n00 + n01), n11 / (n10 + n11)
    alike = (n01 + n11) / (len(hits) - 1)
    chain = (
        n00 * log(1 - from_none) + n01 * log(from_none)
        + n10 * log(1 - from_hit) + n11 * log(from_hit)
    )  # fmt: skip
    plain = (n00 + n10) * log(1 - alike) + (n01 + n11) * log(alike)
    assert found.independence.statistic == pytest.approx(2 * (chain - plain))
    assert found.independence.p < 1e-4
    both = found.coverage.statistic + found.independence.statistic
    assert found.conditional.statistic == pytest.approx(both)
    assert found.conditional.p == pytest.approx(exp(-both / 2))


@pytest.mark.parametrize("hits", [[0] * 100, [1] * 100, [0] * 99 + [1], [1] + [0] * 99])
def test_days_all_alike_can_be_tested(hits: list[int]) -> None:
    found = coverage_tests(hits, 0.05)
    for ratio in (found.coverage, found.independence, found.conditional):
        assert ratio.statistic >= 0
        assert 0 <= ratio.p <= 1
    assert found.independence.statistic < 0.2


@pytest.mark.parametrize("distribution", ["normal", "t"])
def test_a_true_model_has_about_as_many_violations_as_it_says(distribution: str) -> None:
    nu = 200.0 if distribution == "normal" else 5.0
    returns = simulated(71, 1500, nu=nu)
    spec = GarchSpec(1, 0, 1, distribution=distribution)  # type: ignore[arg-type]
    fits = rolling_fits(returns, spec, Rolling(window=500, every=20))
    risk = value_at_risk(fits, 0.05)
    assert risk.rows[0] == 500
    assert risk.rows[-1] == returns.size
    assert (risk.shortfall > risk.var).all()
    found = backtest(returns, risk)
    assert found.days == 1000
    assert 30 < found.violations < 70
    assert found.coverage.p > 0.01
    assert found.shortfall is not None
    assert found.shortfall > float(risk.var.min())


def test_value_at_risk_is_the_quantile_of_the_next_day() -> None:
    returns = simulated(72, 200)
    fits = rolling_fits(returns, GarchSpec(1, 0, 1), Rolling(window=180))
    risk = value_at_risk(fits, 0.01)
    expected = 2.3263478740408408 * np.sqrt(fits.next_day) - fits.of("mu")
    assert risk.var == pytest.approx(expected, rel=1e-12)


def test_losses_are_least_for_the_truth() -> None:
    dice = np.random.default_rng(3)
    truth = np.exp(dice.normal(0, 0.5, 4000)) * 1e-4
    proxy = truth * dice.standard_normal(4000) ** 2
    forecasts = {"truth": truth, "half": truth / 2, "flat": np.full(4000, truth.mean())}
    found = scores(forecasts, proxy)
    assert found[0].name == "truth"
    assert {one.name: one.days for one in found} == dict.fromkeys(forecasts, 4000)
    assert next(one for one in found if one.name == "half").bias == pytest.approx(-0.5, abs=0.05)


def test_losses_are_the_formulas_written_down() -> None:
    forecast, proxy = np.array([1.0, 2.0]), np.array([0.0, 3.0])
    assert qlike(forecast, proxy) == pytest.approx((0 + log(2) + 1.5) / 2)
    assert mse(forecast, proxy) == pytest.approx((1 + 1) / 2)


def test_ranges_give_the_variance_of_a_walk() -> None:
    dice = np.random.default_rng(5)
    walks = np.cumsum(dice.normal(0, 0.01 / sqrt(500), (2000, 500)), axis=1)
    open_, close = np.ones(2000), np.exp(walks[:, -1])
    high, low = np.exp(np.maximum(walks.max(axis=1), 0)), np.exp(np.minimum(walks.min(axis=1), 0))
    for found in (parkinson(high, low), garman_klass(open_, high, low, close)):
        assert found.mean() == pytest.approx(1e-4, rel=0.12)  # steps miss some of the range


def test_realised_variance_is_of_bars_within_a_day() -> None:
    times = ["2020-01-01T10:00", "2020-01-01T10:05", "2020-01-02T10:00", "2020-01-02T10:05",
             "2020-01-02T10:10", "2020-01-03T10:00"]  # fmt: skip
    prices = np.exp([0.0, 0.1, 0.5, 0.7, 0.6, 2.0])
    days, found = realised_variance(times, prices)
    assert days.astype(str).tolist() == ["2020-01-01", "2020-01-02", "2020-01-03"]
    assert found == pytest.approx([0.01, 0.04 + 0.01, 0.0])
