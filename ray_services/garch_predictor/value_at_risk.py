"""Losses that are exceeded with a given chance, and tests of whether they were so often.

Coverage: Kupiec (1995). Independence and both at once: Christoffersen (1998), International
Economic Review 39, 841-862. Their likelihood ratios follow chi-square distributions of one and
two degrees of freedom where the model is right, as the number of days grows.
"""

from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput
from ray_services.garch_predictor.inputs import Floats, numbers
from ray_services.garch_predictor.rolling import RollingFits
from ray_services.garch_predictor.spec import number_within
from ray_services.garch_predictor.special import fill_t_tails


@dataclass(frozen=True, slots=True)
class RiskSeries:
    """For the day after each window; losses are positive, in units of the returns."""

    level: float
    """The chance of a loss above `var`."""
    rows: NDArray[np.int64]
    """The row of the returns, from 0, of that day; the last one is not known yet."""
    var: Floats
    """Value at risk."""
    shortfall: Floats
    """The mean loss where it is above `var`."""


class Ratio(NamedTuple):
    """A likelihood ratio and the chance of a greater one where the model is right."""

    statistic: float
    p: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """How often losses were above the value at risk."""

    level: float
    days: int
    violations: int
    expected: float
    rate: float
    coverage: Ratio
    """Whether there were as many violations as the level says (Kupiec)."""
    independence: Ratio
    """Whether a violation was as likely after one as after none (Christoffersen)."""
    conditional: Ratio
    """Both at once."""
    shortfall: float | None
    """The mean loss on days of violation; None where there were none."""


def value_at_risk(fits: RollingFits, level: float = 0.05) -> RiskSeries:
    """Of the day after each window, by the distribution of the model. Raises BadInput."""
    number_within(level, "level", 0.0, 0.5)
    tail, mean = _tails(fits, float(level))
    deviation = np.sqrt(fits.next_day)
    mu = fits.of("mu")
    return RiskSeries(
        level=level,
        rows=fits.last_rows + 1,
        var=deviation * tail - mu,
        shortfall=deviation * mean - mu,
    )


def backtest(returns: ArrayLike, risk: RiskSeries) -> Backtest:
    """Test a value at risk on the returns that its windows were cut from. Raises BadInput."""
    column = numbers(returns, "returns")
    known = risk.rows < column.size
    losses = -column[risk.rows[known]]
    return coverage_tests(losses > risk.var[known], risk.level, losses)


def coverage_tests(
    violations: ArrayLike, level: float, losses: ArrayLike | None = None
) -> Backtest:
    """The tests on days of which each was a violation or not, in order. Raises BadInput."""
    number_within(level, "level", 0.0, 0.5)
    hits = np.asarray(violations)
    if hits.ndim != 1 or hits.size < 2 or not np.isin(hits, (0, 1)).all():
        raise BadInput(
            "expected for each of at least 2 days whether there was a violation.",
            field="violations",
            remedy="Give more rows, so that days follow after the first window.",
        )
    hits = hits.astype(bool)
    days, count = hits.size, int(hits.sum())
    coverage = 2.0 * (_likelihood(days, count, count / days) - _likelihood(days, count, level))
    independence = _independence(hits)
    both = max(0.0, coverage) + independence
    seen = None if losses is None else numbers(losses, "losses")[hits]
    return Backtest(
        level=level,
        days=days,
        violations=count,
        expected=level * days,
        rate=count / days,
        coverage=_one(max(0.0, coverage)),
        independence=_one(independence),
        conditional=Ratio(both, exp(-0.5 * both)),
        shortfall=float(seen.mean()) if seen is not None and seen.size else None,
    )


def _tails(fits: RollingFits, level: float) -> tuple[Floats, Floats]:
    """Of errors with variance one: the quantile and the mean beyond it, both positive."""
    tail, mean = np.empty(len(fits)), np.empty(len(fits))
    if fits.spec.student:
        fill_t_tails(level, np.ascontiguousarray(fits.of("nu")), tail, mean)
        return tail, mean
    normal = NormalDist()
    quantile = normal.inv_cdf(1.0 - level)
    tail[:], mean[:] = quantile, normal.pdf(quantile) / level
    return tail, mean


def _one(statistic: float) -> Ratio:
    """With the chance that a chi-square of one degree of freedom is greater."""
    return Ratio(statistic, erfc(sqrt(0.5 * statistic)))


def _independence(hits: NDArray[np.bool_]) -> float:
    """The ratio of a chain of first order to days that do not depend on each other."""
    before, after = hits[:-1], hits[1:]
    after_hit, after_none = int(before.sum()), int((~before).sum())
    again, new = int((before & after).sum()), int((~before & after).sum())
    chain = _likelihood(after_none, new, _share(new, after_none))
    chain += _likelihood(after_hit, again, _share(again, after_hit))
    alike = _likelihood(before.size, again + new, (again + new) / before.size)
    return max(0.0, 2.0 * (chain - alike))


def _share(count: int, days: int) -> float:
    return count / days if days else 0.0


def _likelihood(days: int, count: int, chance: float) -> float:
    """The logarithm of chance^count (1 - chance)^(days - count), where 0^0 is 1."""
    rest = days - count
    return (count * log(chance) if count else 0.0) + (rest * log(1.0 - chance) if rest else 0.0)
