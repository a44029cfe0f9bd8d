"""What a worker does for the whole queue now and then, beside running tasks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Duty:
    """Something to do now and then. `run(now)` returns in how many seconds it is due again."""

    run: Callable[[float], float]
    due: float = 0.0


class Maintenance:
    """Runs the duties that are due; the time is passed in."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self.duties = list(duties)

    def run_due(self, now: float) -> None:
        """Run what is due at `now` (seconds of any clock)."""
        for duty in self.duties:
            if now >= duty.due:
                duty.due = now + duty.run(now)

    def seconds_until_due(self, now: float) -> float:
        """How long the loop may wait."""
        return max(0.0, min((duty.due for duty in self.duties), default=now + 1) - now)
