"""What a worker does for the whole queue now and then, beside running tasks."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from django_ray_runtime.exceptions import ExecutorLost

logger = logging.getLogger(__name__)

FAILED_SECONDS = 60.0


@dataclass(slots=True)
class Duty:
    """Something to do now and then. `run(now)` returns in how many seconds it is due again."""

    run: Callable[[float], float]
    due: float = 0.0
    while_draining: bool = False  # also when the worker claims no more
    after_failure: float = FAILED_SECONDS
    of_waiting: bool = False  # it looks at what will be due
    is_needed: Callable[[], bool] = lambda: True  # else it does not end the loop's wait


class Maintenance:
    """Runs the duties that are due; the time is passed in."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self.duties = list(duties)

    def run_due(self, now: float, draining: bool = False) -> None:
        """Run what is due at `now` (seconds of any clock)."""
        for duty in self._of(draining):
            if now >= duty.due:
                duty.due = now + self._run(duty, now)

    def _run(self, duty: Duty, now: float) -> float:
        """One that fails, by somebody's signal receiver or row, must not stop the others."""
        try:
            return duty.run(now)
        except (ExecutorLost, OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("Maintenance failed; trying again in %g s", duty.after_failure)
            return duty.after_failure

    def hasten(self, due: float) -> None:
        """Something new will be due: look at that at `due`, if not before."""
        for duty in self.duties:
            if duty.of_waiting:
                duty.due = min(duty.due, due)

    def seconds_until_due(self, now: float, draining: bool = False) -> float:
        """How long the loop may wait."""
        return max(0.0, min((duty.due for duty in self._of(draining)), default=now + 1) - now)

    def _of(self, draining: bool) -> list[Duty]:
        wanted = [duty for duty in self.duties if duty.is_needed()]
        return [duty for duty in wanted if duty.while_draining or not draining]
