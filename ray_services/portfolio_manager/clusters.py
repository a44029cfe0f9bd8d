"""K-means from given centroids: no chance in it, the same points give the same clusters."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ray_services.common.errors import BadInput

type Floats = NDArray[np.float64]
type Labels = NDArray[np.int64]


def k_means(points: ArrayLike, centroids: ArrayLike, most: int = 300) -> tuple[Labels, Floats]:
    """The cluster of each point, (n,), and the centroids, (k, features).

    Lloyd, "Least Squares Quantization in PCM", 1982. Of equally near centroids the first counts;
    one without points stays where it is. Raises BadInput for other shapes.
    """
    given, centres = np.asarray(points, np.float64), np.array(centroids, np.float64)
    if given.ndim != 2 or centres.ndim != 2 or given.shape[1] != centres.shape[1]:
        raise BadInput(
            f"expected points and centroids of as many features, got shapes {given.shape} and "
            f"{centres.shape}.",
            field="centroids",
        )
    labels = np.full(len(given), -1, np.int64)
    for _ in range(most):
        nearest = _distances(given, centres).argmin(axis=1)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
        for cluster in range(len(centres)):
            members = given[labels == cluster]
            if len(members):
                centres[cluster] = members.mean(axis=0)
    return labels, centres


def _distances(points: Floats, centres: Floats) -> Floats:
    """Squared, (n, k)."""
    apart = points[:, np.newaxis, :] - centres[np.newaxis, :, :]
    squared: Floats = (apart * apart).sum(axis=2)
    return squared
