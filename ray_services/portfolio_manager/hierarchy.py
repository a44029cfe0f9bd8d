"""Hierarchical risk parity: weights from a tree of correlations, without inverting anything.

Lopez de Prado, "Building Diversified Portfolios that Outperform Out of Sample", 2016. The distance
of two assets is sqrt((1 - correlation) / 2); it is clustered as it is, as most libraries do,
not the distance between its columns.
"""

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Floats = NDArray[np.float64]
type Places = NDArray[np.int64]


def hierarchical_risk_parity(covariance: Floats) -> Floats:
    """Weights (n,) of a covariance (n, n): all positive, and they add up to 1."""
    if len(covariance) == 1:
        return np.ones(1)
    order = quasi_diagonal(single_linkage(distances(covariance)))
    weights: Floats = bisect(covariance, order)
    return weights


def distances(covariance: Floats) -> Floats:
    """sqrt((1 - correlation) / 2) of each two assets, (n, n)."""
    deviations = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviations, deviations)
    apart: Floats = np.sqrt(np.clip((1.0 - correlation) / 2.0, 0.0, 1.0))
    np.fill_diagonal(apart, 0.0)
    return apart


@compiled
def single_linkage(apart: Floats) -> Places:
    """Which two clusters join in each step, (n - 1, 2), nearest first; the smaller number first.

    Assets are clusters 0 to n - 1; what step k makes is n + k. By the minimum spanning tree
    (Prim), whose edges in order of length are the steps (Gower and Ross, "Minimum Spanning Trees
    and Single Linkage Cluster Analysis", 1969).
    """
    size = len(apart)
    edges, lengths = np.empty((size - 1, 2), np.int64), np.empty(size - 1)
    nearest, origin = np.full(size, np.inf), np.zeros(size, np.int64)
    taken = np.zeros(size, np.bool_)
    now = 0
    for step in range(size - 1):
        taken[now] = True
        best = -1
        for other in range(size):
            if taken[other]:
                continue
            if apart[now, other] < nearest[other]:
                nearest[other] = apart[now, other]
                origin[other] = now
            if best < 0 or nearest[other] < nearest[best]:
                best = other
        edges[step, 0], edges[step, 1], lengths[step] = origin[best], best, nearest[best]
        now = best
    parents = np.arange(2 * size - 1)
    steps = np.empty((size - 1, 2), np.int64)
    order = np.argsort(lengths, kind="mergesort")
    for step in range(size - 1):
        first, second = edges[order[step], 0], edges[order[step], 1]
        while parents[first] != first:
            first = parents[first]
        while parents[second] != second:
            second = parents[second]
        steps[step, 0], steps[step, 1] = min(first, second), max(first, second)
        parents[first] = size + step
        parents[second] = size + step
    return steps


@compiled
def quasi_diagonal(steps: Places) -> Places:
    """The assets (n,) in the order of the tree's leaves: what is alike stands together."""
    size = len(steps) + 1
    order, stack = np.empty(size, np.int64), np.empty(2 * size, np.int64)
    stack[0], height, known = 2 * size - 2, 1, 0
    while height > 0:
        height -= 1
        cluster = stack[height]
        if cluster < size:
            order[known] = cluster
            known += 1
        else:
            stack[height] = steps[cluster - size, 1]
            stack[height + 1] = steps[cluster - size, 0]
            height += 2
    return order


@compiled
def _cluster_variance(covariance: Floats, order: Places, start: int, stop: int) -> float:
    """The variance of the members weighted by the inverses of their variances."""
    inverses, variance = 0.0, 0.0
    for at in range(start, stop):
        inverses += 1.0 / covariance[order[at], order[at]]
    for at in range(start, stop):
        row, across = order[at], 0.0
        for other in range(start, stop):
            column = order[other]
            across += covariance[row, column] / covariance[column, column]
        variance += across / covariance[row, row]
    return variance / (inverses * inverses)


@compiled
def bisect(covariance: Floats, order: Places) -> Floats:
    """Halve the order again and again, and share out weight against the halves' variances."""
    weights = np.ones(len(order))
    stack = np.empty((2 * len(order), 2), np.int64)
    stack[0, 0], stack[0, 1], height = 0, len(order), 1
    while height > 0:
        height -= 1
        start, stop = stack[height, 0], stack[height, 1]
        if stop - start < 2:
            continue
        middle = start + (stop - start) // 2
        first = _cluster_variance(covariance, order, start, middle)
        second = _cluster_variance(covariance, order, middle, stop)
        share = second / (first + second)
        for at in range(start, stop):
            weights[order[at]] *= share if at < middle else 1.0 - share
        stack[height, 0], stack[height, 1] = start, middle
        stack[height + 1, 0], stack[height + 1, 1] = middle, stop
        height += 2
    return weights
