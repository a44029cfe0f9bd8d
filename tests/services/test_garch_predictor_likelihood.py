"""The compiled likelihood and its slopes, against the formulas written down plainly."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_services.garch_predictor import likelihood, precision, shape
from ray_services.garch_predictor.single import fit, log_likelihood
from ray_services.garch_predictor.spec import GarchSpec
from ray_services.garch_predictor.starts import cold_starts
from tests.services.garch_series import (
    plain_likelihood,
    plain_variances,
    simulated,
    some_parameters,
)

SPECS = [
    GarchSpec(1, 0, 1),
    GarchSpec(1, 0, 3),
    GarchSpec(2, 1, 2),
    GarchSpec(1, 2, 1),
    GarchSpec(0, 1, 1),
    GarchSpec(3, 0, 0),
    GarchSpec(1, 1, 6),
    GarchSpec(1, 0, 1, mean="zero"),
    GarchSpec(1, 0, 3, distribution="t"),
    GarchSpec(2, 2, 2, mean="zero", distribution="t"),
]


def loaded(spec: GarchSpec, seed: int = 1, rows: int = 181) -> Any:
    problem = likelihood.problem_of(spec, rows)
    likelihood.begin(problem, simulated(seed, rows))
    return problem


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_likelihood_is_that_of_the_formula(spec: GarchSpec) -> None:
    returns, parameters = simulated(3, 187), some_parameters(spec)
    value, variances = log_likelihood(returns, spec, parameters)
    assert value == pytest.approx(plain_likelihood(returns, spec, parameters), abs=1e-8)
    assert variances == pytest.approx(plain_variances(returns, spec, parameters), rel=1e-11)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_slopes_are_those_of_small_steps(spec: GarchSpec) -> None:
    problem = loaded(spec)
    start = cold_starts(spec).points[0].copy()
    start[0] = 0.05
    shape.place(problem, start)
    theta = problem.theta.copy()
    likelihood.loss(problem)
    likelihood.find_slopes(problem)
    found = problem.raw.copy()
    for place in spec.places:
        sides = []
        for sign in (1, -1):
            problem.theta[:] = theta
            problem.theta[place] += sign * 1e-6
            sides.append(likelihood.loss(problem))
        assert found[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=2e-5, abs=2e-5)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_slopes_along_points_are_those_of_small_steps(spec: GarchSpec) -> None:
    problem = loaded(spec, seed=2)
    gradient, spare = np.zeros(problem.theta.size), np.zeros(problem.theta.size)
    starts = cold_starts(spec).points
    for start in starts[:: max(1, len(starts) // 4)]:
        shape.objective(problem, start, gradient)
        for place in range(start.size):
            sides = []
            for sign in (1, -1):
                step = start.copy()
                step[place] += sign * 1e-5
                sides.append(shape.objective(problem, step, spare))
            expected = (sides[0] - sides[1]) / 2e-5 if place in spec.places else 0.0
            assert gradient[place] == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_scores_of_all_days_add_up_to_the_slopes(spec: GarchSpec) -> None:
    problem = loaded(spec)
    start = cold_starts(spec).points[-1].copy()
    shape.place(problem, start)
    likelihood.loss(problem)
    likelihood.find_slopes(problem)
    scores = np.zeros((problem.returns.size, problem.theta.size))
    precision.fill_scores(problem, scores)
    assert scores.sum(axis=0)[list(spec.places)] == pytest.approx(
        -problem.raw[list(spec.places)], rel=1e-8, abs=1e-8
    )


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SPECS), st.data())
def test_any_point_is_a_stationary_model_of_positive_variances(
    spec: GarchSpec, data: st.DataObject
) -> None:
    problem = loaded(spec)
    size = problem.theta.size
    drawn = st.lists(st.floats(-40, 40), min_size=size, max_size=size)
    point = np.maximum(np.array(data.draw(drawn)), shape.walls(size))
    rest = shape.place(problem, point)
    named = dict(zip(spec.all_names, problem.theta.tolist(), strict=True))
    for lag in range(1, max(spec.p, spec.o) + 1):
        above = named.get(f"alpha[{lag}]", 0.0)
        assert above >= 0
        assert above + named.get(f"gamma[{lag}]", 0.0) >= -1e-15
    assert all(value >= 0 for name, value in named.items() if name.startswith("beta"))
    assert named["omega"] >= shape.FLOOR
    assert shape.LEAST_NU <= named["nu"] <= shape.MOST_NU
    shares = {"alpha": 1.0, "gamma": 0.5, "beta": 1.0}
    passed_on = sum(shares.get(name.split("[")[0], 0) * one for name, one in named.items())
    assert passed_on + rest == pytest.approx(1.0)
    assert np.isfinite(likelihood.loss(problem))
    assert (problem.work[likelihood.VARIANCE] > 0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_sums_are_those_of_adding_up(size: int, seed: int) -> None:
    left, right = np.random.default_rng(seed).uniform(0.1, 5.0, (2, size))
    assert likelihood.dot(left, right) == pytest.approx(float(left @ right), rel=1e-12)
    assert likelihood.log_sum(left) == pytest.approx(float(np.log(left).sum()), abs=1e-11)


def test_coefficients_that_want_to_be_nought_are_nought() -> None:
    dice = np.random.default_rng(6)
    found = fit(0.01 * dice.standard_normal(2000), GarchSpec(1, 0, 2))
    assert found.converged
    assert min(found.parameters[name] for name in ("alpha[1]", "beta[1]", "beta[2]")) == 0.0


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_point_moved_off_its_walls_is_nearly_the_same_model(spec: GarchSpec) -> None:
    problem = loaded(spec)
    point = cold_starts(spec).points[0].copy()
    point[2] = 0.0
    shape.place(problem, point)
    before = problem.cells.copy()
    shape.soften(problem, point)
    assert (point[1:-1] > 0).all()
    shape.place(problem, point)
    assert np.abs(problem.cells - before).max() < 0.01
