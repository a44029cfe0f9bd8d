"""Where searches begin: a grid of models, of which the likeliest is taken."""

from collections.abc import Iterable, Iterator
from itertools import product
from math import log, log1p
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ray_services.garch_predictor.likelihood import Floats
from ray_services.garch_predictor.shape import FLOOR, LEAST_NU, MOST_NU, OMEGA
from ray_services.garch_predictor.spec import GarchSpec

NEWS, PERSISTENCE = (0.01, 0.05, 0.1, 0.2), (0.5, 0.7, 0.9, 0.98)
"""What the lags of the squared errors pass on together, and they and those of the variance; where
these are all alike, `arch` begins with the same."""
FEW_NEWS, FEW_PERSISTENCE = (0.05, 0.15), (0.7, 0.95)
"""Of the families where one lag of the variance has most."""
ONLY_NEWS = (0.1, 0.3, 0.6)
"""Persistence where there are no lags of the variance."""
FALLS_COUNT = (0.5, 0.85)
"""The share of the news that comes from returns below the mean."""
LEANING = 0.85
"""The share of one lag of the variance where it has most."""
NU = 8.0


class Starts(NamedTuple):
    """Points of `shape`, of a window with variance one, in families.

    The likelihood has several peaks; a search begins at the likeliest point of each family.
    """

    points: Floats
    """Shape (points, parameters of `all_names`)."""
    ends: NDArray[np.int64]
    """The number of the first point after each family."""


def cold_starts(spec: GarchSpec) -> Starts:
    """Where searches of a model begin."""
    families = []
    for number, memory in enumerate(_memories(spec.q)):
        levels: Iterable[tuple[float, float]] = product(NEWS, PERSISTENCE)
        if number > 0:
            levels = product(FEW_NEWS, FEW_PERSISTENCE)
        if spec.q == 0:
            levels = zip(ONLY_NEWS, ONLY_NEWS, strict=True)
        families.append(
            [
                _point(spec, news, persistence, fall, memory)
                for news, persistence in levels
                for fall in (FALLS_COUNT if spec.o else FALLS_COUNT[:1])
            ]
        )
    return Starts(np.concatenate(families), np.cumsum([len(family) for family in families]))


def first_steps(spec: GarchSpec, window: int) -> Floats:
    """The guess at the inverse curvature along each coordinate, with which BFGS begins."""
    scales = np.full(len(spec.all_names), 9 / window)
    scales[0] = 1 / window
    scales[1] = 18 / window
    scales[-1] = 54 / window
    return scales


def _news(spec: GarchSpec, news: float, fall: float) -> Iterator[float]:
    """Cells of alpha and gamma. A lag with one of them only has a cell of its own."""
    lags = max(spec.p, spec.o)
    both = min(spec.p, spec.o)
    for lag in range(spec.p):
        yield news / lags * (1 - fall if lag < both else 1.0)
    for lag in range(spec.o):
        yield news / lags * (fall if lag < both else 1.0)


def _memories(lags: int) -> Iterator[list[float]]:
    """The shares of the lags of the variance: all alike, most in the first, a middle, the last."""
    yield [1 / lags] * lags if lags else []
    for place in sorted({0, lags // 2, lags - 1}) if lags > 1 else ():
        few = (1 - LEANING) / (lags - 1)
        yield [LEANING if lag == place else few for lag in range(lags)]


def _point(
    spec: GarchSpec, news: float, persistence: float, fall: float, memory: list[float]
) -> list[float]:
    rest = 1 - persistence
    nu = (NU - LEAST_NU) / (MOST_NU - LEAST_NU) if spec.student else 0.5
    cells = [*_news(spec, news, fall), *((persistence - news) * share for share in memory)]
    shared = [log1p(cell / rest) for cell in cells]
    return [0.0, log1p((rest - FLOOR) / OMEGA), *shared, log(nu / (1 - nu))]
