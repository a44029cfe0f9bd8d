"""Against the package arch, on returns scaled as it likes them."""

import warnings
from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.garch_predictor import zoo
from ray_services.garch_predictor.rolling import rolling_fits
from ray_services.garch_predictor.single import fit, log_likelihood
from ray_services.garch_predictor.spec import GarchSpec, Rolling
from ray_services.garch_predictor.zoo import ZooClosed, ZooModel, fit_zoo
from tests.services.garch_series import simulated, some_parameters

SPECS = [
    GarchSpec(1, 0, 1),
    GarchSpec(1, 0, 3),
    GarchSpec(1, 1, 1),
    GarchSpec(2, 2, 1, mean="zero"),
    GarchSpec(1, 1, 2, distribution="t"),
]


@pytest.fixture(scope="module")
def univariate() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("arch.univariate")


def built(univariate: Any, returns: Any, spec: GarchSpec) -> Any:
    mean = "Constant" if spec.mean == "constant" else "Zero"
    return univariate.arch_model(
        returns, mean=mean, vol="GARCH", p=spec.p, o=spec.o, q=spec.q,
        dist=spec.distribution, rescale=False,
    )  # fmt: skip


def fitted(univariate: Any, returns: Any, spec: GarchSpec) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return built(univariate, returns, spec).fit(disp="off", show_warning=False)


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_given_parameters_are_as_likely_and_forecast_the_same(
    univariate: Any, spec: GarchSpec
) -> None:
    returns = 100 * simulated(81, 180)
    parameters = some_parameters(spec, scale=1.0)
    fixed = built(univariate, returns, spec).fix(list(parameters.values()))
    value, variances = log_likelihood(returns, spec, parameters)
    assert value == pytest.approx(float(fixed.loglikelihood), abs=1e-6)
    expected = np.asarray(fixed.conditional_volatility) ** 2
    assert variances == pytest.approx(expected, rel=1e-8)


@pytest.mark.slow
def test_sixty_windows_are_as_likely_and_forecast_the_same(univariate: Any) -> None:
    spec = GarchSpec(1, 0, 3)
    returns = 100 * simulated(82, 1357, alpha=0.12, beta=0.84, nu=5, mu=8e-4)
    ours = rolling_fits(returns, spec, Rolling(window=180))
    rows = np.linspace(0, len(ours) - 1, 60).astype(int)
    worse, apart = [], []
    for row in rows:
        theirs = fitted(univariate, returns[row : row + 180], spec)
        forecast = float(theirs.forecast(horizon=1).variance.to_numpy()[-1, 0])
        worse.append(float(theirs.loglikelihood) - ours.log_likelihood[row])
        apart.append(abs(ours.next_day[row] / forecast - 1))
    assert max(worse) <= 0.2
    assert np.median(apart) <= 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_long_series_has_the_same_estimates_and_errors(univariate: Any, spec: GarchSpec) -> None:
    returns = 100 * simulated(83, 2500, alpha=0.06, gamma=0.06, beta=0.85, nu=6)
    theirs = fitted(univariate, returns, spec)
    ours = fit(returns, spec, horizons=(1, 5, 10, 22), errors="robust")
    assert ours.converged
    assert ours.log_likelihood >= float(theirs.loglikelihood) - 1e-3
    assert ours.aic == pytest.approx(float(theirs.aic), abs=0.1)
    assert ours.bic == pytest.approx(float(theirs.bic), abs=0.1)
    ahead = theirs.forecast(horizon=22).variance.to_numpy()[-1]
    for days, variance in ours.forecasts.items():
        assert variance == pytest.approx(ahead[days - 1], rel=0.02)
    if spec in SPECS[:1] + SPECS[2:3]:  # of the others, some are at their limits
        assert ours.standard_errors is not None
        for name, expected in theirs.std_err.items():
            assert ours.standard_errors[name] == pytest.approx(float(expected), rel=0.05), name


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        ZooModel("EGARCH", o=1, distribution="skewt"),
        ZooModel("APARCH", o=1, power=1.5),
        ZooModel("FIGARCH"),
        ZooModel("HARCH", p=(1, 5, 22)),
        ZooModel("GARCH", mean="AR", lags=1, distribution="ged"),
    ],
    ids=lambda model: model.volatility,
)
def test_the_zoo_serves_other_models(univariate: Any, model: ZooModel) -> None:
    del univariate
    returns = simulated(84, 700)
    found = fit_zoo(returns, model, horizons=(1, 5), simulations=200, seed=3)
    again = fit_zoo(returns, model, horizons=(1, 5), simulations=200, seed=3)
    assert found == again
    assert found.converged
    daily = float(returns.var())
    for variance in (found.last, *found.forecasts.values()):
        assert 0.05 * daily < variance < 20 * daily


@pytest.mark.slow
def test_the_zoo_has_the_same_garch(univariate: Any) -> None:
    del univariate
    returns = simulated(85, 1500)
    ours = fit(returns, GarchSpec(1, 0, 1), horizons=(1, 5))
    theirs = fit_zoo(returns, ZooModel("GARCH"), horizons=(1, 5))
    assert theirs.log_likelihood == pytest.approx(ours.log_likelihood, abs=1e-2)
    assert theirs.bic == pytest.approx(ours.bic, abs=2e-2)
    assert theirs.forecasts == pytest.approx(ours.forecasts, rel=1e-2)


def test_without_arch_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(zoo, "import_module", absent)
    assert not zoo.is_open()
    with pytest.raises(ZooClosed, match="pip install arch"):
        fit_zoo(simulated(1, 200))


@pytest.mark.parametrize("volatility", ["GARCH", "EGARCH", "FIGARCH"])
def test_several_lags_are_for_harch_alone(volatility: str) -> None:
    with pytest.raises(BadInput, match=r"p: expected one number, got \[1, 5\]: only HARCH"):
        ZooModel(volatility, p=(1, 5))
