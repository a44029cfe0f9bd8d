"""Killing workers, and how long what they held has to wait."""

import uuid

from django_ray_runtime.models import QueuedTask
from tests.faults.ledger import Run, boots_of, database_seconds
from tests.support import WorkerProcess


class Killed:
    """What was killed. Seconds of the database's clock."""

    def __init__(self) -> None:
        self.boots: set[str] = set()
        self._cuts: dict[uuid.UUID, list[float]] = {}  # when each task lost who held it

    def kill(self, worker: WorkerProcess) -> None:
        """kill -9 of the worker and all its processes."""
        boots = boots_of(worker.process.pid) - self.boots
        worker.kill_whole()
        at = database_seconds()
        held = QueuedTask.objects.running().filter(worker__in=boots)
        for task in held.values_list("id", flat=True):
            self._cuts.setdefault(task, []).append(at)
        self.boots |= boots

    def restarts(self, ledger_of: dict[uuid.UUID, list[Run]]) -> list[float]:
        """For each task that a killed worker held, begun or not: seconds until it ran again, or
        was lost again by the next worker that held it."""
        found = []
        for task, cuts in self._cuts.items():
            events = sorted(cuts + [run.began for run in ledger_of[task]])
            for at in cuts:
                found += [event - at for event in events if event > at][:1]
        return found
