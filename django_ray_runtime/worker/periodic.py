"""The worker's part in periodic tasks: enqueue what is due.

Every worker does this. The database lets one of them succeed for each tick.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from django_ray_runtime.periodic import uuid_of
from django_ray_runtime.schedule import Schedule
from django_ray_runtime.store import Schedules
from django_ray_runtime.store.schedules import Due

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0  # at least so often the rows are read: others may have switched them
LONGEST_PAUSE = timedelta(seconds=60)  # before a schedule that fails is tried again


class Ticker:
    """Enqueues the ticks of the schedules that this process declares.

    `run` may be called at any time. It reads the database only when a tick has come, or
    after `LOOK_SECONDS`; `clock` (seconds of any clock) only measures that wait.
    """

    def __init__(
        self,
        schedules: Schedules,
        declared: Mapping[str, Schedule],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.schedules = schedules
        self.declared = dict(declared)
        self._clock = clock
        self._quiet_until = 0.0
        self._made_known = False
        self._strange: set[str] = set()  # rows that follow another version of the code
        self._failures: dict[str, tuple[int, datetime]] = {}  # how often, and when again

    def run(self) -> int:
        """Enqueue what is due. Returns how many tasks this worker enqueued.

        Raises only what says that the database does not answer.
        """
        if not self.declared or self._clock() < self._quiet_until:
            return 0
        if not self._made_known:
            # Here, not at the start: an outage then is handled like any other.
            self.schedules.declare(self.declared.values())
            self._made_known = True
        began = self._clock()
        rows = [row for row in self.schedules.upcoming(self.declared) if self._is_ours(row)]
        enqueued = sum(self._serve(row) for row in rows)
        self._quiet_until = began + self._wait(rows)
        return enqueued

    @property
    def seconds_until_due(self) -> float:
        """How long `run` would do nothing."""
        return max(0.0, self._quiet_until - self._clock())

    def _is_ours(self, row: Due) -> bool:
        ours = row.is_of(self.declared[row.name])
        if not ours and row.name not in self._strange:
            self._strange.add(row.name)
            logger.warning(
                "Periodic task %s is declared as %s %s by a worker that started later; this one "
                "leaves it alone.", row.name, row.task_path, row.schedule,
            )  # fmt: skip
        elif ours:
            self._strange.discard(row.name)
        return ours

    def _serve(self, row: Due) -> bool:
        """Whether this worker enqueued the row's task."""
        if row.next_run_at is not None and row.next_run_at > row.now:
            self._failures.pop(row.name, None)  # of a tick that another worker took, or skipped
            return False
        count, again_at = self._failures.get(row.name, (0, row.now))
        if again_at > row.now:
            return False
        try:
            return self._tick(row, self.declared[row.name])
        except Exception as error:
            pause = min(timedelta(seconds=2 ** min(count, 6)), LONGEST_PAUSE)
            self._failures[row.name] = (count + 1, row.now + pause)
            if isinstance(error, OperationalError | InterfaceError):
                raise  # the loop connects again
            logger.exception(
                "Periodic task %s could not be enqueued; trying again in %g s while its tick is "
                "not missed", row.name, pause.total_seconds(),
            )  # fmt: skip
            return False

    def _tick(self, row: Due, schedule: Schedule) -> bool:
        new_next = schedule.next_tick(row.now)
        if row.next_run_at is None:  # enabled where the schedule is not known
            self.schedules.tick(row, new_next, None)
            return False
        if not schedule.is_owed(row.next_run_at, row.now):
            if self.schedules.tick(row, new_next, None):
                logger.warning(
                    "Periodic task %s was not enqueued when it was due, at %s; that is skipped, "
                    "the next is at %s", row.name, row.next_run_at, new_next,
                )  # fmt: skip
            return False

        def enqueue() -> uuid.UUID | None:
            return uuid_of(schedule.task.enqueue(*schedule.args, **(schedule.kwargs or {})))

        done = self.schedules.tick(row, new_next, enqueue)
        self._failures.pop(row.name, None)
        return done

    def _wait(self, rows: list[Due]) -> float:
        """Seconds until one of these is to be served, as the database's clock has it."""
        if not rows:
            return LOOK_SECONDS
        soonest = min(self._serve_at(row) for row in rows)
        return min(LOOK_SECONDS, max(0.0, (soonest - rows[0].now).total_seconds()))

    def _serve_at(self, row: Due) -> datetime:
        if row.next_run_at is not None and row.next_run_at > row.now:
            return row.next_run_at
        if row.name in self._failures:
            return self._failures[row.name][1]
        return self.declared[row.name].next_tick(row.now)  # it was served just now
