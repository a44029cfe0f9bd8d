"""The efficient frontier within bounds, and the portfolios on it: all exact, no solver."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ray_services.common.errors import BadInput
from ray_services.portfolio_manager import critical_line
from ray_services.portfolio_manager.errors import Infeasible
from ray_services.portfolio_manager.estimates import Moments
from ray_services.portfolio_manager.limits import check_sums

type Floats = NDArray[np.float64]

NUDGES = (0.0, 1e-10, 1e-8)
ROUNDING = 1e-9
GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class FrontierPoints:
    """Portfolios from the least variance to the highest return: (k,), (k,) and (k, n)."""

    returns: Floats
    volatilities: Floats
    weights: Floats


@dataclass(frozen=True, slots=True)
class Frontier:
    """The whole frontier as its k turning points, from the highest return down.

    `turns` (k,) is how much a unit of return is worth in variance (the slope of the frontier),
    `points` (k, n) the weights, `returns` and `variances` (k,) a year. Between two turning points
    weights and returns are linear in `turns`, and variances in its square.
    """

    names: tuple[str, ...]
    turns: Floats
    points: Floats
    returns: Floats
    variances: Floats

    def min_volatility(self) -> Floats:
        """Weights (n,) of the least variance."""
        return self._between(len(self.turns) - 1.0)

    def max_return(self) -> Floats:
        """Weights (n,) of the highest return; of several the one of least variance."""
        return self._between(0.0)

    def max_sharpe(self, risk_free: float = 0.0) -> Floats:
        """Weights (n,) of the highest ratio of excess return to volatility: the exact tangent.

        Raises Infeasible where no portfolio has an excess return.
        """
        if self.returns[0] - risk_free <= critical_line.LEAST_EXCESS:
            raise no_excess(float(self.returns[0]), risk_free)
        short = self.variances - self.turns * (self.returns - risk_free)
        after = int(np.argmax(short >= 0.0))
        if after == 0:
            return self.max_return()
        share = float(short[after] / (short[after] - short[after - 1]))
        return self._between(after - share)

    def target_return(self, target: float) -> Floats:
        """Weights (n,) of the least variance among those that return `target` or more.

        Raises Infeasible, naming the highest attainable return, where none does.
        """
        if target > self.returns[0] + ROUNDING * max(1.0, abs(target)):
            raise return_too_high(target, float(self.returns[0]))
        return self._between(self._position(self.returns, target))

    def target_risk(self, target: float) -> Floats:
        """Weights (n,) of the highest return among those of volatility `target` or less.

        Raises Infeasible, naming the least attainable volatility, where none is that calm.
        """
        least = float(np.sqrt(self.variances[-1]))
        if target < least * (1 - ROUNDING):
            raise risk_too_low(target, least)
        after = int(np.searchsorted(-self.variances, -(target**2)))
        if after == 0:
            return self.max_return()
        if after == len(self.turns):
            return self.min_volatility()
        low, high = self.variances[after], self.variances[after - 1]
        bottom, top = self.turns[after] ** 2, self.turns[after - 1] ** 2
        turn = np.sqrt(bottom + (target**2 - low) / (high - low) * (top - bottom))
        share = (turn - self.turns[after]) / (self.turns[after - 1] - self.turns[after])
        return self._between(after - float(share))

    def tolerating(self, tolerance: float) -> Floats:
        """Weights (n,) at a part of the way, in volatility, from the calmest (0) to the most
        rewarding (1)."""
        if not 0 <= tolerance <= 1:
            raise BadInput(f"expected a number from 0 to 1, got {tolerance:g}.",
                           field="risk_tolerance")  # fmt: skip
        low, high = np.sqrt(self.variances[-1]), np.sqrt(self.variances[0])
        return self.target_risk(float(low + tolerance * (high - low)))

    def spread(self, count: int) -> FrontierPoints:
        """`count` portfolios, evenly spaced in return, from the least variance up."""
        if count < 1:
            raise BadInput(f"expected at least 1, got {count}.", field="points")
        returns = np.linspace(self.returns[-1], self.returns[0], count)
        positions = self._position(self.returns, returns)
        before = np.minimum(np.floor(positions).astype(np.int64), max(len(self.turns) - 2, 0))
        share = positions - before
        after = np.minimum(before + 1, len(self.turns) - 1)
        weights = self.points[before] * (1 - share)[:, np.newaxis]
        weights += self.points[after] * share[:, np.newaxis]
        gap = self.turns[before] - self.turns[after]
        turns = self.turns[before] - share * gap
        spans = self.turns[before] ** 2 - self.turns[after] ** 2
        part = np.divide(
            self.turns[before] ** 2 - turns**2, spans, out=np.zeros(count), where=spans > 0
        )
        variances = self.variances[before] * (1 - part) + self.variances[after] * part
        return FrontierPoints(returns, np.sqrt(variances), weights)

    def _position(self, falling: Floats, wanted: float | Floats) -> Floats:
        """Where wanted values lie among falling ones: 2.25 is a quarter of the way from the third
        to the fourth."""
        places = np.arange(len(falling) - 1.0, -1.0, -1.0)
        positions: Floats = np.interp(wanted, falling[::-1], places)
        return positions

    def _between(self, position: float | Floats) -> Floats:
        before = int(position)
        after = min(before + 1, len(self.turns) - 1)
        share = float(position) - before
        weights: Floats = self.points[before] * (1 - share) + self.points[after] * share
        return weights


def trace(moments: Moments, lower: Floats, upper: Floats) -> Frontier:
    """The frontier of portfolios within bounds (n,).

    Raises Infeasible where the bounds allow no portfolio, BadInput for a singular covariance.
    """
    turns, points = _walk(moments, lower, upper, np.nan)
    variances = ((points @ moments.covariance) * points).sum(axis=1)
    return Frontier(moments.names, turns, points, points @ moments.mean, variances)


def max_sharpe(moments: Moments, lower: Floats, upper: Floats, risk_free: float = 0.0) -> Floats:
    """What `trace(…).max_sharpe` gives, without the frontier below it."""
    points = _walk(moments, lower, upper, risk_free)[1]
    weights: Floats = points[-1].copy()
    return weights


def no_excess(highest: float, risk_free: float) -> Infeasible:
    return Infeasible(
        f"no portfolio within the limits returns more than the risk-free {risk_free:.6g} a year; "
        f"the highest attainable is {highest:.6g}.",
        field="risk_free",
        remedy="Ask for min_volatility, loosen the limits, or take other assets.",
    )


def return_too_high(target: float, highest: float) -> Infeasible:
    return Infeasible(
        f"no portfolio within the limits returns {target:.6g} a year; the highest attainable is "
        f"{highest:.6g}.",
        field="target_return",
        remedy="Ask for less, or loosen the limits.",
    )


def risk_too_low(target: float, least: float) -> Infeasible:
    return Infeasible(
        f"no portfolio within the limits has a volatility of {target:.6g} a year; the least "
        f"attainable is {least:.6g}.",
        field="target_risk",
        remedy="Allow more, or loosen the limits.",
    )


def _walk(
    moments: Moments, lower: Floats, upper: Floats, risk_free: float
) -> tuple[Floats, Floats]:
    """Turning points and weights; where ever-equal corners would not be left, means are nudged by
    the least that does it."""
    lower, upper = (np.ascontiguousarray(bound, np.float64) for bound in (lower, upper))
    check_sums(lower, upper)
    size = len(moments.mean)
    ends, who = critical_line.STUCK, -1
    for nudge in NUDGES:
        mean = moments.mean
        if nudge:
            mean = mean + nudge * np.ptp(mean) * ((np.arange(1, size + 1) * GOLDEN) % 1)
        order = np.argsort(-mean, kind="stable")
        rows, ends, who = critical_line.walk(
            mean, order, moments.covariance, lower, upper, float(risk_free)
        )
        turns, points = rows[:, -1].copy(), np.ascontiguousarray(rows[:, :-1])
        if ends == critical_line.DONE:
            return turns, points
        if ends == critical_line.NO_EXCESS:
            raise no_excess(float(points[-1] @ moments.mean), risk_free)
        if ends == critical_line.SINGULAR:
            raise _singular(moments, who)
    raise BadInput(
        "the frontier could not be followed to its end; the covariance is too close to singular.",
        field="covariance",
        remedy="Use ledoit_wolf, or more observations than assets.",
    )


def _singular(moments: Moments, who: int) -> BadInput:
    seen = f" ({moments.observations} observations)" if moments.observations else ""
    return BadInput(
        f"the covariance of {len(moments.names)} assets{seen} is singular: "
        f"{moments.names[who]} moves exactly as some of the others together.",
        field="covariance",
        remedy=f"Use ledoit_wolf, more observations than assets, or leave {moments.names[who]} "
        "out.",
    )
