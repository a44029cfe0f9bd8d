"""Killing workers, and noting when."""

import itertools
import uuid

from tests.faults.ledger import Run, boots_of, database_seconds
from tests.support import WorkerProcess


class Killed:
    """Boots that were killed, and when by the database's clock."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def kill(self, worker: WorkerProcess) -> None:
        boots = boots_of(worker.process.pid)
        worker.kill_whole()
        self.at |= dict.fromkeys(boots - self.at.keys(), database_seconds())

    def restarts(self, ledger_of: dict[uuid.UUID, list[Run]]) -> list[float]:
        """Seconds from the kill of each run that was cut off until the next run of its task."""
        pairs = [pair for its_runs in ledger_of.values() for pair in itertools.pairwise(its_runs)]
        return [after.began - self.at[before.worker] for before, after in pairs]
