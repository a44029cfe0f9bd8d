"""What a task with `takes_context=True` is given."""

import time
from dataclasses import dataclass

from django.tasks.base import TaskContext

from django_ray_runtime.context import current_run
from django_ray_runtime.progress import report
from django_ray_runtime.store import get_store

LOOK_SECONDS = 1.0  # between two looks into the database


@dataclass(frozen=True, slots=True, kw_only=True)
class RayTaskContext(TaskContext):  # type: ignore[misc]  # the stubs do not say frozen
    """Django's context (`attempt`, `task_result`), and what the queue adds."""

    @property
    def cancelled(self) -> bool:
        """Whether this run is to end: it was cancelled, or another run has taken its place.

        Cheap enough to ask in a loop: the database is asked at most once a second.
        """
        run = current_run()
        if run is None:
            return False
        now = time.monotonic()
        if not run.cancelled and now - run.looked_at >= LOOK_SECONDS:
            run.cancelled = get_store().is_cancelled(run.task_id, run.attempt)
            run.looked_at = now
        return run.cancelled

    def progress(self, done: int, total: int | None = None, message: str | None = None) -> None:
        """Say how far the task is; see `django_ray_runtime.progress.report`."""
        report(done, total, message)
