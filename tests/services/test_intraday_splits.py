"""What is chosen on one period is tested on the next, which has no part in the choice."""

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.bars import make_bars
from ray_services.intraday_strategy.grids import make_grid
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import METRICS
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.runs import run
from ray_services.intraday_strategy.splits import WalkForward, out_of_sample, walk_forward
from ray_services.intraday_strategy.sweeps import sweep
from tests.services.intraday_reference import some_bars

BARS = some_bars(seed=6, days=50)
MARKET = Market(BARS)
DAY = np.timedelta64(1, "D")
GRID = make_grid("mean_reversion", {"window": [5, 8, 12], "enter": [0.8, 1.2, 1.6]})
RULES = Rules(cost_bps=1)


def folded(market: Market = MARKET, *, anchored: bool = False) -> WalkForward:
    return walk_forward(market, GRID, RULES, train_days=20, test_days=7, anchored=anchored)


def test_the_best_of_the_fit_period_is_run_on_the_test_period() -> None:
    border = BARS.days[30]
    fold = out_of_sample(MARKET, GRID, RULES, test_from=border)
    fit = sweep(MARKET, GRID, RULES, end=border - DAY)
    assert fold.chosen == fit.best[0].strategy
    assert fold.train == fit.best[0].metrics
    assert fold.luck == fit.luck
    assert fold.chosen is not None
    assert fold.test is not None
    alone = run(MARKET, fold.chosen, RULES, start=border)
    assert fold.test.daily.tolist() == alone.daily.tolist()
    assert fold.train_days == (BARS.days[0], BARS.days[29])
    assert fold.test_days == (BARS.days[30], BARS.days[-1])


def test_the_test_period_has_no_part_in_the_choice() -> None:
    border = int(BARS.starts[30])
    factor = np.ones(len(BARS))
    factor[border:] = np.random.default_rng(1).uniform(0.5, 2, len(BARS) - border)
    columns = (BARS.opens, BARS.highs, BARS.lows, BARS.closes)
    changed = Market(make_bars(BARS.times, *(column * factor for column in columns)))
    one, other = (
        out_of_sample(market, GRID, RULES, test_from=BARS.days[30]) for market in (MARKET, changed)
    )
    assert one.chosen == other.chosen
    assert one.train == other.train
    assert one.luck == other.luck


def test_folds_follow_each_other_and_their_tests_are_one_run() -> None:
    found = folded()
    days = BARS.days
    assert [fold.test_days for fold in found.folds] == [
        (days[20], days[26]), (days[27], days[33]), (days[34], days[40]), (days[41], days[47]),
        (days[48], days[49]),
    ]  # fmt: skip
    assert [fold.train_days[0] for fold in found.folds] == [days[7 * n] for n in range(5)]
    assert all(fold.train_days[1] < fold.test_days[0] for fold in found.folds)
    assert found.days.tolist() == days[20:].tolist()
    tested = [fold.test for fold in found.folds if fold.test is not None]
    assert found.daily.tolist() == np.concatenate([one.daily for one in tested]).tolist()
    assert found.metrics.trades == sum(len(one.trades) for one in tested)
    assert found.metrics.total_return == pytest.approx(np.prod(1 + found.daily) - 1)
    assert found.equity[-1] == pytest.approx(np.prod(1 + found.daily))


def test_anchored_fits_all_begin_at_the_start() -> None:
    found = folded(anchored=True)
    assert {fold.train_days[0] for fold in found.folds} == {BARS.days[0]}
    assert found.folds[0].train == folded().folds[0].train


def test_a_fold_is_what_a_split_at_its_border_gives() -> None:
    fold = folded(anchored=True).folds[2]
    alone = out_of_sample(MARKET, GRID, RULES, test_from=fold.test_days[0], end=fold.test_days[1])
    assert (alone.chosen, alone.train) == (fold.chosen, fold.train)
    assert alone.test is not None
    assert fold.test is not None
    assert alone.test.daily.tolist() == fold.test.daily.tolist()


def test_where_no_set_ever_trades_nothing_is_held() -> None:
    idle = make_grid("mean_reversion", {"enter": [18, 19]})
    found = walk_forward(MARKET, idle, RULES, train_days=20, test_days=7)
    assert all(fold.chosen is None and fold.test is None for fold in found.folds)
    assert not found.daily.any()
    assert found.metrics.trades == 0


def test_a_fold_chosen_by_another_metric_is_best_by_it() -> None:
    border = BARS.days[30]
    fold = out_of_sample(MARKET, GRID, RULES, test_from=border, metric="win_rate")
    fit = sweep(MARKET, GRID, RULES, end=border - DAY)
    assert fold.train is not None
    assert fold.train.win_rate == np.nanmax(fit.figures[:, METRICS.index("win_rate")])


@pytest.mark.parametrize(
    ("train_days", "test_days", "field"),
    [(50, 5, "train_days"), (1, 5, "train_days"), (9, 0, "test_days")],
)
def test_periods_that_leave_nothing_are_refused(
    train_days: int, test_days: int, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        walk_forward(MARKET, GRID, train_days=train_days, test_days=test_days)
    assert caught.value.field == field


@pytest.mark.parametrize("border", [BARS.days[0], BARS.days[-1] + DAY, "later"])
def test_borders_that_leave_nothing_are_refused(border: str | np.datetime64) -> None:
    with pytest.raises(BadInput):
        out_of_sample(MARKET, GRID, test_from=border)
