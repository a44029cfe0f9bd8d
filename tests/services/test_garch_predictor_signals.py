"""The premium signal and what is said of an asset's volatility: without a look ahead."""

import numpy as np
import pytest

from ray_services.garch_predictor.moments import rolling_variance, summaries
from ray_services.garch_predictor.premium import (
    PremiumRule,
    decide,
    premium_signal,
    premium_signals,
)
from ray_services.garch_predictor.rolling import rolling_fits
from ray_services.garch_predictor.spec import GarchSpec, Rolling
from ray_services.garch_predictor.volatility import Outlook, regime_of, volatilities
from tests.services.garch_series import days_from, prices_of, simulated

RULE = PremiumRule(window=100, variance_window=90, deviation_window=40, threshold=1.0)
RETURNS = simulated(51, 330, alpha=0.2, beta=0.75)
PRICES = prices_of(RETURNS)
DAYS = days_from("2020-01-01", PRICES.size)


def test_a_signal_is_the_formula_written_down() -> None:
    found = premium_signal(DAYS, PRICES, RULE)
    fits = rolling_fits(RETURNS, GarchSpec(1, 0, 3), Rolling(window=100))
    premium = np.full(330, np.nan)
    for row in range(99, 330):
        variance = np.diff(np.log(PRICES))[row - 89 : row + 1].var(ddof=1)
        premium[row] = (fits.next_day[row - 99] - variance) / variance
    assert found.days.tolist() == DAYS[1:].tolist()
    assert found.premium == pytest.approx(premium, rel=1e-4, nan_ok=True)
    for row in range(330):
        deviation = found.premium[row - 39 : row + 1].std(ddof=1) if row >= 138 else np.nan
        assert found.deviation[row] == pytest.approx(deviation, rel=1e-9, nan_ok=True)
        expected = 0
        if found.premium[row] > deviation:
            expected = 1
        elif found.premium[row] < -deviation:
            expected = -1
        assert found.decided[row] == expected
    assert found.signal.tolist() == [0, *found.decided[:-1].tolist()]
    assert set(found.signal.tolist()) == {-1, 0, 1}


def test_what_comes_later_changes_no_signal() -> None:
    whole = premium_signal(DAYS, PRICES, RULE)
    rows = 250
    changed = PRICES.copy()
    changed[rows:] = prices_of(3 * simulated(52, 330))[rows:]
    found = premium_signal(DAYS, changed, RULE)
    for name in ("variance", "prediction", "premium", "deviation", "decided"):
        assert np.array_equal(
            getattr(found, name)[: rows - 1], getattr(whole, name)[: rows - 1], equal_nan=True
        )
    assert np.array_equal(found.signal[:rows], whole.signal[:rows])


def test_predictions_begin_with_the_start_and_variances_before_it() -> None:
    rule = PremiumRule(
        window=100, variance_window=90, deviation_window=40, start=np.datetime64("2020-03-01")
    )
    found = premium_signal(DAYS, PRICES, rule)
    assert found.days[0] == np.datetime64("2020-03-01")
    assert np.isnan(found.prediction[:99]).all()
    assert np.isfinite(found.prediction[99:]).all()
    assert np.isfinite(found.variance[89 - 59 :]).all()
    assert found.fits.first == 0


def test_many_series_are_each_as_by_themselves() -> None:
    other = prices_of(simulated(53, 330))
    found = premium_signals({"A": (DAYS, PRICES), "B": (DAYS, other)}, RULE)
    assert np.array_equal(found["A"].signal, premium_signal(DAYS, PRICES, RULE).signal)
    assert np.array_equal(found["B"].signal, premium_signal(DAYS, other, RULE).signal)


def test_within_the_limits_there_is_no_signal() -> None:
    premium = np.array([0.3, 0.1, -0.3, -0.1, np.nan, 0.5])
    deviation = np.array([0.1, 0.1, 0.1, 0.1, 0.1, np.nan])
    assert decide(premium, deviation, 1.5).tolist() == [1, 0, -1, 0, 0, 0]


def test_rolling_variances_are_those_of_each_window() -> None:
    found = rolling_variance(RETURNS, 30)
    assert np.isnan(found[:29]).all()
    windows = np.lib.stride_tricks.sliding_window_view(RETURNS, 30)
    assert found[29:] == pytest.approx(windows.var(axis=1, ddof=1), rel=1e-12)
    assert np.isnan(rolling_variance(RETURNS[:5], 30)).all()


def test_rolling_variances_are_those_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    expected = pandas.Series(RETURNS).rolling(30).var().to_numpy()
    assert rolling_variance(RETURNS, 30) == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_summaries_are_of_chunks_that_leave_out_nothing() -> None:
    found = summaries(PRICES, 100)
    assert [(one.first, one.last) for one in found] == [
        (2, 101),
        (102, 201),
        (202, 301),
        (302, 331),
    ]
    whole = summaries(PRICES)[0]
    assert whole.mean == pytest.approx(RETURNS.mean())
    assert whole.deviation == pytest.approx(RETURNS.std(ddof=1))
    apart = RETURNS - RETURNS.mean()
    assert whole.kurtosis == pytest.approx((apart**4).mean() / (apart**2).mean() ** 2)
    assert whole.skewness == pytest.approx((apart**3).mean() / (apart**2).mean() ** 1.5)
    assert summaries([5.0, 5.0, 5.0])[0].kurtosis == 0


def test_an_outlook_is_of_the_last_window() -> None:
    outlook = Outlook(spec=GarchSpec(1, 0, 1), window=100, past=60, days_a_year=365)
    found = volatilities({"A": PRICES}, outlook)["A"]
    fits = rolling_fits(RETURNS[-159:], GarchSpec(1, 0, 1), Rolling(100, horizons=(1, 5, 10, 22)))
    assert found.compared == len(fits) == 60
    assert found.historical == pytest.approx(RETURNS[-100:].std(ddof=1) * np.sqrt(365))
    assert found.predicted == pytest.approx(np.sqrt(fits.next_day[-1] * 365), rel=1e-4)
    assert found.current == pytest.approx(np.sqrt(fits.last[-1] * 365), rel=1e-4)
    assert list(found.forecasts) == [1, 5, 10, 22]
    assert found.forecasts[1] == pytest.approx(found.predicted)
    assert found.percentile == 100 * np.mean(fits.next_day <= fits.next_day[-1])
    assert found.premium == pytest.approx((found.predicted / found.historical) ** 2 - 1, rel=1e-9)
    assert found.signal == np.sign(found.premium) * (found.strength > 1.5)


def test_a_storm_is_called_extreme_and_a_calm_low() -> None:
    calm = simulated(61, 400) * 0.1
    storm = calm.copy()
    storm[-5:] = [0.05, -0.06, 0.07, -0.05, 0.06]
    outlook = Outlook(spec=GarchSpec(1, 0, 1), window=150, past=100)
    found = volatilities({"storm": prices_of(storm)}, outlook)["storm"]
    assert found.regime == "extreme"
    assert found.signal == 1
    settled = np.concatenate((simulated(62, 300) * 3, simulated(63, 200) * 0.1))
    found = volatilities({"calm": prices_of(settled)}, outlook)["calm"]
    assert found.regime == "low"


@pytest.mark.parametrize(
    ("percentile", "regime"),
    [(0, "low"), (25, "low"), (25.1, "normal"), (75, "normal"), (95, "high"), (95.1, "extreme")],
)
def test_regimes_have_limits(percentile: float, regime: str) -> None:
    assert regime_of(percentile) == regime
