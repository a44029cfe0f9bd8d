"""A web process that has been told to end: responses without an end of their own end now."""

from collections.abc import Callable

_begun = False
_enders: set[Callable[[], None]] = set()


def begin() -> None:
    """Called in the event loop, once or more often."""
    global _begun
    _begun = True
    for end in tuple(_enders):
        end()


def has_begun() -> bool:
    """Whether this process serves only what it has begun."""
    return _begun


def add(end: Callable[[], None]) -> None:
    """Call `end` in the event loop when it begins."""
    _enders.add(end)


def remove(end: Callable[[], None]) -> None:
    """It has ended by itself."""
    _enders.discard(end)
