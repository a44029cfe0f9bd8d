"""The cone of a forecast: its bounds are quantiles of what followed past forecasts."""

import numpy as np
import pytest

from ray_services.common.errors import BadInput
from ray_services.garch_predictor.cone import cone_of
from ray_services.garch_predictor.volatility import LEAST_PAST

DAYS = 400


def series(seed: int = 3) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(size=DAYS))


def test_forecasts_that_were_always_right_have_no_width() -> None:
    seen = series()
    said = {days: np.append(seen[days:], np.full(days, 7.0)) for days in (1, 5)}
    cone = cone_of(seen, said)
    assert cone.horizons == (1, 5)
    assert cone.expected.tolist() == [7, 7]
    assert cone.low == pytest.approx([7, 7])
    assert cone.high == pytest.approx([7, 7])
    assert cone.compared == (DAYS - 1, DAYS - 5)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_so_much_of_what_followed_lies_within(share: float) -> None:
    seen = series()
    cone = cone_of(seen, {10: np.full(DAYS, 2.0)}, share)
    followed = seen[10:]
    inside = (followed >= cone.low[0]) & (followed <= cone.high[0])
    assert inside.mean() == pytest.approx(share, abs=0.01)


def test_bounds_are_around_todays_forecast() -> None:
    seen, said = series(), np.full(DAYS, 2.0)
    narrow = cone_of(seen, {5: said})
    wide = cone_of(seen, {5: np.append(said[:-1], 4.0)})
    assert wide.low == pytest.approx(2 * narrow.low)
    assert wide.high == pytest.approx(2 * narrow.high)


def test_too_little_past_has_none() -> None:
    seen = series()[: LEAST_PAST + 5]
    cone = cone_of(seen, {days: np.ones(seen.size) for days in (5, 6, 60)})
    assert np.isfinite(cone.low).tolist() == [True, False, False]
    assert cone.compared == (LEAST_PAST, LEAST_PAST - 1, 0)
    assert cone.expected.tolist() == [1, 1, 1]


def test_a_share_is_between_nothing_and_all() -> None:
    with pytest.raises(BadInput, match="share"):
        cone_of(series(), {1: series()}, 1.0)
