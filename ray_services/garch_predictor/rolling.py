"""Rolling estimates and forecasts: of one series or many, here or spread over a cluster."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread, one_by_one
from ray_services.garch_predictor.inputs import Floats, returns_of
from ray_services.garch_predictor.likelihood import problem_of
from ray_services.garch_predictor.precision import standard_errors
from ray_services.garch_predictor.shape import walls
from ray_services.garch_predictor.spec import GarchSpec, Rolling
from ray_services.garch_predictor.starts import cold_starts, first_steps
from ray_services.garch_predictor.windows import CHAIN, fit_windows, room_for


@dataclass(frozen=True, slots=True)
class RollingFits:
    """What each window gave, a row for each. Variances are those of a day, in squared units of
    the returns; parameters and likelihoods are of the returns as they were given."""

    spec: GarchSpec
    rolling: Rolling
    first: int
    """The number of the first window: the row of the returns, from 0, that it begins with."""
    parameters: Floats
    """Shape (windows, parameters), the columns in the order of `spec.names`."""
    standard_errors: Floats | None
    """Of the same shape; NaN where a parameter is at its limit. None where not asked for."""
    log_likelihood: Floats
    converged: NDArray[np.bool_]
    """Of the estimate in use, which is an older window's where not every one is estimated."""
    last: Floats
    """The variance of the window's last day."""
    forecasts: Floats
    """The variance expected of each day of `rolling.horizons`, shape (windows, horizons)."""
    totals: Floats
    """The variance expected of all days up to each of the horizons together, likewise."""
    next_day: Floats
    """The variance expected of the day after the window."""

    def __len__(self) -> int:
        return len(self.last)

    @property
    def last_rows(self) -> NDArray[np.int64]:
        """The row of the returns, from 0, that each window ends with."""
        return self.first + self.rolling.window - 1 + np.arange(len(self))

    @property
    def estimated(self) -> NDArray[np.bool_]:
        """Whether a window has an estimate of its own."""
        first: NDArray[np.bool_] = (self.first + np.arange(len(self))) % self.rolling.every == 0
        return first

    @property
    def aic(self) -> Floats:
        """Akaike's information criterion (1974)."""
        return 2.0 * len(self.spec.names) - 2.0 * self.log_likelihood

    @property
    def bic(self) -> Floats:
        """Schwarz's criterion (1978)."""
        penalty = log(self.rolling.window) * len(self.spec.names)
        return penalty - 2.0 * self.log_likelihood

    def of(self, name: str) -> Floats:
        """A parameter by its name; zeros for a mean, infinity for a nu, that is not estimated."""
        if name in self.spec.names:
            return self.parameters[:, self.spec.names.index(name)]
        return np.full(len(self), np.inf if name == "nu" else 0.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """Windows of one series that are fitted in one go: one chain, or several."""

    series: str
    first: int
    """The number of the first window."""
    returns: Floats
    """The rows that these windows span."""


def rolling_fits(
    returns: ArrayLike, spec: GarchSpec | None = None, rolling: Rolling | None = None
) -> RollingFits:
    """The fits of all windows of one series of returns, shape (rows,). Raises BadInput."""
    return fits_of_many({"returns": returns}, spec, rolling)["returns"]


def fits_of_many(
    series: Mapping[str, ArrayLike],
    spec: GarchSpec | None = None,
    rolling: Rolling | None = None,
    *,
    spread: Spread | None = None,
) -> dict[str, RollingFits]:
    """The fits of many series by their names, each as by itself, whatever spreads the work.

    `spread` is parallel_map or what is called like it; without it, all is done here. Raises
    BadInput, which names the series, before anything is fitted.
    """
    spec, rolling = spec or GarchSpec(), rolling or Rolling()
    pieces = pieces_of(series, spec, rolling)
    parts = (spread or one_by_one)(fit_piece, pieces, spec=spec, rolling=rolling)
    return joined(pieces, parts)


def pieces_of(series: Mapping[str, ArrayLike], spec: GarchSpec, rolling: Rolling) -> list[Piece]:
    """The work of fitting these series, cut where chains end. Raises BadInput."""
    rolling.fits(spec)
    if not series:
        raise BadInput("expected at least one series of returns, got none.", field="returns")
    pieces = []
    for name, given in series.items():
        returns = returns_of(given, rolling.window, field=name)
        windows = returns.size - rolling.window + 1
        for first in range(0, windows, CHAIN * rolling.every):
            count = min(CHAIN * rolling.every, windows - first)
            rows = returns[first : first + count + rolling.window - 1]
            pieces.append(Piece(name, first, rows))
    return pieces


def fit_piece(piece: Piece, *, spec: GarchSpec, rolling: Rolling) -> RollingFits:
    """The fits of a piece's windows."""
    returns = np.array(piece.returns, dtype=np.float64)  # what other processes share is read-only
    windows = returns.size - rolling.window + 1
    found = room_for(windows, len(spec.all_names), rolling.horizons[-1])
    fit_windows(
        problem_of(spec, rolling.window),
        returns,
        piece.first,
        rolling.every,
        cold_starts(spec),
        first_steps(spec, rolling.window),
        walls(len(spec.all_names)),
        found,
    )
    days = np.array(rolling.horizons) - 1
    return RollingFits(
        spec=spec,
        rolling=rolling,
        first=piece.first,
        parameters=found.theta[:, list(spec.places)],
        standard_errors=_errors(returns, found.theta, spec, rolling),
        log_likelihood=found.log_likelihood,
        converged=found.converged,
        last=found.last,
        forecasts=found.ahead[:, days],
        totals=np.cumsum(found.ahead, axis=1)[:, days],
        next_day=found.ahead[:, 0].copy(),
    )


def _errors(returns: Floats, theta: Floats, spec: GarchSpec, rolling: Rolling) -> Floats | None:
    """Of each window; of the estimate in use where a window has none of its own."""
    if rolling.errors == "none":
        return None
    found = [
        standard_errors(returns[row : row + rolling.window], theta[row], spec, rolling.errors)
        for row in range(0, len(theta), rolling.every)
    ]
    return np.repeat(np.array(found), rolling.every, axis=0)[: len(theta)]


def joined(pieces: Sequence[Piece], parts: Iterable[RollingFits]) -> dict[str, RollingFits]:
    """The fits of whole series, from those of their pieces in order."""
    of_series: dict[str, list[RollingFits]] = {}
    for piece, part in zip(pieces, parts, strict=True):
        of_series.setdefault(piece.series, []).append(part)
    return {name: _joined(found) for name, found in of_series.items()}


_COLUMNS = (
    "parameters", "standard_errors", "log_likelihood", "converged", "last", "forecasts", "totals",
    "next_day",
)  # fmt: skip


def _joined(parts: list[RollingFits]) -> RollingFits:
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        found = [getattr(part, name) for part in parts]
        columns[name] = None if found[0] is None else np.concatenate(found)
    return replace(parts[0], **columns)
