"""Why one model is preferred to another: what it costs, and what it explains.

A criterion is a penalty for each parameter less twice the log-likelihood: 2 in Akaike's (1974),
the logarithm of the rows in Schwarz's (1978). Weights are those of Burnham and Anderson (2002):
exp(-d / 2) of the distance d from the best, as a share of all.
"""

from collections.abc import Sequence
from math import exp, log

from ray_services.garch_predictor.single import Criterion, Fit


def distances(fits: Sequence[Fit], criterion: Criterion) -> list[float]:
    """How far each is above the first, which is the best."""
    least = _value(fits[0], criterion)
    return [_value(one, criterion) - least for one in fits]


def weights(fits: Sequence[Fit], criterion: Criterion) -> list[float]:
    """The share of each in the evidence."""
    shares = [exp(-0.5 * far) for far in distances(fits, criterion)]
    return [one / sum(shares) for one in shares]


def reasons(fits: Sequence[Fit], criterion: Criterion) -> list[str]:
    """In words, why each stands where it stands; the best comes first."""
    best, word = fits[0], criterion.upper()
    if len(fits) == 1:
        return ["It is the only model."]
    far = distances(fits, criterion)
    told = [f"The least {word}, {far[1]:.2f} below that of {fits[1].spec}."]
    for one, behind in zip(fits[1:], far[1:], strict=True):
        told.append(f"Its {word} is {behind:.2f} higher: {_because(one, best, criterion)}.")
    return told


def _because(one: Fit, best: Fit, criterion: Criterion) -> str:
    more = len(one.parameters) - len(best.parameters)
    gain = 2.0 * (one.log_likelihood - best.log_likelihood)
    price = abs(more) * (2.0 if criterion == "aic" else log(one.rows))
    explains = f"twice its log-likelihood is {abs(gain):.2f} {'higher' if gain > 0 else 'lower'}"
    if not more:
        return f"{explains}, with as many parameters"
    count = f"{abs(more)} parameter{'s' if abs(more) > 1 else ''}"
    if more > 0:
        return f"{explains}, and {count} more cost {price:.2f}"
    return f"{explains}, and {count} fewer save {price:.2f}"


def _value(one: Fit, criterion: Criterion) -> float:
    return one.aic if criterion == "aic" else one.bic
