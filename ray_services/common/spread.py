"""How independent work is done: one item after the other, or however a caller spreads it."""

from collections.abc import Callable, Iterable
from typing import Any

type Spread = Callable[..., list[Any]]
"""`spread(function, items, **keywords)`: each item's result in order, as parallel_map has them."""


def one_by_one(function: Callable[..., Any], items: Iterable[Any], **keywords: Any) -> list[Any]:
    """Like parallel_map, without a cluster."""
    return [function(item, **keywords) for item in items]
