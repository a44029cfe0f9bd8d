"""Sets of parameters to be tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from ray_services.common.errors import BadInput
from ray_services.intraday_strategy.checking import Contradiction
from ray_services.intraday_strategy.strategies import Strategy, check_names, strategy_class

MOST_SETS = 100_000


@dataclass(frozen=True, slots=True)
class Grid:
    """All combinations of some values."""

    strategy: str
    axes: dict[str, tuple[Any, ...]]
    """The values of each parameter that was given."""
    sets: tuple[Strategy, ...]
    """The last parameter's values change first."""
    left_out: int
    """Combinations whose parameters contradict each other, such as fast above slow."""


def make_grid(strategy: str, values: Mapping[str, Any]) -> Grid:
    """The combinations of `values`, lists (or single values) by parameter; others have their
    defaults.

    Raises BadInput for names that there are not, values out of bounds, empty or repeating lists,
    more than MOST_SETS combinations, and combinations that all contradict themselves.
    """
    kind = strategy_class(strategy)
    check_names(kind, values)
    axes = {name: _axis(name, given) for name, given in values.items()}
    wanted = prod(len(axis) for axis in axes.values())
    if wanted > MOST_SETS:
        raise BadInput(
            f"expected up to {MOST_SETS:,} combinations, got {wanted:,}.",
            field=max(axes, key=lambda name: len(axes[name])),
            remedy="Try fewer values, first coarsely and then around the best.",
        )
    sets = tuple(_combinations(kind, axes))
    if not sets:
        raise BadInput(
            "expected a combination that does not contradict itself, got none.",
            field=next(iter(axes)),
            remedy=f"Look at what {strategy} says of its parameters.",
        )
    return Grid(strategy, axes, sets, wanted - len(sets))


def _axis(name: str, given: Any) -> tuple[Any, ...]:
    listed = isinstance(given, Sequence) and not isinstance(given, str)
    values = tuple(given) if listed else (given,)
    if not values:
        raise BadInput("expected at least one value, got none.", field=name)
    if any(value in values[:place] for place, value in enumerate(values)):
        raise BadInput(f"expected each value once, got {list(values)}.", field=name)
    return values


def _combinations(kind: type[Strategy], axes: Mapping[str, tuple[Any, ...]]) -> Iterator[Strategy]:
    for values in product(*axes.values()):
        try:
            yield kind(**dict(zip(axes, values, strict=True)))
        except Contradiction:
            continue
