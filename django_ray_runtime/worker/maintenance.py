"""What a worker does for the whole queue now and then: promote what is due, rescue."""

from collections.abc import Callable
from dataclasses import dataclass

from django_ray_runtime.store import Liveness, Waiting


@dataclass(slots=True)
class Duty:
    """Something to do every `every` seconds."""

    every: float
    run: Callable[[], object]
    due: float = 0.0


class Maintenance:
    """Runs the duties that are due; the time is passed in."""

    def __init__(
        self,
        waiting: Waiting,
        liveness: Liveness,
        worker: str,
        dead_after: float,
        demand_alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`demand_alive` raises when what runs the tasks is gone."""
        self.duties = [
            Duty(every=1.0, run=demand_alive),
            Duty(every=min(1.0, dead_after / 4), run=waiting.promote),
            Duty(every=dead_after / 4, run=lambda: liveness.rescue(worker, dead_after)),
        ]

    def run_due(self, now: float) -> None:
        """Run what is due at `now` (seconds of any clock)."""
        for duty in self.duties:
            if now >= duty.due:
                duty.due = now + duty.every
                duty.run()

    def seconds_until_due(self, now: float) -> float:
        """How long the loop may wait."""
        return max(0.0, min(duty.due for duty in self.duties) - now)
