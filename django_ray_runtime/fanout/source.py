"""The items of a fan-out: the caller takes them from the front, its guard from the back."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any


class Source:
    """Items in their order, each with its index.

    Only the caller's thread draws on the iterable, which may belong to it (a cursor of a
    database). What it laid ready it takes itself from the front of a deque, while another thread
    may take from the back: no lock, as each end of a deque is safe.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self.total = _length(items)
        self.ready: deque[Any] = deque()
        self.front = 0  # index of the first that is ready
        self._back = 0  # index behind the last that is
        self._drawn = 0  # how many were drawn in all
        self._items: Iterator[Any] = iter(items)
        self._error: Exception | None = None  # of the iterable, raised once what it gave is out
        cheap = isinstance(items, list | tuple | range)
        # Ahead of the caller: few of a stream, whose next item may take time or memory.
        self._ahead = 256 if cheap else 4

    @property
    def remaining(self) -> int | None:
        """How many are left to give out; None where that is not known."""
        return None if self.total is None else max(0, self.total - self._drawn) + len(self.ready)

    @property
    def has_failed(self) -> bool:
        """Whether the iterable has raised."""
        return self._error is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to give out."""
        if self.ready:
            return False
        ahead = self._draw(1)
        self._items = chain(ahead, self._items)
        return not ahead

    def lay_ready(self, count: int, *, others: bool = False) -> None:
        """Have so many ready for the caller, and some for others. Only while nobody has taken
        from the back."""
        count += self._ahead if others else 0
        if self._error is not None and self.ready:
            return
        new = self._draw(max(0, count - len(self.ready)))
        self.ready.extend(new)
        self._drawn += len(new)
        self._back = self._drawn

    def take(self, count: int) -> tuple[int, list[Any]]:
        """The index of the first of the next items, at most `count`, and those; none at the end."""
        if self.ready:
            given = [self.ready.popleft() for _ in range(min(count, len(self.ready)))]
            first, self.front = self.front, self.front + len(given)
            return first, given
        given = self._draw(count)
        first, self._drawn = self._drawn, self._drawn + len(given)
        return first, given

    def take_back(self, count: int) -> tuple[int, list[Any]]:
        """The same from the back of what is ready, for another thread."""
        given: deque[Any] = deque()
        try:
            while len(given) < count:
                given.appendleft(self.ready.pop())
        except IndexError:
            pass  # the caller was faster
        self._back -= len(given)
        return self._back, list(given)

    def give_back(self, items: list[Any]) -> None:
        """What was taken from the back last, and could not be used."""
        self.ready.extend(items)
        self._back += len(items)

    def _draw(self, count: int) -> list[Any]:
        """The next items of the iterable. Where it raises, it does once all before are out."""
        if self._error is not None:
            raise self._error
        drawn: list[Any] = []
        try:
            drawn.extend(islice(self._items, count))
        except Exception as error:
            self._error = error
            if not drawn:
                raise
        return drawn


def _length(items: Iterable[Any]) -> int | None:
    try:
        return len(items)  # type: ignore[arg-type]
    except (TypeError, OverflowError):  # no length, or one that no list could have
        return None
