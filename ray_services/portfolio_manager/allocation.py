"""Whole shares for weights: what an amount of money buys, and what is left of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager.inputs import number_in, weights_of

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Shares (n,), negative where short; `weights` (n,) as bought; `leftover` in money.

    `error` is the root of the mean squared difference to the weights that were asked for.
    """

    names: tuple[str, ...]
    shares: NDArray[np.int64]
    weights: Floats
    leftover: float
    error: float

    def as_dict(self) -> dict[str, object]:
        """As JSON: shares by name, those with none left out."""
        held = zip(self.names, self.shares.tolist(), strict=True)
        return {
            "shares": {name: count for name, count in held if count},
            "leftover": self.leftover,
            "error": self.error,
        }


def allocate(
    names: Sequence[str], weights: ArrayLike, prices: ArrayLike, amount: float
) -> Allocation:
    """Shares for weights (n,) that add up to 1, prices (n,) and an amount of money.

    First what each weight buys whole, short sales included, whose proceeds are spent too; then,
    one at a time, the share that its weight lacks most among those the rest of the money pays for.
    """
    wanted = weights_of(weights, names)
    number_in(amount, "amount", 0, np.inf)
    quotes = _prices(prices, names)
    shares = np.trunc(wanted * amount / quotes + np.copysign(1e-9, wanted)).astype(np.int64)
    left = amount - float(shares @ quotes)
    lacking = wanted * amount - shares * quotes
    while True:
        payable = (quotes <= left) & (lacking > 0) & (wanted > 0)
        if not payable.any():
            break
        best = int(np.argmax(np.where(payable, lacking, -np.inf)))
        shares[best] += 1
        lacking[best] -= quotes[best]
        left -= float(quotes[best])
    if not shares.any():
        cheapest = float(quotes[wanted > 0].min())
        raise BadInput(
            f"{amount:g} buys no share; the cheapest costs {cheapest:g}.",
            field="amount",
            remedy="Give more.",
        )
    got = shares * quotes / amount
    error = float(np.sqrt(((got - wanted) ** 2).mean()))
    return Allocation(tuple(names), shares, got, left, error)


def _prices(prices: ArrayLike, names: Sequence[str]) -> Floats:
    quotes = np.asarray(prices, dtype=np.float64)
    if quotes.shape != (len(names),):
        raise BadInput(f"expected {len(names)} prices, got {quotes.size}.", field="prices")
    wrong = ~(np.isfinite(quotes) & (quotes > 0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise BadInput(f"expected a positive price, got {quotes[at]:g}.", field=names[at])
    return quotes
