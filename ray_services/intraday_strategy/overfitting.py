"""How much of the best Sharpe ratio of many is luck (Bailey and Lopez de Prado, The Deflated
Sharpe Ratio, Journal of Portfolio Management 40/5, 2014)."""

from dataclasses import dataclass
from math import e, isfinite, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ray_services.intraday_strategy.metrics import KURTOSIS, SHARPE, SKEWNESS

type Floats = NDArray[np.float64]

EULER = 0.5772156649015329
ENOUGH = 0.95
"""The probability below which the best of a search is called no better than luck."""


@dataclass(frozen=True, slots=True)
class Deflated:
    """The best Sharpe ratio beside what the best of as many without skill would have."""

    trials: int
    """Sets with a Sharpe ratio."""
    sharpe: float
    """The best, of a year."""
    expected_best: float
    """Of a year: of as many trials whose true ratio is 0, spread as these are."""
    probability: float
    """That the true ratio is above 0, the number of trials considered."""
    warning: str
    """Empty where the probability is high enough."""


def expected_best(trials: int, deviation: float) -> float:
    """The expected highest of so many Sharpe ratios around 0 with this deviation."""
    if trials < 2:
        return 0.0
    normal = NormalDist()
    first = (1 - EULER) * normal.inv_cdf(1 - 1 / trials)
    return deviation * (first + EULER * normal.inv_cdf(1 - 1 / (trials * e)))


def probability_above(
    sharpe: float, benchmark: float, days: int, skewness: float, kurtosis: float
) -> float:
    """That the true Sharpe ratio is above the benchmark; both of one day, from so many days."""
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if spread <= 0 or days < 2:
        return 0.0
    return NormalDist().cdf((sharpe - benchmark) * sqrt((days - 1) / spread))


def deflated(figures: Floats, days: int, years: float) -> Deflated | None:
    """Of a search's rows of figures over so many days; None where no set has a Sharpe ratio."""
    ratios = figures[:, SHARPE]
    known = ratios[np.isfinite(ratios)]
    if not known.size:
        return None
    a_year = sqrt(days / years)
    best = int(np.nanargmax(np.where(np.isfinite(ratios), ratios, np.nan)))
    deviation = float(known.std(ddof=1)) / a_year if known.size > 1 else 0.0
    hurdle = expected_best(known.size, deviation)
    sharpe = float(ratios[best]) / a_year
    chance = probability_above(
        sharpe, hurdle, days, float(figures[best, SKEWNESS]), float(figures[best, KURTOSIS])
    )
    chance = chance if isfinite(chance) else 0.0
    return Deflated(
        trials=known.size,
        sharpe=sharpe * a_year,
        expected_best=hurdle * a_year,
        probability=chance,
        warning=_warning(known.size, sharpe * a_year, hurdle * a_year, chance),
    )


def _warning(trials: int, sharpe: float, hurdle: float, chance: float) -> str:
    if chance >= ENOUGH:
        return ""
    return (
        f"The best Sharpe ratio of {trials:,} tried is {sharpe:.2f}; without any skill the best of "
        f"as many would be about {hurdle:.2f}. The probability that there is skill is "
        f"{chance:.0%}, less than {ENOUGH:.0%}: test it on a period that the search has not seen."
    )
