"""Weights between queues: stride scheduling over whole claims."""

from collections import Counter
from collections.abc import Mapping, Sequence

from django_ray_runtime.records import Claim


class Shares:
    """Who is next among queues with weights: one with weight 3 gets three tasks while one with
    weight 1 gets one, as long as both have some. Without weights urgency alone decides."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._strides = {queue: 1.0 / weight for queue, weight in weights.items()}
        self._starts = dict.fromkeys(weights, 0.0)
        self.weighted = len(set(weights.values())) > 1

    def turns(self) -> dict[str, tuple[float, float]] | None:
        """For each queue where it stands and how far one task takes it; the lowest is next."""
        if not self.weighted:
            return None
        return {queue: (self._starts[queue], stride) for queue, stride in self._strides.items()}

    def charge(self, claims: Sequence[Claim]) -> None:
        """Move the queues by what was claimed from them."""
        if not self.weighted or not claims:
            return
        for queue, taken in Counter(claim.queue_name for claim in claims).items():
            self._starts[queue] += taken * self._strides[queue]
        # A queue that was empty does not save up turns for later.
        front = max(self._starts[claim.queue_name] for claim in claims)
        for queue, stride in self._strides.items():
            self._starts[queue] = max(self._starts[queue], front - stride)
