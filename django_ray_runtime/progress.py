"""Progress of a task, told from inside it or from its chunks.

    from django_ray_runtime.progress import report

    @task
    def import_rows(rows):
        for number, row in enumerate(rows, start=1):
            ...
            report(number, len(rows), "importing")

Cheap enough for every item: at most two writes a second leave each process. In a chunk of a
fan-out `done` counts within that chunk, and the counts of all chunks are added up; the total
is what the task itself said.
"""

import logging
import time

from django.db import Error, connections

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.context import Run, current_run
from django_ray_runtime.results import Progress
from django_ray_runtime.store import get_progress_rows
from django_ray_runtime.store.progress import Step

__all__ = ["Progress", "report"]

WRITE_SECONDS = 0.5

logger = logging.getLogger(__name__)


class _Reporter:
    """What one call has reported, and what of it is written."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.done = 0
        self._before = 0  # of the items of this chunk that are over
        self.total: int | None = None
        self.message: str | None = None
        self._written: tuple[int, int | None, str | None] = (0, None, None)
        self._write_at = 0.0  # the first report is written at once

    def note(self, done: int, total: int | None, message: str | None) -> None:
        self.done = self._before + done
        if total is not None and not self.run.is_part:
            self.total = total
        if message is not None:
            self.message = message
        if time.monotonic() >= self._write_at or (total is not None and done >= total):
            self.write()

    def end_item(self) -> None:
        self._before = self.done

    def _in_transaction(self) -> bool:
        """Whether a transaction of the task is open: its lock on the progress would make chunks
        elsewhere wait for it, which it waits for. What is held back is written later."""
        inside: bool = connections[runtime_settings().database].in_atomic_block
        return inside and not self.run.in_atomic

    def write(self) -> None:
        now = (self.done, self.total, self.message)
        if now == self._written or self._in_transaction():
            return
        done, total, message = self._written
        step = Step(
            done=self.done - done,
            total=self.total if self.total != total else None,
            message=self.message if self.message != message else None,
        )
        self._write_at = time.monotonic() + WRITE_SECONDS
        try:
            get_progress_rows().add(self.run.task_id, self.run.attempt, step)
            self._written = now
        except Error as error:  # of no weight against the work itself
            logger.warning("Progress of task %s is not stored: %s", self.run.task_id, error)


def report(done: int, total: int | None = None, message: str | None = None) -> None:
    """Say that `done` of `total` units are done. Outside of a queued task it does nothing.

    Inside a transaction it is held back until that has ended. Raises ValueError for a number
    below 0 or a message over 200 characters.
    """
    if done < 0 or (total is not None and total < 0):
        raise ValueError(f"done and total must be at least 0, got {done!r} and {total!r}.")
    if message is not None and len(message) > 200:
        raise ValueError(f"message must have at most 200 characters, got {len(message)}.")
    run = current_run()
    if run is None:
        return
    reporter = run.reporter
    if not isinstance(reporter, _Reporter):
        run.reporter = reporter = _Reporter(run)
        run.at_exit.append(reporter.write)
    reporter.note(int(done), total, message)
