"""An intraday run of 177,877 five-minute bars, and a sweep of 1,000 sets of parameters, beside
pandas.

pandas in three ways: as a notebook does it (rows one by one), vectorised, and vectorised with the
indicators kept from set to set. Ours prepares the market anew each time; the file has been read
before. Compared are daily returns of the run, and cumulative returns of the sets.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.side_by_side import Case, within
from benchmarks.through_the_queue import Request
from ray_services import data
from ray_services.intraday_strategy.bars import Bars, read_bars
from ray_services.intraday_strategy.daily import DailySignal, make_daily_signal
from ray_services.intraday_strategy.grids import make_grid
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.metrics import METRICS, TOTAL
from ray_services.intraday_strategy.runs import run
from ray_services.intraday_strategy.strategies import RsiBollinger
from ray_services.intraday_strategy.sweeps import sweep

GRID = {
    "rsi_window": [10, 14, 20, 28, 40],
    "rsi_high": [62, 66, 70, 74, 78],
    "rsi_low": [22, 26, 30, 34],
    "band_window": [10, 15, 20, 30, 40],
    "band_width": [1.5, 2.0],
}
ACTIVE = 0.27  # of days have a signal

SERVICE = "intraday-strategy"

type Frame = Any


def cases(parallel_map: Any) -> list[Case]:
    """The workloads; `parallel_map` spreads the sweep over Ray."""
    bars = read_bars(data.path("simulated_5min_data.csv"), "BTC")
    rng = np.random.default_rng(1)
    days = np.arange(bars.days[0], bars.days[-1] + np.timedelta64(1, "D"))
    odds = [ACTIVE / 2, 1 - ACTIVE, ACTIVE / 2]
    signal = make_daily_signal(days, rng.choice([-1, 0, 1], len(days), p=odds))
    return [*runs(bars, signal), *sweeps(bars, signal, parallel_map)]


def runs(bars: Bars, signal: DailySignal) -> list[Case]:
    """A run from the bars and the signal to trades, daily returns and metrics."""
    frame, daily = frames(bars, signal)

    def case(baseline: str, natural: Callable[..., Frame], at_least: float) -> Case:
        return Case(
            workload=f"one intraday run of {len(bars):,} bars",
            baseline=baseline,
            items=(RsiBollinger(),),
            natural=lambda sets: [natural(frame, daily, how) for how in sets],
            one_core=lambda: run(Market(bars, signal), RsiBollinger()),
            queued=Request(
                service=SERVICE,
                operation="backtest-strategy",
                body={"strategy_name": "rsi_bollinger", "signal": asked(signal)},
                rows=lambda answer: np.array(answer["daily"])[np.newaxis],
            ),
            rows=lambda found: found.daily[np.newaxis],
            agree=within(1e-12),
            one_core_at_least=at_least,
        )

    return [
        case("pandas as in a notebook", notebook, 200),
        case("vectorised pandas", vectorised, 2),
    ]


def sweeps(bars: Bars, signal: DailySignal, parallel_map: Any) -> list[Case]:
    """1,000 sets with their metrics."""
    frame, daily = frames(bars, signal)
    grid = make_grid("rsi_bollinger", GRID)

    def agree(ours: Any, theirs: Any) -> None:
        within(1e-11)(ours[:, TOTAL], theirs)

    case = partial(
        Case,
        workload=f"sweep of {len(grid.sets):,} parameter sets",
        items=grid.sets,
        one_core=lambda: sweep(Market(bars, signal), grid),
        on_ray=lambda: sweep(Market(bars, signal), grid, spread=parallel_map),
        rows=lambda found: found.figures,
        agree=agree,
    )
    return [
        case(
            baseline="vectorised pandas",
            natural=partial(loop, frame, daily),
            queued=Request(
                service=SERVICE,
                operation="sweep-parameters",
                body={
                    "strategy": "rsi_bollinger",
                    "grid": GRID,
                    "rows": True,
                    "signal": asked(signal),
                },
                rows=figures_answered,
            ),
            pieces=20,
            one_core_at_least=100,
            on_ray_at_least=160,
        ),
        case(
            baseline="pandas, indicators kept",
            natural=partial(kept_indicators, frame, daily),
            in_quick=False,
        ),
    ]


def asked(signal: DailySignal) -> dict[str, Any]:
    """The daily signal as a request gives it."""
    return {"days": [str(day) for day in signal.days], "signs": signal.signs.tolist()}


def figures_answered(answer: dict[str, Any]) -> Any:
    """Of a request's rows all metrics of each set."""
    return np.column_stack([answer["rows"][name].to_numpy() for name in METRICS])


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
