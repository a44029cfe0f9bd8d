"""The items of a fan-out: the caller takes them from the front, its guard from the back."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any


@dataclass(slots=True, eq=False)
class Slice:
    """Items that the caller runs one after the other, and what has come of them."""

    first: int  # index of the first item
    items: list[Any]
    values: list[Any] = field(default_factory=list)
    stopped: list[bool] = field(default_factory=list)  # not empty once no more are to begin …
    begun: int | None = None  # … with how many left to the caller


class Source:
    """Items in their order, each with its index.

    Only the caller's thread draws on the iterable, which may belong to it (a cursor of a
    database). It runs a slice at a time and lays some more ready. Another thread may put the rest
    of the slice to those, and take from their back: no lock, as each end of a deque is safe.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self.total = _length(items)
        self.ready: deque[Any] = deque()
        self.front = 0  # index of the first that is ready
        self._back = 0  # index behind the last that is
        self._drawn = 0  # how many were drawn in all
        self._items: Iterator[Any] = iter(items)
        self._error: Exception | None = None  # of the iterable, raised once what it gave is out
        self._slice: Slice | None = None  # that the caller runs
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

    def begin(self, count: int, *, others: bool = False) -> Slice:
        """A slice of so many items for the caller, none at the end; and some ready for others. Only
        while nobody has taken from the back."""
        new = self._draw_beside(count + (self._ahead if others else 0) - len(self.ready))
        self._drawn += len(new)
        self._back = self._drawn
        first, items = self.take(count) if self.ready else (self.front, [])
        lacking = count - len(items)
        items += new[:lacking]
        self.ready.extend(new[lacking:])
        self.front = first + len(items)
        self._slice = Slice(first, items)
        return self._slice

    def free(self) -> None:
        """For another thread, while the caller runs its slice: it begins no more of it, and what it
        has not begun is ready for others."""
        mine = self._slice
        if mine is None or mine.stopped:
            return
        mine.stopped.append(True)
        # The caller may be about to begin one more, which stays its own.
        mine.begun = len(mine.values) + 1
        self.ready.extendleft(reversed(mine.items[mine.begun :]))

    def finish(self, mine: Slice, over: int) -> None:
        """The caller is done with a slice, of which so many items are over. No other thread frees
        it any more."""
        self._slice = None
        self.front = mine.first + over
        self.ready.extendleft(reversed(mine.items[over : mine.begun]))

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

    def _draw_beside(self, count: int) -> list[Any]:
        """The same, where an error of the iterable can wait until what is ready is out."""
        if count <= 0 or (self._error is not None and self.ready):
            return []
        try:
            return self._draw(count)
        except Exception:
            if not self.ready:
                raise
            return []

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
