"""How many items make a chunk: from how long they took so far."""

import sys
from math import ceil
from typing import Any

GROWTH = 8  # a chunk has at most so many times the items that are known
TARGET_SECONDS = 0.1  # of a chunk
CHUNKS_PER_SECOND = 150  # what a caller keeps going: on large clusters chunks take longer
LEAST_SHARE = 0.05  # of the target: smaller chunks cost more than a long tail does
ROUNDS_LEFT = 1.5  # times: a slot's share of what is left is cut by so much


class Pace:
    """The sizes of the chunks of one fan-out."""

    def __init__(self, fixed: int | None, target_seconds: float | None, most_bytes: int) -> None:
        self.fixed = fixed
        self.per_item: float | None = None  # seconds, the mean of late
        self._target = target_seconds
        self._known = 1  # items that were timed
        self._most_bytes = most_bytes
        self.item_bytes = 0  # of the largest seen, as far as that can be told

    def note(self, items: int, seconds: float) -> None:
        """So many items took so long."""
        if items <= 0:
            return
        each = seconds / items
        self._known += items
        self.per_item = each if self.per_item is None else (self.per_item + each) / 2

    def note_item(self, item: Any) -> None:
        """What an item looks like, for its size."""
        self.item_bytes = max(self.item_bytes, _size(item))

    def seconds_left(self, remaining: int | None) -> float:
        """What so many items may take; 0 where that is not known."""
        return (self.per_item or 0.0) * (remaining or 0)

    def next_size(self, remaining: int | None, slots: int) -> int:
        """Items of the next chunk: `remaining` are left (None where that is not known) for `slots`.

        Towards the end chunks shrink, so that a long tail is shared by all slots, but not to where
        the calls would take longer than the items.
        """
        if self.fixed is not None:
            return self.fixed
        if self.per_item is None:
            return 1
        target = self._target or max(TARGET_SECONDS, slots / CHUNKS_PER_SECOND)
        fitting = target / max(self.per_item, 1e-9)
        size = min(int(fitting), self._known * GROWTH)
        if remaining is not None:
            share = ceil(remaining / (ROUNDS_LEFT * slots))
            size = min(size, max(share, int(fitting * LEAST_SHARE)))
        return max(1, min(size, self.fitting_items))

    @property
    def fitting_items(self) -> int:
        """The most items of a chunk by their size, as far as that can be told; at least 1."""
        return max(1, self._most_bytes // self.item_bytes) if self.item_bytes else sys.maxsize


def _size(item: Any) -> int:
    if isinstance(item, tuple | list):
        return sum(map(_size, item[:8]))
    size = getattr(item, "nbytes", None)
    if isinstance(size, int):
        return size
    return len(item) if isinstance(item, bytes | bytearray | str) else 0
