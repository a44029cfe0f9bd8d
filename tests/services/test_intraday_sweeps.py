"""Grids and searches: each set as if it ran alone, however they are split; the best; luck."""

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy import sweeps
from ray_services.intraday_strategy.evaluating import evaluate
from ray_services.intraday_strategy.grids import MOST_SETS, Grid, make_grid
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import METRICS, as_metrics
from ray_services.intraday_strategy.overfitting import (
    deflated,
    expected_best,
    probability_above,
)
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.runs import run
from ray_services.intraday_strategy.strategies import MeanReversion, Momentum, RsiBollinger
from ray_services.intraday_strategy.sweeps import Sweep, best_places, heat_map, sweep
from tests.services.intraday_reference import some_bars, some_signal

BARS = some_bars(days=60)
ON_SIGNAL, PLAIN = Market(BARS, some_signal(BARS)), Market(BARS)
LOOSE = {
    "rsi_window": [5, 9], "rsi_high": [55, 65], "rsi_low": [35, 45], "band_window": [6, 10],
    "band_width": [0.5, 1.0, 1.5],
}  # fmt: skip
COSTS = Rules(cost_bps=1, stop_loss=0.01)


def loose_grid() -> Grid:
    return make_grid("rsi_bollinger", LOOSE)


def reversion_sweep(**options: Any) -> Sweep:
    grid = make_grid("mean_reversion", {"window": [5, 10, 20], "enter": [0.5, 1.0, 1.5, 19]})
    return sweep(PLAIN, grid, COSTS, **options)


def test_a_grid_is_all_combinations_the_last_changing_first() -> None:
    grid = make_grid("momentum", {"fast": [3, 6], "slow": (9, 12), "smooth": 4})
    assert grid.sets == (
        Momentum(3, 9, 4), Momentum(3, 12, 4), Momentum(6, 9, 4), Momentum(6, 12, 4)
    )  # fmt: skip
    assert grid.left_out == 0


def test_combinations_that_contradict_themselves_are_left_out() -> None:
    grid = make_grid("momentum", {"fast": [3, 10], "slow": [5, 12]})
    assert [(one.parameters["fast"], one.parameters["slow"]) for one in grid.sets] == [
        (3, 5), (3, 12), (10, 12)
    ]  # fmt: skip
    assert grid.left_out == 1


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("momentum", {"fast": [3, -1]}, "fast"),
        ("momentum", {"fast": []}, "fast"),
        ("momentum", {"fast": [3, 3]}, "fast"),
        ("momentum", {"pace": [3]}, "pace"),
        ("momentum", {"fast": [30], "slow": [20]}, "fast"),
        ("hunch", {}, "strategy"),
        ("breakout", {"window": list(range(1000, 1400)), "leave_window": list(range(1, 900))},
         "leave_window"),
    ],
)  # fmt: skip
def test_grids_that_cannot_be_made_are_refused(
    name: str, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        make_grid(name, values)
    assert caught.value.field == field
    assert MOST_SETS < 400 * 899


@pytest.mark.parametrize("rules", [Rules(), COSTS, Rules(side="short", flat_from="12:00")])
def test_each_set_is_as_if_it_ran_alone(rules: Rules) -> None:
    grid = loose_grid()
    found = sweep(ON_SIGNAL, grid, rules, start="2023-01-10", end="2023-02-20")
    for place in (0, 7, 23, 47):
        alone = run(ON_SIGNAL, grid.sets[place], rules, start="2023-01-10", end="2023-02-20")
        assert as_metrics(found.figures[place]) == alone.metrics


def backwards(func: Callable[..., Any], items: Sequence[Any], **kwargs: Any) -> list[Any]:
    """Elsewhere, in another order."""
    fresh = {**kwargs, "market": Market(BARS, some_signal(BARS))}
    return [func(item, **fresh) for item in reversed(items)][::-1]


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_figures_do_not_depend_on_how_the_sets_are_split(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = sweep(ON_SIGNAL, loose_grid(), COSTS)
    monkeypatch.setattr(sweeps, "BATCH", batch)
    found = sweep(ON_SIGNAL, loose_grid(), COSTS, spread=backwards)
    assert found.figures.tobytes() == expected.figures.tobytes()
    assert found.best == expected.best


def test_sets_of_several_strategies_do_not_disturb_each_other() -> None:
    sets = [MeanReversion(window=5), Momentum(3, 6, 2), MeanReversion(window=5)]
    span = sweeps.span_of(BARS)
    mixed = evaluate(sets, market=PLAIN, rules=COSTS, spans=[span])
    assert mixed[0].tobytes() == mixed[2].tobytes()
    alone = evaluate(sets[1:2], market=PLAIN, rules=COSTS, spans=[span])
    assert mixed[1].tobytes() == alone[0].tobytes()


def test_the_best_come_first_and_sets_without_a_value_not_at_all() -> None:
    found = reversion_sweep(top=50)
    ratios = [one.metrics.sharpe for one in found.best]
    assert len(ratios) == 9
    assert ratios == sorted(ratios, key=lambda value: -(value or 0))
    assert [one.rank for one in found.best] == list(range(1, 10))
    assert found.best[0].strategy in found.grid.sets
    assert len(reversion_sweep(top=3).best) == 3


def test_of_equal_sets_the_first_is_the_best() -> None:
    values = np.array([1.0, np.nan, 3.0, 3.0, -np.inf, 2.0])
    assert best_places(values, 4) == [2, 3, 5, 0]


@pytest.mark.parametrize("metric", ["total_return", "max_drawdown", "win_rate"])
def test_any_metric_can_be_searched_for(metric: str) -> None:
    found = reversion_sweep(metric=metric, top=1)
    values = found.figures[:, METRICS.index(metric)]
    assert getattr(found.best[0].metrics, metric) == np.nanmax(values)


def test_a_metric_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match="expected one of total_return") as caught:
        reversion_sweep(metric="luck")
    assert caught.value.field == "metric"
    with pytest.raises(BadInput) as caught:
        reversion_sweep(top=0)
    assert caught.value.field == "top"


def test_a_heat_map_has_the_best_or_the_mean_of_what_shares_two_parameters() -> None:
    found = sweep(ON_SIGNAL, loose_grid(), COSTS)
    sets, values = found.grid.sets, found.figures[:, METRICS.index("total_return")]
    for of, expected in (("max", np.max), ("mean", np.mean)):
        drawn = heat_map(found, "band_width", "rsi_window", "total_return", of)
        assert drawn.values.shape == (2, 3)
        for row, window in enumerate(drawn.y_values):
            for column, width in enumerate(drawn.x_values):
                shared = [
                    value for one, value in zip(sets, values, strict=True)
                    if isinstance(one, RsiBollinger)
                    and (one.rsi_window, one.band_width) == (window, width)
                ]  # fmt: skip
                assert drawn.values[row, column] == pytest.approx(expected(shared))


def test_a_heat_map_leaves_cells_without_a_value_empty() -> None:
    lists = heat_map(reversion_sweep(), "enter", "window").as_lists()
    assert [row[3] for row in lists] == [None, None, None]
    assert all(isinstance(value, float) for row in lists for value in row[:3])


@pytest.mark.parametrize(("x", "y"), [("pace", "window"), ("window", "leave"), ("enter", "enter")])
def test_a_heat_map_of_what_was_not_varied_is_refused(x: str, y: str) -> None:
    with pytest.raises(BadInput):
        heat_map(reversion_sweep(), x, y)


def test_the_expected_best_of_many_is_what_chance_gives() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.normal(0, 0.3, (4000, 100)).max(axis=1).mean()
    assert expected_best(100, 0.3) == pytest.approx(drawn, rel=0.02)
    assert expected_best(1, 0.3) == 0


def test_the_deflated_ratio_is_that_of_the_paper() -> None:
    """Its example: 100 trials, variance 1/2, 1250 days, skewness -3, kurtosis 10, 2.5 a year."""
    hurdle = expected_best(100, np.sqrt(1 / (2 * 250)))
    assert hurdle == pytest.approx(0.1132, abs=1e-4)
    chance = probability_above(2.5 / np.sqrt(250), hurdle, 1250, -3, 10)
    assert chance == pytest.approx(0.9004, abs=1e-4)


def test_a_normal_ratio_without_trials_is_tested_as_usual() -> None:
    chance = probability_above(0.1, 0.0, 101, 0.0, 3.0)
    assert chance == pytest.approx(NormalDist().cdf(0.1 * 10 / np.sqrt(1.005)))


def test_the_best_of_chance_is_warned_of_and_skill_is_not() -> None:
    rng = np.random.default_rng(4)
    rows = np.full((200, len(METRICS)), np.nan)
    place = {name: number for number, name in enumerate(METRICS)}
    rows[:, place["sharpe"]] = rng.normal(0, 0.8, 200)
    rows[:, place["skewness"]], rows[:, place["kurtosis"]] = 0.0, 3.0
    luck = deflated(rows, 500, 500 / 365)
    assert luck is not None
    assert luck.trials == 200
    assert luck.probability < 0.95
    assert "not seen" in luck.warning
    rows[17, place["sharpe"]] = 6.0
    skill = deflated(rows, 500, 500 / 365)
    assert skill is not None
    assert skill.probability > 0.99
    assert not skill.warning


def test_without_trades_there_is_no_ratio_to_deflate() -> None:
    grid = make_grid("mean_reversion", {"enter": [18, 19]})
    found = sweep(PLAIN, grid)
    assert found.luck is None
    assert found.best == ()


@pytest.mark.slow
def test_figures_are_the_same_on_ray(ray_cluster_here: Any) -> None:
    from django_ray_runtime.distributed import parallel_map

    expected = sweep(ON_SIGNAL, loose_grid(), COSTS)
    elsewhere = parallel_map.options(chunk_size=1)  # with a size, nothing runs in the caller
    found = sweep(ON_SIGNAL, loose_grid(), COSTS, spread=elsewhere)
    assert found.figures.tobytes() == expected.figures.tobytes()
