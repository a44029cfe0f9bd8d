"""Daily returns of the strategy on the day's signal, beside pandas written from its description."""

from typing import Any

import numpy as np
import pytest

from ray_services import data
from ray_services.intraday_strategy.bars import Bars, read_bars
from ray_services.intraday_strategy.daily import DailySignal, make_daily_signal
from ray_services.intraday_strategy.market import Market
from ray_services.intraday_strategy.rules import Rules
from ray_services.intraday_strategy.runs import Run, run
from ray_services.intraday_strategy.strategies import RsiBollinger
from tests.services.intraday_reference import some_bars, some_signal

LOOSE = RsiBollinger(rsi_window=9, rsi_high=60, rsi_low=40, band_window=15, band_width=1.0)


def wilder(pd: Any, closes: Any, window: int) -> Any:
    """Smoothing by 1/window that begins with a plain mean."""
    change = closes.diff()

    def smooth(part: Any) -> Any:
        begun = part.where(np.arange(len(part)) > window)
        begun.iloc[window] = part.iloc[1 : window + 1].mean()
        return begun.ewm(alpha=1 / window, adjust=False).mean()

    gain, loss = smooth(change.clip(lower=0)), smooth(-change.clip(upper=0))
    return 100 * gain / (gain + loss)


def by_pandas(bars: Bars, signal: DailySignal, how: RsiBollinger, rate: float) -> Any:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"close": bars.closes}, index=pd.DatetimeIndex(bars.times))
    frame["date"] = frame.index.normalize()
    daily = pd.Series(signal.signs, index=pd.DatetimeIndex(signal.days), name="daily")
    frame = frame.join(daily, on="date", how="inner")
    rsi = wilder(pd, frame["close"], how.rsi_window)
    rolling = frame["close"].rolling(how.band_window)
    upper = rolling.mean() + how.band_width * rolling.std(ddof=0)
    lower = rolling.mean() - how.band_width * rolling.std(ddof=0)
    position = pd.Series(np.nan, index=frame.index)
    far_up = (rsi > how.rsi_high) & (frame["close"] > upper)
    far_down = (rsi < how.rsi_low) & (frame["close"] < lower)
    position[(frame["daily"] == 1) & far_up] = -1
    position[(frame["daily"] == -1) & far_down] = 1
    position = position.groupby(frame["date"]).ffill().fillna(0)
    position.iloc[-1] = 0
    turnover = position.diff().abs().fillna(position.abs())
    returns = position * (frame["close"].shift(-1) / frame["close"] - 1)
    return (returns.fillna(0) - rate * turnover).groupby(frame["date"]).sum()


def assert_equal(found: Run, expected: Any) -> None:
    assert found.days.astype(str).tolist() == expected.index.strftime("%Y-%m-%d").tolist()
    assert np.abs(found.daily - expected.to_numpy()).max() <= 1e-12
    cumulative = np.exp(np.cumsum(np.log1p(expected.to_numpy()))) - 1
    assert np.abs(found.equity - 1 - cumulative).max() <= 1e-12


@pytest.mark.parametrize("strategy", [RsiBollinger(), LOOSE])
@pytest.mark.parametrize("cost", [0.0, 7.5])
def test_daily_returns_equal_pandas(strategy: RsiBollinger, cost: float) -> None:
    bars = some_bars(seed=5, days=120, per_day=100)
    signal = some_signal(bars)
    found = run(Market(bars, signal), strategy, Rules(cost_bps=cost))
    assert len(found.trades) > 15
    assert_equal(found, by_pandas(bars, signal, strategy, cost / 10_000))


@pytest.mark.slow
def test_daily_returns_of_the_data_set_equal_pandas() -> None:
    bars = read_bars(data.path("simulated_5min_data.csv"), "BTC")
    days = np.arange(bars.days[30], np.datetime64("2023-11-01"))
    rng = np.random.default_rng(3)
    signal = make_daily_signal(days, rng.choice([-1, 0, 0, 0, 0, 0, 1], len(days)))
    found = run(Market(bars, signal), RsiBollinger())
    assert len(found.trades) > 50
    assert_equal(found, by_pandas(bars, signal, RsiBollinger(), 0.0))
