"""The items of a fan-out, taken from the front by more than one thread."""

import threading
from collections import deque
from collections.abc import Iterable, Sized
from itertools import islice
from typing import Any


class Source:
    """Items in their order, each with its index.

    Only the thread that made it draws on the iterable, which may belong to it (a cursor of a
    database); another one gets what was laid ready.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self.total = len(items) if isinstance(items, Sized) else None
        self.taken = 0
        self._items = iter(items)
        self._ready: deque[Any] = deque()
        self._lock = threading.Lock()

    @property
    def remaining(self) -> int | None:
        """How many are left; None where that is not known."""
        return None if self.total is None else max(0, self.total - self.taken)

    def lay_ready(self, count: int) -> None:
        """Draw so many from the iterable, for whoever takes them."""
        with self._lock:
            self._ready.extend(islice(self._items, max(0, count - len(self._ready))))

    @property
    def has_ready(self) -> bool:
        """Whether something is laid ready."""
        return bool(self._ready)

    def take(self, count: int, *, only_ready: bool = False) -> tuple[int, list[Any]]:
        """The index of the first of the next `count` items, and those; fewer at the end."""
        with self._lock:
            ready = [self._ready.popleft() for _ in range(min(count, len(self._ready)))]
            if not only_ready and len(ready) < count:
                ready.extend(islice(self._items, count - len(ready)))
            first = self.taken
            self.taken += len(ready)
            return first, ready
