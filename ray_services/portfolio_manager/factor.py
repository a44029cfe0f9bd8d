"""A Cholesky factor that grows and shrinks: an asset more or less costs their number squared.

Compiled. `factor` is upper triangular, `free` names the asset of each of its first `count` rows;
below the diagonal nothing is read. Inner loops add rows to vectors, which is vectorised without
changing the order of any sum.
"""

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Floats = NDArray[np.float64]
type Places = NDArray[np.int64]

LEAST = 1e-11
"""Part of an asset's variance that must be left when what the free ones explain is taken out."""


@compiled
def solve(factor: Floats, count: int, sides: Floats) -> None:
    """Solve for three right-hand sides (3, n) in place."""
    for row in range(count):
        pivot = factor[row, row]
        first, second, third = sides[0, row] / pivot, sides[1, row] / pivot, sides[2, row] / pivot
        sides[0, row], sides[1, row], sides[2, row] = first, second, third
        for later in range(row + 1, count):
            cell = factor[row, later]
            sides[0, later] -= cell * first
            sides[1, later] -= cell * second
            sides[2, later] -= cell * third
    for row in range(count - 1, -1, -1):
        first, second, third = sides[0, row], sides[1, row], sides[2, row]
        for later in range(row + 1, count):
            cell = factor[row, later]
            first -= cell * sides[0, later]
            second -= cell * sides[1, later]
            third -= cell * sides[2, later]
        pivot = factor[row, row]
        sides[0, row], sides[1, row], sides[2, row] = first / pivot, second / pivot, third / pivot


@compiled
def append(
    asset: int, covariance: Floats, factor: Floats, free: Places, count: int, column: Floats
) -> bool:
    """Add an asset as the last; False, and nothing added, where the others explain all of it.

    `column` is room for as many numbers as there are assets.
    """
    for row in range(count):
        column[row] = covariance[asset, free[row]]
    left = covariance[asset, asset]
    for row in range(count):
        value = column[row] / factor[row, row]
        factor[row, count] = value
        left -= value * value
        for later in range(row + 1, count):
            column[later] -= factor[row, later] * value
    if not left > LEAST * covariance[asset, asset]:
        return False
    factor[count, count] = np.sqrt(left)
    free[count] = asset
    return True


@compiled
def remove(asset: int, factor: Floats, free: Places, count: int) -> None:
    """Take an asset out: close the gap, then rotate what is left back into a triangle."""
    gap = 0
    while free[gap] != asset:
        gap += 1
    for at in range(gap, count - 1):
        free[at] = free[at + 1]
    for row in range(count):
        for column in range(max(gap, row - 1), count - 1):
            factor[row, column] = factor[row, column + 1]
    for row in range(gap, count - 1):
        upper, below = factor[row, row], factor[row + 1, row]
        length = np.sqrt(upper * upper + below * below)
        cosine, sine = upper / length, below / length
        for column in range(row, count - 1):
            upper, below = factor[row, column], factor[row + 1, column]
            factor[row, column] = cosine * upper + sine * below
            factor[row + 1, column] = cosine * below - sine * upper
