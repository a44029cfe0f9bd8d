"""Returns as markets have them: volatility that clusters, and tails fatter than normal."""

import numpy as np
from numpy.typing import NDArray


def clustered(
    rng: np.random.Generator,
    length: int,
    deviation: float,
    *,
    alpha: float = 0.09,
    beta: float = 0.88,
    freedom: float = 4.0,
) -> NDArray[np.float64]:
    """Returns of a GARCH(1, 1) with Student t shocks and this standard deviation in the long run.

    float64, shape (length,). Bollerslev, "A Conditionally Heteroskedastic Time Series Model for
    Speculative Prices and Rates of Return", 1987.
    """
    shocks = student(rng, freedom, length)
    base = deviation**2 * (1 - alpha - beta)
    returns = np.empty(length)
    variance = deviation**2
    for day in range(length):
        returns[day] = np.sqrt(variance) * shocks[day]
        variance = base + alpha * returns[day] ** 2 + beta * variance
    return returns


def student(
    rng: np.random.Generator, freedom: float, size: int | tuple[int, ...]
) -> NDArray[np.float64]:
    """Student t numbers of variance 1."""
    numbers: NDArray[np.float64] = rng.standard_t(freedom, size) * np.sqrt((freedom - 2) / freedom)
    return numbers
