"""Rolling fits: what they say, and that nothing but the window's own past is in them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.garch_predictor.rolling import (
    RollingFits,
    fits_of_many,
    pieces_of,
    rolling_fits,
)
from ray_services.garch_predictor.single import Grid, fit, fit_of, log_likelihood, select_order
from ray_services.garch_predictor.spec import GarchSpec, Rolling
from ray_services.garch_predictor.windows import CHAIN
from tests.services.garch_series import plain_variances, simulated

SPEC = GarchSpec(1, 0, 3)
ROLLING = Rolling(window=120, horizons=(1, 5, 22))
RETURNS = simulated(11, 120 + 2 * CHAIN + 9)


@pytest.fixture(scope="module")
def fits() -> RollingFits:
    return rolling_fits(RETURNS, SPEC, ROLLING)


def same(one: RollingFits, other: RollingFits, rows: slice = slice(None)) -> bool:
    """To the bit."""
    return all(
        np.array_equal(getattr(one, name)[rows], getattr(other, name)[rows])
        for name in ("parameters", "log_likelihood", "converged", "forecasts", "totals", "last")
    )


def backwards_first(
    function: Callable[..., Any], items: Iterable[Any], **keywords: Any
) -> list[Any]:
    """The last item first."""
    return [function(item, **keywords) for item in [*items][::-1]][::-1]


def in_threads(function: Callable[..., Any], items: Iterable[Any], **keywords: Any) -> list[Any]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(partial(function, **keywords), items))


def test_there_is_a_fit_for_each_window(fits: RollingFits) -> None:
    windows = RETURNS.size - 120 + 1
    assert len(fits) == windows
    assert fits.parameters.shape == (windows, 6)
    assert fits.forecasts.shape == fits.totals.shape == (windows, 3)
    assert fits.last_rows.tolist() == list(range(119, RETURNS.size))
    assert np.isfinite(fits.parameters).all()
    assert (fits.forecasts > 0).all()
    assert fits.converged.mean() > 0.95


@pytest.mark.parametrize("spread", [backwards_first, in_threads])
def test_who_fits_which_windows_does_not_matter(
    fits: RollingFits, spread: Callable[..., Any]
) -> None:
    found = fits_of_many({"a": RETURNS}, SPEC, ROLLING, spread=spread)["a"]
    assert same(found, fits)


def test_what_comes_later_changes_nothing(fits: RollingFits) -> None:
    rows = 120 + CHAIN + 5
    changed = RETURNS.copy()
    changed[rows:] = simulated(99, RETURNS.size - rows) * 5
    windows = slice(0, rows - 120 + 1)
    assert same(rolling_fits(RETURNS[:rows], SPEC, ROLLING), fits, windows)
    assert same(rolling_fits(changed, SPEC, ROLLING), fits, windows)
    assert not same(rolling_fits(changed, SPEC, ROLLING), fits)


def test_many_series_are_each_as_by_themselves(fits: RollingFits) -> None:
    other = simulated(12, 150)
    found = fits_of_many({"a": RETURNS, "b": other}, SPEC, ROLLING)
    assert list(found) == ["a", "b"]
    assert same(found["a"], fits)
    assert same(found["b"], rolling_fits(other, SPEC, ROLLING))


def test_returns_given_in_other_units_come_back_in_them(fits: RollingFits) -> None:
    found = rolling_fits(RETURNS * 128, SPEC, ROLLING)  # a power of two: nothing is rounded
    assert np.array_equal(found.of("mu"), fits.of("mu") * 128)
    assert np.array_equal(found.of("omega"), fits.of("omega") * 128**2)
    assert np.array_equal(found.parameters[:, 2:], fits.parameters[:, 2:])
    assert np.array_equal(found.forecasts, fits.forecasts * 128**2)
    assert found.log_likelihood == pytest.approx(fits.log_likelihood - 120 * np.log(128))


def test_the_likelihood_is_that_of_the_parameters_given_back(fits: RollingFits) -> None:
    for row in (0, 17, len(fits) - 1):
        one = fit_of(fits, row)
        window = RETURNS[row : row + 120]
        value, variances = log_likelihood(window, SPEC, one.parameters)
        assert value == pytest.approx(one.log_likelihood, abs=1e-8)
        assert variances[-1] == pytest.approx(one.last, rel=1e-10)
        assert one.aic == pytest.approx(2 * 6 - 2 * value)
        assert one.bic == pytest.approx(6 * np.log(120) - 2 * value)


@pytest.mark.parametrize(
    "spec",
    [SPEC, GarchSpec(2, 1, 1), GarchSpec(1, 0, 0), GarchSpec(1, 1, 1, distribution="t")],
    ids=str,
)
def test_forecasts_are_those_of_the_recursion(spec: GarchSpec) -> None:
    days = (1, 2, 5, 10, 22)
    window = RETURNS[:120]
    one = fit(window, spec, horizons=days)
    expected = plain_variances(window, spec, one.parameters, ahead=22)[120:]
    for day in days:
        assert one.forecasts[day] == pytest.approx(expected[day - 1], rel=1e-9)
        assert one.totals[day] == pytest.approx(expected[:day].sum(), rel=1e-9)


def test_far_ahead_is_the_variance_of_all_days() -> None:
    returns = simulated(4, 1500)
    one = fit(returns, GarchSpec(1, 0, 1), horizons=(1000,))
    rest = 1 - one.parameters["alpha[1]"] - one.parameters["beta[1]"]
    assert one.forecasts[1000] == pytest.approx(one.parameters["omega"] / rest, rel=1e-3)


def test_parameters_are_kept_between_estimates() -> None:
    found = rolling_fits(RETURNS, SPEC, Rolling(window=120, every=7))
    assert found.estimated.tolist() == [number % 7 == 0 for number in range(len(found))]
    assert (found.parameters == found.parameters[np.arange(len(found)) // 7 * 7]).all()
    assert len(np.unique(found.next_day)) == len(found)
    cut = fits_of_many({"a": RETURNS}, SPEC, Rolling(window=120, every=7), spread=backwards_first)
    assert same(found, cut["a"])


def test_work_is_cut_where_chains_end() -> None:
    pieces = pieces_of({"a": RETURNS, "b": RETURNS[:125]}, SPEC, ROLLING)
    assert [(one.series, one.first) for one in pieces] == [
        ("a", 0), ("a", CHAIN), ("a", 2 * CHAIN), ("b", 0),
    ]  # fmt: skip
    assert pieces[0].returns.size == 120 + CHAIN - 1


def test_the_parameters_of_a_long_series_are_found() -> None:
    returns = simulated(8, 6000, alpha=0.05, gamma=0.08, beta=0.85, nu=7)
    one = fit(returns, GarchSpec(1, 1, 1, distribution="t"), errors="robust")
    true = {"mu": 5e-4, "alpha[1]": 0.05, "gamma[1]": 0.08, "beta[1]": 0.85, "nu": 7.0}
    assert one.converged
    assert one.standard_errors is not None
    for name, value in true.items():
        assert abs(one.parameters[name] - value) < 4 * one.standard_errors[name]


def test_a_wider_model_is_never_less_likely() -> None:
    returns = simulated(21, 400)
    narrow = fit(returns, GarchSpec(1, 0, 1)).log_likelihood
    for wider in (GarchSpec(1, 1, 1), GarchSpec(1, 0, 2), GarchSpec(2, 0, 1), GarchSpec(2, 1, 3)):
        assert fit(returns, wider).log_likelihood > narrow - 1e-3, wider
    student = fit(returns, GarchSpec(1, 0, 1, distribution="t")).log_likelihood
    assert student > narrow


def test_a_zero_mean_is_not_estimated() -> None:
    one = fit(RETURNS, GarchSpec(1, 0, 1, mean="zero"))
    assert list(one.parameters) == ["omega", "alpha[1]", "beta[1]"]


def test_standard_errors_are_there_where_asked_for() -> None:
    rolling = Rolling(window=300, every=5, errors="robust")
    returns = simulated(31, 312)
    found = rolling_fits(returns, GarchSpec(1, 0, 1), rolling)
    assert found.standard_errors is not None
    assert found.standard_errors.shape == found.parameters.shape
    assert np.array_equal(found.standard_errors[0], found.standard_errors[4], equal_nan=True)
    assert np.isfinite(found.standard_errors[:, 0]).any()


def test_the_grid_of_orders_is_ranked_by_the_criterion() -> None:
    returns = simulated(41, 700, alpha=0.25, beta=0.6)
    grid = Grid(p=(1, 2), o=(0, 1), q=(0, 1), distributions=("normal", "t"))
    found = select_order(returns, grid, criterion="bic")
    assert len(found) == 16
    assert [one.bic for one in found] == sorted(one.bic for one in found)
    assert found[0].spec.student
    assert found[0].spec.q == 1
    by_aic = select_order(returns, grid, criterion="aic", spread=backwards_first)
    assert [one.aic for one in by_aic] == sorted(one.aic for one in found)


def test_models_with_no_lag_of_returns_are_left_out_of_the_grid() -> None:
    assert [str(spec) for spec in Grid(p=(0, 1), o=(0,), q=(1,)).specs()] == ["GARCH(1, 1)"]
    with pytest.raises(BadInput, match="p and o are 0"):
        Grid(p=(0,), o=(0,)).specs()
