"""How long tasks take, by their functions."""

PACKED_SECONDS = 0.02
"""Tasks that take less on average travel together."""
LATEST = 8  # about as many of the latest runs count
LONGEST = 6 * PACKED_SECONDS  # as which each counts at most: one may have been held up
REMEMBERED = 1000  # functions


class Speeds:
    """The mean seconds of the latest runs of each function."""

    def __init__(self) -> None:
        self._means: dict[str, float] = {}

    def note(self, path: str, seconds: float) -> None:
        """A run of this function took this long."""
        mean = self._means.get(path)
        seconds = min(seconds, LONGEST)
        if mean is None and len(self._means) >= REMEMBERED:
            del self._means[next(iter(self._means))]  # the first that was met
        self._means[path] = seconds if mean is None else mean + (seconds - mean) / LATEST

    def mean(self, path: str) -> float | None:
        """Its mean; None where no run of it has ended."""
        return self._means.get(path)

    def is_packed(self, path: str) -> bool:
        """Whether it is known to be short."""
        return self._means.get(path, PACKED_SECONDS) < PACKED_SECONDS
