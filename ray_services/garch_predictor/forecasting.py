"""Forecasts of several models for the same days, each made on the evening before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from ray_services.common.errors import BadInput
from ray_services.common.spread import Spread
from ray_services.garch_predictor.inputs import Floats, returns_of
from ray_services.garch_predictor.moments import rolling_variance
from ray_services.garch_predictor.rolling import fits_of_many
from ray_services.garch_predictor.spec import GarchSpec, Rolling


@dataclass(frozen=True, slots=True)
class Forecaster:
    """A model, and the windows that it is estimated from."""

    spec: GarchSpec
    rolling: Rolling

    def __str__(self) -> str:
        parts = [str(self.spec)]
        if self.spec.mean == "zero":
            parts.append("zero mean")
        parts.append(f"window {self.rolling.window}")
        if self.rolling.every > 1:
            parts.append(f"every {self.rolling.every}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Variances of a day, each of shape (days,), by the names of those who forecast them."""

    first: int
    """The row of the returns, from 0, of the first day; the others follow."""
    variances: Mapping[str, Floats]


def named(forecasters: Sequence[Forecaster], averages: Sequence[int] = ()) -> list[str]:
    """What each is called, models first. Raises BadInput where one comes twice."""
    for field, given in (("models", list(map(str, forecasters))), ("averages", averages)):
        for place, one in enumerate(given):
            if one in given[:place]:
                raise BadInput(
                    f"{one} comes twice.", field=field, row=place + 1, remedy="Leave one out."
                )
    return [*map(str, forecasters), *(f"variance of {window}" for window in averages)]


def forecasts_of(
    returns: ArrayLike,
    forecasters: Sequence[Forecaster],
    averages: Sequence[int] = (),
    *,
    name: str = "returns",
    spread: Spread | None = None,
) -> Forecasts:
    """Of all days that each of them can forecast and whose return is known.

    `averages` are windows whose own variance (with n - 1) is a forecast as well. Raises BadInput.
    """
    names = named(forecasters, averages)
    windows = [*(one.rolling.window for one in forecasters), *averages]
    if not windows:
        raise BadInput("expected at least one forecaster, got none.", field="models")
    first = max(windows)
    column = returns_of(returns, min(windows), name)
    if column.size <= first:
        raise BadInput(
            f"expected more than {first:,} returns, for a day after the longest window, got "
            f"{column.size:,}.",
            field=name,
            remedy="Give more rows or take shorter windows.",
        )
    found: list[Floats] = []
    for one in forecasters:
        fits = fits_of_many({name: column}, one.spec, one.rolling, spread=spread)[name]
        found.append(fits.next_day[first - one.rolling.window : -1])
    for window in averages:
        found.append(rolling_variance(column, window, name)[first - 1 : -1])
    return Forecasts(first, dict(zip(names, found, strict=True)))
