"""An intraday run and a sweep of 1,000 sets beside pandas: python -m benchmarks.services_intraday.

pandas in three ways: as a notebook does it (rows one by one), vectorised, and vectorised with the
indicators kept from set to set. Daily returns are compared before times are. On one core, and on
Ray with two. The market is prepared anew each time; the file has been read before.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.environment import project
from benchmarks.report import Report, median_seconds, parse_options
from ray_services import data
from ray_services.intraday_strategy.bars import Bars, read_bars
from ray_services.intraday_strategy.daily import DailySignal, make_daily_signal
from ray_services.intraday_strategy.grids import make_grid
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import TOTAL
from ray_services.intraday_strategy.runs import run
from ray_services.intraday_strategy.strategies import RsiBollinger, Strategy
from ray_services.intraday_strategy.sweeps import sweep

GRID = {
    "rsi_window": [10, 14, 20, 28, 40],
    "rsi_high": [62, 66, 70, 74, 78],
    "rsi_low": [22, 26, 30, 34],
    "band_window": [10, 15, 20, 30, 40],
    "band_width": [1.5, 2.0],
}
ACTIVE = 0.27  # of days have a signal
FEW = 40  # sets that pandas runs with --quick

type Frame = Any


def frames(bars: Bars, signal: DailySignal) -> tuple[Frame, Frame]:
    """What a user of pandas has read: bars by time, and the signal by day."""
    frame = pd.DataFrame({"close": bars.closes}, index=pd.DatetimeIndex(bars.times))
    frame["date"] = frame.index.normalize()
    return frame, pd.Series(signal.signs, index=pd.DatetimeIndex(signal.days), name="daily")


def strength(close: Frame, window: int) -> Frame:
    """Wilder's, begun with plain means."""
    change = close.diff()

    def smooth(part: Frame) -> Frame:
        begun = part.where(np.arange(len(part)) > window)
        begun.iloc[window] = part.iloc[1 : window + 1].mean()
        return begun.ewm(alpha=1 / window, adjust=False).mean()

    gain, loss = smooth(change.clip(lower=0)), smooth(-change.clip(upper=0))
    return 100 * gain / (gain + loss)


def with_indicators(frame: Frame, daily: Frame, how: RsiBollinger) -> Frame:
    joined = frame.join(daily, on="date", how="inner")
    joined["rsi"] = strength(joined["close"], how.rsi_window)
    rolling = joined["close"].rolling(how.band_window)
    mean, deviation = rolling.mean(), rolling.std(ddof=0)
    joined["upper"] = mean + how.band_width * deviation
    joined["lower"] = mean - how.band_width * deviation
    joined["forward"] = joined["close"].shift(-1) / joined["close"] - 1
    return joined


def notebook(frame: Frame, daily: Frame, how: RsiBollinger) -> Frame:
    """Daily returns, rows one by one."""
    joined = with_indicators(frame, daily, how)

    def intraday(row: Frame) -> float:
        if row["rsi"] > how.rsi_high and row["close"] > row["upper"]:
            return 1
        if row["rsi"] < how.rsi_low and row["close"] < row["lower"]:
            return -1
        return np.nan

    def position(row: Frame) -> float:
        if row["daily"] == 1 and row["intraday"] == 1:
            return -1
        if row["daily"] == -1 and row["intraday"] == -1:
            return 1
        return np.nan

    joined["intraday"] = joined.apply(intraday, axis=1)
    joined["position"] = joined.apply(position, axis=1)
    joined["position"] = joined.groupby("date")["position"].transform(lambda day: day.ffill())
    joined["return"] = joined["position"] * joined["forward"]
    return joined.groupby("date")["return"].sum()


def traded(joined: Frame, rsi: Frame, upper: Frame, lower: Frame, how: RsiBollinger) -> Frame:
    close, daily = joined["close"], joined["daily"]
    short = (daily == 1) & (rsi > how.rsi_high) & (close > upper)
    long = (daily == -1) & (rsi < how.rsi_low) & (close < lower)
    chosen = pd.Series(np.select([short, long], [-1.0, 1.0], np.nan), index=joined.index)
    position = chosen.groupby(joined["date"]).ffill()
    return (position * joined["forward"]).groupby(joined["date"]).sum()


def vectorised(frame: Frame, daily: Frame, how: RsiBollinger) -> Frame:
    """Daily returns, column by column."""
    joined = with_indicators(frame, daily, how)
    return traded(joined, joined["rsi"], joined["upper"], joined["lower"], how)


def kept_indicators(frame: Frame, daily: Frame, sets: Sequence[Any]) -> list[float]:
    """Cumulative returns of many sets, with each indicator computed once."""
    joined = with_indicators(frame, daily, RsiBollinger())
    close, rsi, bands = joined["close"], {}, {}
    found = []
    for how in sets:
        if how.rsi_window not in rsi:
            rsi[how.rsi_window] = strength(close, how.rsi_window)
        if how.band_window not in bands:
            rolling = close.rolling(how.band_window)
            bands[how.band_window] = rolling.mean(), rolling.std(ddof=0)
        mean, deviation = bands[how.band_window]
        upper, lower = mean + how.band_width * deviation, mean - how.band_width * deviation
        found.append(cumulative(traded(joined, rsi[how.rsi_window], upper, lower, how)))
    return found


def loop(frame: Frame, daily: Frame, sets: Sequence[Any]) -> list[float]:
    """Cumulative returns of many sets, one vectorised run after the other."""
    return [cumulative(vectorised(frame, daily, how)) for how in sets]


def cumulative(returns: Frame) -> float:
    return float(np.exp(np.log1p(returns).sum()) - 1)


def one_run(report: Report, bars: Bars, signal: DailySignal, quick: bool) -> None:
    """A run from the bars and the signal to trades, daily returns and metrics."""
    frame, daily = frames(bars, signal)
    how = RsiBollinger()

    def ours() -> Any:
        return run(Market(bars, signal), how).daily

    for theirs in (notebook, vectorised):
        assert np.abs(theirs(frame, daily, how).to_numpy() - ours()).max() <= 1e-12
    slow = median_seconds(partial(notebook, frame, daily, how), 1 if quick else 3)
    fast = median_seconds(partial(vectorised, frame, daily, how), 5 if quick else 15)
    mine = median_seconds(ours, 15 if quick else 51)
    name = f"one run of {len(bars):,} bars"
    report.add(f"{name}: pandas as in a notebook", slow * 1000, "ms")
    report.add(f"{name}: vectorised pandas", fast * 1000, "ms")
    report.add(f"{name}: ours, one core", mine * 1000, "ms",
               baseline="notebook", ratio=slow / mine, ratio_at_least=200)  # fmt: skip
    report.add(f"{name}: ours, one core", mine * 1000, "ms",
               baseline="vectorised", ratio=fast / mine, ratio_at_least=2)  # fmt: skip


def one_sweep(
    report: Report, bars: Bars, signal: DailySignal, quick: bool, spread: Callable[..., Any]
) -> None:
    """1,000 sets with their metrics, on one core and spread over Ray."""
    frame, daily = frames(bars, signal)
    grid = make_grid("rsi_bollinger", GRID)
    tried: Sequence[Strategy] = grid.sets[:: len(grid.sets) // FEW] if quick else grid.sets
    places = [grid.sets.index(one) for one in tried]

    def ours(spread: Callable[..., Any] | None = None) -> Any:
        return sweep(Market(bars, signal), grid, spread=spread).figures

    here, there = ours(), ours(spread)
    assert here.tobytes() == there.tobytes()
    rates = {}
    for name, way in (("vectorised", loop), ("indicators kept", kept_indicators)):
        expected = way(frame, daily, tried[:20])
        assert np.abs(here[places[:20], TOTAL] - expected).max() <= 1e-11
        took = timed(lambda way=way: way(frame, daily, tried), here[places, TOTAL])
        rates[name] = len(tried) / took
        report.add(f"sweep of 1,000 sets: pandas, {name}", rates[name], "sets/s")
    repeat = 5 if quick else 11
    for name, action, bound in (
        ("ours, one core", ours, 100),
        ("ours, Ray on two", partial(ours, spread), 160),
    ):
        rate = len(grid.sets) / median_seconds(action, repeat)
        report.add(f"sweep of 1,000 sets: {name}", rate, "sets/s", baseline="vectorised",
                   ratio=rate / rates["vectorised"], ratio_at_least=bound)  # fmt: skip
        report.add(f"sweep of 1,000 sets: {name}", rate, "sets/s", baseline="indicators kept",
                   ratio=rate / rates["indicators kept"])  # fmt: skip


def timed(action: Callable[[], Any], expected: Any) -> float:
    """The seconds of one pass that takes long, whose result is looked at."""
    from time import perf_counter

    began = perf_counter()
    found = action()
    took = perf_counter() - began
    assert np.abs(expected - found).max() <= 1e-11
    return took


def measure(report: Report, quick: bool) -> None:
    """All figures; Ray must be connected, with two cores."""
    from django_ray_runtime.distributed import parallel_map

    bars = read_bars(data.path("simulated_5min_data.csv"), "BTC")
    rng = np.random.default_rng(1)
    days = np.arange(bars.days[0], bars.days[-1] + np.timedelta64(1, "D"))
    odds = [ACTIVE / 2, 1 - ACTIVE, ACTIVE / 2]
    signal = make_daily_signal(days, rng.choice([-1, 0, 1], len(days), p=odds))
    one_run(report, bars, signal, quick)
    one_sweep(report, bars, signal, quick, parallel_map)


def main() -> int:
    """Measure and report; 1 when a bound is missed."""
    options = parse_options(__doc__ or "")
    report = Report("Intraday strategies")
    with ExitStack() as leaving:
        leaving.enter_context(project("sqlite"))
        from django_ray_runtime import ray_cluster
        from django_ray_runtime.conf import read

        cluster = ray_cluster.start(
            read({"RAY_NUM_CPUS": 2, "RAY_OBJECT_STORE_MEMORY": 500_000_000})
        )
        leaving.callback(cluster.close)
        measure(report, options.quick)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
