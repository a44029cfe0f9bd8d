"""The cone of a forecast: how far the model's past forecasts were from what followed.

A model says what variance it expects so many days ahead. How far off that may be is told by its
own past: on each earlier day it said the same, and when the days had gone by it saw a variance.
Quantiles of the ratio of the two, times today's forecast, are the bounds of the cone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ray_services.garch_predictor.inputs import Floats
from ray_services.garch_predictor.spec import number_within
from ray_services.garch_predictor.volatility import LEAST_PAST


@dataclass(frozen=True, slots=True)
class Cone:
    """Variances of a day, so many days ahead; arrays of the shape of `horizons`."""

    horizons: tuple[int, ...]
    expected: Floats
    low: Floats
    """NaN, as `high`, where fewer than LEAST_PAST past forecasts can be compared."""
    high: Floats
    compared: tuple[int, ...]
    """Past forecasts behind the bounds."""


def cone_of(variances: ArrayLike, forecasts: Mapping[int, ArrayLike], share: float = 0.8) -> Cone:
    """The cone of the last day of a series of windows.

    `variances` (days,) are those that the model saw on each day, `forecasts` (days,) by horizon
    those that it expected so many days after. Between the bounds lay `share` of what followed.
    Raises BadInput unless the share is between 0 and 1.
    """
    number_within(share, "share", 0.0, 1.0)
    seen = np.asarray(variances, np.float64)
    horizons = tuple(sorted(forecasts))
    expected, low, high, compared = (np.full(len(horizons), np.nan) for _ in range(4))
    for place, days in enumerate(horizons):
        said = np.asarray(forecasts[days], np.float64)
        expected[place] = said[-1]
        ratios = seen[days:] / said[:-days] if days < seen.size else np.empty(0)
        ratios = ratios[np.isfinite(ratios)]
        compared[place] = ratios.size
        if ratios.size >= LEAST_PAST:
            bounds = np.quantile(ratios, [(1 - share) / 2, (1 + share) / 2])
            low[place], high[place] = bounds * said[-1]
    return Cone(horizons, expected, low, high, tuple(int(one) for one in compared))
