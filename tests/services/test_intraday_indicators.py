"""Indicators equal TA-Lib's, know no future, and do not drift."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from ray_services.common import indicators
from tests.services.intraday_reference import some_bars

type Floats = NDArray[np.float64]

BARS = some_bars(days=100)
CLOSES, HIGHS, LOWS = BARS.closes, BARS.highs, BARS.lows
WINDOWS = [2, 3, 14, 20, 257]


def agree(ours: Floats, theirs: Floats) -> None:
    """Both have the same values, where the other has one."""
    known = np.isfinite(theirs)
    assert known.sum() > len(theirs) / 2
    np.testing.assert_allclose(ours[known], theirs[known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("window", WINDOWS)
def test_those_of_one_window_equal_ta_lib(window: int) -> None:
    talib = pytest.importorskip("talib")
    agree(indicators.rsi(CLOSES, window), talib.RSI(CLOSES.copy(), window))
    agree(indicators.sma(CLOSES, window), talib.SMA(CLOSES.copy(), window))
    agree(indicators.ema(CLOSES, window), talib.EMA(CLOSES.copy(), window))
    agree(indicators.highest(HIGHS, window), talib.MAX(HIGHS.copy(), window))
    agree(indicators.lowest(LOWS, window), talib.MIN(LOWS.copy(), window))
    columns = (HIGHS.copy(), LOWS.copy(), CLOSES.copy())
    agree(indicators.atr(HIGHS, LOWS, CLOSES, window), talib.ATR(*columns, window))


@pytest.mark.parametrize("window", WINDOWS)
def test_bollinger_bands_equal_ta_lib(window: int) -> None:
    talib = pytest.importorskip("talib")
    middle, deviation = indicators.bands(CLOSES, window)
    upper, mean, lower = talib.BBANDS(CLOSES.copy(), window, 2.0, 2.0)
    agree(middle, mean)
    agree(middle + 2 * deviation, upper)
    agree(middle - 2 * deviation, lower)


@pytest.mark.parametrize(("fast", "slow", "smooth"), [(12, 26, 9), (3, 5, 2), (20, 100, 30)])
def test_macd_equals_ta_lib(fast: int, slow: int, smooth: int) -> None:
    talib = pytest.importorskip("talib")
    line, average = indicators.macd(CLOSES, fast, slow, smooth)
    their_line, their_average, _ = talib.MACD(CLOSES.copy(), fast, slow, smooth)
    agree(line, their_line)
    agree(average, their_average)
    assert np.isfinite(average).sum() == np.isfinite(their_average).sum()


def all_of(closes: Floats, highs: Floats, lows: Floats) -> list[Floats]:
    return [
        indicators.rsi(closes, 14),
        *indicators.bands(closes, 20),
        indicators.sma(closes, 20),
        indicators.ema(closes, 20),
        *indicators.macd(closes, 12, 26, 9),
        indicators.atr(highs, lows, closes, 14),
        indicators.highest(highs, 20),
        indicators.lowest(lows, 20),
    ]


def test_the_past_does_not_know_the_future() -> None:
    changed = [column.copy() for column in (CLOSES, HIGHS, LOWS)]
    for column in changed:
        column[3000:] *= 7
    for before, after in zip(all_of(CLOSES, HIGHS, LOWS), all_of(*changed), strict=True):
        assert before[:3000].tobytes() == after[:3000].tobytes()


@pytest.mark.parametrize("size", [1, 2, 13])
def test_a_series_too_short_for_the_window_has_no_values(size: int) -> None:
    for found in all_of(CLOSES[:size], HIGHS[:size], LOWS[:size]):
        assert found.shape == (size,)
        assert np.isnan(found).all()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e8])
def test_deviations_do_not_drift(scale: float) -> None:
    closes = CLOSES * scale + 1e5 * scale  # a level that is large for the moves
    middle, deviation = indicators.bands(closes, 20)
    windows = np.lib.stride_tricks.sliding_window_view(closes, 20)
    np.testing.assert_allclose(middle[19:], windows.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(deviation[19:], windows.std(axis=1), rtol=1e-7)


def test_closes_that_stand_still_have_no_deviation_at_all() -> None:
    closes = np.concatenate([CLOSES[:50], np.full(700, 33.3), CLOSES[50:60]])
    middle, deviation = indicators.bands(closes, 20)
    assert (deviation[69:750] == 0).all()
    assert (middle[69:750] == 33.3).all()
    assert (deviation[50:69] > 0).all()
    assert (deviation[750:] > 0).all()


def test_strength_is_unknown_until_a_close_changes() -> None:
    assert np.isnan(indicators.rsi(np.full(50, 3.0), 14)).all()
    assert indicators.rsi(np.arange(1.0, 50.0), 14)[-1] == 100
    assert indicators.rsi(np.arange(50.0, 1.0, -1), 14)[-1] == 0


@pytest.mark.parametrize("function", [indicators.highest, indicators.lowest])
def test_channels_are_the_windows_extremes(function: Callable[..., Floats]) -> None:
    values = np.round(CLOSES, 0)  # with many that are equal
    windows = np.lib.stride_tricks.sliding_window_view(values, 7)
    extreme = windows.max(axis=1) if function is indicators.highest else windows.min(axis=1)
    assert function(values, 7)[6:].tolist() == extreme.tolist()
