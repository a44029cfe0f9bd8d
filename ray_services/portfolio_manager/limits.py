"""What weights may be: bounds of each asset, of groups, and of what is traded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.inputs import number_in

type Floats = NDArray[np.float64]
type Bound = float | Mapping[str, float]

ROUNDING = 1e-12
NAME_IT = "Name it in tickers too, or leave it out."


@dataclass(frozen=True, slots=True)
class Group:
    """The weights of the members together lie between `lower` and `upper`."""

    name: str
    members: tuple[str, ...]
    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self) -> None:
        if not self.members:
            raise BadInput(
                f"group {self.name}: expected at least one member.",
                field="groups",
                remedy="Name some of the tickers, or leave the group out.",
            )
        if not self.lower <= self.upper:
            raise BadInput(
                f"group {self.name}: its lower limit {self.lower:g} is above its upper one "
                f"{self.upper:g}.",
                field="groups",
                remedy="Exchange them, or leave one out.",
            )


@dataclass(frozen=True, slots=True)
class Turnover:
    """What is bought and sold, as parts of the portfolio, adds up to at most `most`.

    `previous` are the weights held now; assets that are not named there have none.
    """

    previous: Mapping[str, float]
    most: float

    def __post_init__(self) -> None:
        number_in(self.most, "turnover", 0, np.inf, open_ends=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for all assets, or by name; an asset that a mapping does not name has 0 and 1.

    Long and short: negative lower bounds.
    """

    lower: Bound = 0.0
    upper: Bound = 1.0
    groups: tuple[Group, ...] = ()
    turnover: Turnover | None = None

    @property
    def bounds_only(self) -> bool:
        """Whether there are neither groups nor a limit on turnover."""
        return not self.groups and self.turnover is None


def bounds_of(limits: Limits, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Lower and upper bounds, (n,) each; raises Infeasible where they allow no sum of 1."""
    lower = _array(limits.lower, names, 0.0, "lower")
    upper = _array(limits.upper, names, 1.0, "upper")
    if (lower > upper).any():
        name = names[int(np.argmax(lower > upper))]
        raise BadInput(
            f"{name}: its lower bound is above its upper one: {lower[lower > upper][0]:g} > "
            f"{upper[lower > upper][0]:g}.",
            field="lower",
            remedy="Reduce the lower one, or raise the upper one.",
        )
    check_sums(lower, upper)
    return lower, upper


def check_sums(lower: Floats, upper: Floats) -> None:
    """Raise Infeasible unless weights within the bounds can add up to 1."""
    least, most = float(lower.sum()), float(upper.sum())
    even = 1 / len(lower)
    if most < 1 - ROUNDING:
        raise Infeasible(
            f"the upper bounds of {len(upper)} assets add up to {most:.6g}, less than the whole "
            "portfolio, 1.",
            field="upper",
            remedy=f"Raise them to {even:.6g} on average or more, or take more assets.",
        )
    if least > 1 + ROUNDING:
        raise Infeasible(
            f"the lower bounds of {len(lower)} assets add up to {least:.6g}, more than the whole "
            "portfolio, 1.",
            field="lower",
            remedy=f"Reduce them to {even:.6g} on average or less, or take fewer assets.",
        )


def check_groups(
    groups: Sequence[Group], names: Sequence[str], lower: Floats, upper: Floats
) -> list[tuple[Group, list[int]]]:
    """Each group with the places of its members; raises Infeasible where its members' bounds
    already contradict it, BadInput for members that there are not."""
    places = {name: place for place, name in enumerate(names)}
    found = []
    for group in groups:
        unknown = [member for member in group.members if member not in places]
        if unknown:
            raise BadInput(
                f"group {group.name}: {unknown[0]} is not among the assets.",
                field="groups",
                remedy=NAME_IT,
            )
        members = sorted({places[member] for member in group.members})
        most, least = float(upper[members].sum()), float(lower[members].sum())
        if most < group.lower - ROUNDING or least > group.upper + ROUNDING:
            raise Infeasible(
                f"group {group.name}: its members together have between {least:.6g} and "
                f"{most:.6g}, by their own bounds; asked for were {group.lower:g} to "
                f"{group.upper:g}.",
                field="groups",
                remedy="Change the limits of the group or the bounds of its members.",
            )
        found.append((group, members))
    return found


def previous_of(turnover: Turnover, names: Sequence[str]) -> tuple[Floats, float]:
    """Weights held now, (n,), and what of the portfolio is held in assets that are not named."""
    unknown = {name: held for name, held in turnover.previous.items() if name not in names}
    held = np.array([turnover.previous.get(name, 0.0) for name in names])
    if not np.isfinite(held).all() or not np.isfinite(list(unknown.values())).all():
        raise BadInput("expected finite weights.", field="previous")
    return held, float(sum(abs(one) for one in unknown.values()))


def _array(bound: Bound, names: Sequence[str], other: float, field: str) -> Floats:
    if isinstance(bound, Mapping):
        unknown = [name for name in bound if name not in names]
        if unknown:
            raise BadInput(f"{unknown[0]} is not among the assets.", field=field, remedy=NAME_IT)
        values = np.array([float(bound.get(name, other)) for name in names])
    else:
        values = np.full(len(names), float(bound))
    if not np.isfinite(values).all():
        raise BadInput("expected finite numbers; an unbounded portfolio has no highest return.",
                       field=field)  # fmt: skip
    return values
