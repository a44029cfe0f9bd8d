"""What one group of rows shows: each finding with an effect size from 0 to 1 and a p-value.

Consecutive rows of a series are alike, which makes naive p-values far too small. Trends therefore
count the effective number of rows (Bayley and Hammersley 1946), correlations are those of the
changes from row to row where there is a time, and seasons are looked for in changes where the
level is autocorrelated. Rows of which several have the same time have no order, and are compared as
they are.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from math import erfc, sqrt
from typing import Any

import numpy as np
import scipy  # its parts load when used, see flow
from numpy.typing import NDArray

from workflows.insights.sources import FEWEST_ROWS, Floats, Group

type Finding = dict[str, Any]

FAR = 3.5
"""A modified z-score from which a value is an outlier (Iglewicz and Hoaglin 1993)."""
ALIKE = 0.1
"""An autocorrelation from which consecutive rows are no longer taken for independent."""
FEW = 0.1
"""Outliers among all values, at most."""
WANDERS = 0.9
"""An autocorrelation from which a series is taken for a random walk, maybe with a drift."""
DRAWN = 60
"""Points of a chart, at most."""
SEASONS: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    "weekday": (
        lambda times: (times.astype("datetime64[D]").astype(int) + 3) % 7,
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    ),
    "month": (
        lambda times: times.astype("datetime64[M]").astype(int) % 12,
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    ),
}


def findings_of(group: Group) -> list[Finding]:
    """All findings of a group, in a fixed order. Columns with fewer than FEWEST_ROWS values, or
    whose values are all alike, say nothing."""
    found: list[Finding] = []
    for name, values in group.columns.items():
        known = ~np.isnan(values)
        if known.sum() < FEWEST_ROWS or not _varies(values[known], values[known]):
            continue
        times = None if group.times is None else group.times[known]
        found += _of_column(name, values[known], times)
    pairs = combinations(group.columns, 2)
    told = (_correlation(group, first, second) for first, second in pairs)
    found += (one for one in told if one)
    return [{"group": group.name, **one, **_rounded(one, "effect", "p_value")} for one in found]


def rounded(value: float) -> float:
    """To what is the same on every machine: the order of additions changes the last digits."""
    return float(f"{value:.9g}")


def _rounded(finding: Finding, *names: str) -> dict[str, float]:
    return {name: rounded(finding[name]) for name in names}


def _of_column(name: str, values: Floats, times: NDArray[Any] | None) -> Iterator[Finding]:
    if (outlier := _outlier(name, values, times)) is not None:
        yield outlier
    if times is None or not _advances(times):
        return
    yield _trend(name, values, times)
    for season in SEASONS:
        one = _season(name, values, times, season)
        if one:
            yield one


def _trend(name: str, values: Floats, times: NDArray[Any]) -> Finding:
    """Spearman's rank correlation with time."""
    rho = float(scipy.stats.spearmanr(np.arange(len(values)), values).statistic)
    way = "rises" if rho > 0 else "falls"
    return {
        "kind": "trend", "columns": [name], "effect": abs(rho), "p_value": _p_of_trend(rho, values),
        "text": f"{name} {way} from {_day(times[0])} to {_day(times[-1])}: "
                f"rank correlation with time {rho:+.2f}.",
        "chart": {"kind": "line", "values": _drawn(values),
                  "labels": [_day(times[0]), _day(times[-1])]},
    }  # fmt: skip


def _outlier(name: str, values: Floats, times: NDArray[Any] | None) -> Finding | None:
    """The value that is furthest from the median, in median absolute deviations; None where more
    than a few are far, as in flags: those are not outliers but another kind."""
    centre = np.median(values)
    spread = np.median(np.abs(values - centre)) / 0.6745
    if spread == 0:  # more than half of the values are the same
        spread = np.mean(np.abs(values - centre)) * 1.2533
    scores = (values - centre) / spread
    if (np.abs(scores) > FAR).mean() > FEW:
        return None
    where = int(np.argmax(np.abs(scores)))
    score, count = abs(float(scores[where])), int((np.abs(scores) > FAR).sum())
    when = f"row {where + 1}" if times is None else _day(times[where])
    return {
        "kind": "outlier", "columns": [name],
        "effect": max(0.0, 1 - FAR / score) if score else 0.0,
        # Of the largest of so many normal values (Bonferroni).
        "p_value": min(1.0, len(values) * erfc(score / sqrt(2))),
        "text": f"{name} is {values[where]:,.6g} on {when}, {score:.1f} robust deviations from its "
                f"median {centre:,.6g}; {count} of {len(values):,} values are beyond {FAR}.",
        "chart": {"kind": "line", "values": _around(values, where), "labels": [f"around {when}"]},
    }  # fmt: skip


def _season(name: str, values: Floats, times: NDArray[Any], season: str) -> Finding | None:
    """Kruskal and Wallis' test, with their eta squared, over what is left without a trend."""
    place, names = SEASONS[season]
    rest, what = _detrended(values), name
    if _autocorrelation(rest) > ALIKE:
        rest, times, what = np.diff(values), times[1:], f"the change of {name}"
    places = place(times)
    # Each at least twice: the months of a single year differ by whatever happened in it.
    rounds = times.astype("datetime64[Y]" if season == "month" else "datetime64[W]")
    there = [
        one
        for one in range(len(names))
        if (places == one).sum() >= 5 and np.ptp(rounds[places == one].astype(int)) > 0
    ]
    parts = [rest[places == one] for one in there]
    if len(parts) < 3 or not _varies(np.concatenate(parts), values):
        return None
    found = scipy.stats.kruskal(*parts)
    rows = sum(map(len, parts))
    effect = (float(found.statistic) - len(parts) + 1) / (rows - len(parts))
    middles = [float(np.median(part)) for part in parts]
    best = names[there[int(np.argmax(middles))]]
    worst = names[there[int(np.argmin(middles))]]
    return {
        "kind": "seasonality", "columns": [name], "season": season,
        "effect": min(1.0, max(0.0, effect)), "p_value": float(found.pvalue),
        "text": f"{what} differs by {season}: highest in {best}, lowest in {worst}; "
                f"{max(0.0, effect):.0%} of its ranks' variance.",
        "chart": {"kind": "bars", "values": [float(f"{one:.6g}") for one in middles],
                  "labels": [names[one] for one in there]},
    }  # fmt: skip


def _correlation(group: Group, first: str, second: str) -> Finding | None:
    """Spearman's rank correlation: of the changes where there is a time, else of the values."""
    left, right = group.columns[first], group.columns[second]
    known = ~(np.isnan(left) | np.isnan(right))
    left, right = left[known], right[known]
    what, levels = f"{first} and {second}", (left, right)
    if len(left) < FEWEST_ROWS:
        return None
    if group.times is not None and _advances(group.times[known]):
        left, right, what = np.diff(left), np.diff(right), f"The changes of {what}"
    if not (_varies(left, levels[0]) and _varies(right, levels[1])):
        return None
    found = scipy.stats.spearmanr(left, right)
    rho = float(found.statistic)
    way = "go together" if rho > 0 else "go against each other"
    return {
        "kind": "correlation", "columns": [first, second],
        "effect": abs(rho), "p_value": float(found.pvalue),
        "text": f"{what} {way}: rank correlation {rho:+.2f} over {len(left):,} rows.",
        "chart": {"kind": "dots", "values": _drawn(left), "others": _drawn(right),
                  "labels": [first, second]},
    }  # fmt: skip


def _p_of_trend(rho: float, values: Floats) -> float:
    """Two-sided: of a rank correlation over the effective number of rows, (1 - r) / (1 + r) of
    them; of the mean change, where the level wanders as a random walk does."""
    ranks = scipy.stats.rankdata(values)
    rest = _detrended(ranks)
    if not _varies(rest, ranks):  # a straight line, of which rounding is left
        return 0.0
    # Taking out a trend takes some 10 / n from the autocorrelation of a series that wanders
    # (Dickey and Fuller 1979).
    r = max(0.0, _autocorrelation(rest)) + 10 / len(rest)
    if r > WANDERS:
        changes = np.diff(values)
        error = float(changes.std(ddof=1)) / sqrt(len(changes))
        t = abs(float(changes.mean())) / error if error > 0 else float("inf")
        return float(2 * scipy.stats.t.sf(t, len(changes) - 1))
    free = max(1.0, len(values) * (1 - r) / (1 + r) - 2)
    t = abs(rho) * sqrt(free / max(1e-300, 1 - rho * rho))
    return float(2 * scipy.stats.t.sf(t, free))


def _autocorrelation(rest: Floats) -> float:
    centred = rest - rest.mean()
    total = float(centred @ centred)
    return float(centred[:-1] @ centred[1:]) / total if total > 0 else 0.0


def _advances(times: NDArray[Any]) -> bool:
    """Whether each row has a time of its own: rows of one moment have no order."""
    return bool((np.diff(times).astype(np.int64) > 0).all())


def _varies(values: Floats, scale: Floats) -> bool:
    """By more than what rounding leaves of figures of this scale."""
    return bool(np.ptp(values) > 1e-9 * np.abs(scale).max())


def _detrended(values: Floats) -> Floats:
    rows = np.arange(len(values), dtype=float)
    slope, level = np.polyfit(rows, values, 1)
    rest: Floats = values - (slope * rows + level)
    return rest


def _drawn(values: Floats) -> list[float]:
    """At most DRAWN of them, evenly taken, the first and the last among them."""
    places = np.linspace(0, len(values) - 1, min(len(values), DRAWN)).round().astype(int)
    return [float(f"{one:.6g}") for one in values[places]]


def _around(values: Floats, where: int) -> list[float]:
    start = max(0, min(where - DRAWN // 2, len(values) - DRAWN))
    return [float(f"{one:.6g}") for one in values[start : start + DRAWN]]


def _day(moment: Any) -> str:
    return str(moment.astype("datetime64[D]"))
