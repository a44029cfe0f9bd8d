"""What callers give, checked: returns, prices, names and weights."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput

type Floats = NDArray[np.float64]

SUM_TOLERANCE = 1e-6


def names_of(names: Sequence[str], count: int) -> tuple[str, ...]:
    """The names of `count` assets; raises BadInput unless there are as many, all different."""
    given = tuple(names)
    if len(given) != count:
        raise BadInput(f"expected {count} names, one for each column, got {len(given)}.",
                       field="tickers")  # fmt: skip
    if len(set(given)) < len(given):
        twice = next(name for name in given if given.count(name) > 1)
        raise BadInput(f"{twice} is there more than once.", field="tickers", remedy="Name it once.")
    if not given:
        raise BadInput("expected at least one.", field="tickers")
    return given


def returns_of(values: ArrayLike, names: Sequence[str]) -> Floats:
    """Simple returns, float64, shape (rows, assets): at least two rows, finite, above -1."""
    returns = _matrix(values, "returns")
    names = names_of(names, returns.shape[1])
    if len(returns) < 2:
        raise BadInput(
            f"expected at least 2 rows of returns, got {len(returns)}.",
            field="returns",
            remedy="Give a longer period.",
        )
    if not (np.isfinite(returns).all() and returns.min() >= -1.0):
        _complain(returns, names, ~np.isfinite(returns), "a finite return")
        _complain(returns, names, returns < -1.0, "a return of -1 (all lost) or more")
    return returns


def returns_of_prices(values: ArrayLike, names: Sequence[str]) -> Floats:
    """Simple returns of prices (rows, assets), one row fewer; prices must be positive."""
    prices = _matrix(values, "prices")
    names = names_of(names, prices.shape[1])
    if len(prices) < 3:
        raise BadInput(
            f"expected at least 3 rows of prices, got {len(prices)}.",
            field="prices",
            remedy="Give a longer period.",
        )
    wrong = ~(np.isfinite(prices) & (prices > 0))
    _complain(prices, names, wrong, "a positive price")
    return prices[1:] / prices[:-1] - 1.0


def series_of(values: ArrayLike, field: str, length: int | None = None) -> Floats:
    """Finite numbers of one series, float64, shape (rows,): at least two, or `length`."""
    series = np.asarray(values, dtype=np.float64)
    if series.ndim != 1 or len(series) < 2:
        raise BadInput(f"expected a series of at least 2 numbers, got shape {series.shape}.",
                       field=field)  # fmt: skip
    if length is not None and len(series) != length:
        raise BadInput(
            f"expected {length} rows as the portfolio has, got {len(series)}.",
            field=field,
            remedy="Give the same days.",
        )
    wrong = ~np.isfinite(series)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(f"expected a finite number, got {series[row]}.", field=field, row=row + 1)
    return series


def weights_of(values: ArrayLike, names: Sequence[str]) -> Floats:
    """Finite weights that add up to 1, float64, shape (assets,)."""
    weights = np.asarray(values, dtype=np.float64)
    if weights.shape != (len(names),):
        raise BadInput(
            f"expected {len(names)} weights, one for each ticker, got {weights.size}.",
            field="weights",
        )
    if not np.isfinite(weights).all():
        name = names[int(np.argmin(np.isfinite(weights)))]
        raise BadInput(f"the weight of {name} is not finite.", field="weights")
    total = float(weights.sum())
    if abs(total - 1.0) > SUM_TOLERANCE:
        raise BadInput(
            f"they add up to {total:.6g}, expected 1.",
            field="weights",
            remedy="Divide each by their sum." if total > 0 else "",
        )
    return weights


def refuse_constant(deviations: Floats, names: Sequence[str], least: float = 0.0) -> None:
    """Raise BadInput for the first asset whose returns never change: it has no risk to weigh."""
    still = deviations <= least
    if still.any():
        name = names[int(np.argmax(still))]
        raise BadInput(
            "the series is constant: it has no variance to weigh against that of others.",
            field=name,
            remedy="Leave it out, or use a period in which its price moves.",
        )


def number_in(value: float, field: str, low: float, high: float, *, open_ends: bool = True) -> None:
    """Raise BadInput unless the number is between the two, the ends left out or not."""
    inside = low < value < high if open_ends else low <= value <= high
    if not inside:
        between = f"between {low:g} and {high:g}" if np.isfinite(high) else f"above {low:g}"
        if not open_ends and not np.isfinite(high):
            between = f"of at least {low:g}"
        raise BadInput(f"expected a number {between}, got {value:g}.", field=field)


def _matrix(values: ArrayLike, field: str) -> Floats:
    try:
        matrix = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput("expected numbers, rows of equal length.", field=field) from None
    if matrix.ndim != 2:
        raise BadInput(f"expected rows and columns, got shape {matrix.shape}.", field=field)
    return matrix


def _complain(
    values: Floats, names: Sequence[str], wrong: NDArray[np.bool_], expected: str
) -> None:
    if wrong.any():
        row, column = (int(place) for place in np.argwhere(wrong)[0])
        raise BadInput(
            f"expected {expected}, got {values[row, column]:g}.",
            field=names[column],
            row=row + 1,
            remedy="Leave out the days or the ticker that lack data.",
        )
