"""What bench_fanout runs for each item; a module, as some baselines pickle functions by name."""

import time
from typing import Any


def double(x: int) -> int:
    return x * 2


def burn(x: Any, seconds: float = 0.001, big: Any = None) -> Any:
    """Hold a CPU for so long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    return x


def burn_item(seconds: float) -> float:
    return float(burn(seconds, seconds))


def snooze(x: int) -> int:
    time.sleep(0.05)
    return x


def total(array: Any) -> float:
    return float(array.sum())
