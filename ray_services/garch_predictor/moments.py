"""Plain statistics of prices and returns: what there is to see before any model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ray_services.common.compiled import compiled
from ray_services.garch_predictor.inputs import Floats, log_returns, numbers
from ray_services.garch_predictor.spec import whole_number


@compiled
def fill_variances(values: Floats, window: int, found: Floats) -> None:
    """The sample variance of each window, at its end; two passes, each window by itself."""
    for end in range(window - 1, values.size):
        first = end - window + 1
        total = 0.0
        for row in range(first, end + 1):
            total += values[row]
        mean = total / window
        spread = 0.0
        for row in range(first, end + 1):
            spread += (values[row] - mean) ** 2
        found[end] = spread / (window - 1)


def rolling_variance(values: ArrayLike, window: int = 180, field: str = "returns") -> Floats:
    """The variance (with n - 1) of the `window` values up to each, NaN before the first window.

    Shape (rows,), as rolling(window).var() of pandas has it. Raises BadInput.
    """
    whole_number(window, "window", 2, 1_000_000)
    column = numbers(values, field)
    found = np.full(column.size, np.nan)
    fill_variances(column, window, found)
    return found


@dataclass(frozen=True, slots=True)
class Summary:
    """Log returns from one row to another, both counted from 1."""

    first: int
    last: int
    mean: float
    deviation: float
    least: float
    greatest: float
    skewness: float
    kurtosis: float
    """3 where returns are normal; of returns that are all alike, it and the skewness are 0."""


def summaries(prices: ArrayLike, rows_each: int = 0, field: str = "close") -> list[Summary]:
    """The log returns of prices, chunk by chunk of `rows_each` (0: all in one). Raises BadInput."""
    whole_number(rows_each, "rows_each", 0, 1_000_000_000)
    column = log_returns(prices, field)
    step = rows_each or column.size
    return [_summary(column[first : first + step], first) for first in range(0, column.size, step)]


def _summary(values: Floats, before: int) -> Summary:
    """Of returns, the first of which leads to row `before` + 2 of the prices."""
    mean = float(values.mean())
    apart = values - mean
    second = float((apart**2).mean())
    third, fourth = float((apart**3).mean()), float((apart**4).mean())
    return Summary(
        first=before + 2,
        last=before + 1 + values.size,
        mean=mean,
        deviation=float(values.std(ddof=1)) if values.size > 1 else 0.0,
        least=float(values.min()),
        greatest=float(values.max()),
        skewness=third / second**1.5 if second > 0 else 0.0,
        kurtosis=fourth / second**2 if second > 0 else 0.0,
    )
