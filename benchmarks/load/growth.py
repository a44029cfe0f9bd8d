"""What processes hold over time, and whether it grows."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import linear_regression

import psutil

from benchmarks.sampling import Watch

WARM_UP = 1 / 3
"""Of the time: what comes first, and stays."""


@dataclass(slots=True)
class Series:
    """Values of one kind, with the seconds at which they were taken."""

    name: str
    unit: str
    at_most: float
    """By how much it may grow after it has warmed up."""
    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """From the warm-up to the end, of the line that fits best."""
        start = WARM_UP * self.seconds[-1]
        after = [pair for pair in zip(self.seconds, self.values, strict=True) if pair[0] >= start]
        seconds, values = zip(*after, strict=True)
        return linear_regression(seconds, values).slope * (seconds[-1] - seconds[0])


class Samples(Watch):
    """Takes all series again and again during the block."""

    def __init__(
        self, measured: Iterable[tuple[Series, Callable[[], float]]], pause: float
    ) -> None:
        super().__init__(pause)
        self._measured = list(measured)
        self._began = time.monotonic()

    @property
    def series(self) -> list[Series]:
        return [series for series, _ in self._measured]

    def look(self) -> None:
        for series, measure in self._measured:
            try:
                value = measure()
            except psutil.Error:
                continue  # a process has ended meanwhile
            series.seconds.append(time.monotonic() - self._began)
            series.values.append(value)
