"""Cancel, requeue, pause, prune: what every door calls (admin, REST, commands, your code).

from django_ray_runtime.control import cancel
cancel(result.id)
"""

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.tasks import task_backends

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import AlreadyEnded, UnknownQueue
from django_ray_runtime.models import QueuedTask, QueuedTaskQuerySet
from django_ray_runtime.signals import announce_ended
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.store import get_control, get_pruning, get_store

__all__ = [
    "QueueStatus",
    "cancel",
    "cancel_unfinished",
    "default_ages",
    "pause_queue",
    "prune",
    "queue_names",
    "queues",
    "requeue",
    "resume_queue",
    "tasks",
    "wait_until_finished",
]

type TaskId = uuid.UUID | str

_FIRST_LOOK, _LAST_LOOK = 0.01, 0.25  # seconds between looks at one that is waited for


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What is known of one queue."""

    name: str
    paused: bool
    counts: dict[State, int]  # of unfinished tasks


def tasks() -> QueuedTaskQuerySet:
    """All queued tasks, to filter and read."""
    return QueuedTask.objects.using(runtime_settings().database)


def wait_until_finished(task_id: TaskId, seconds: float) -> bool:
    """Whether a task has ended, after at most so many seconds. Not within a transaction, in which
    nobody may see it end."""
    until = time.monotonic() + seconds
    pause = _FIRST_LOOK
    while not tasks().filter(id=task_id, finished_at__isnull=False).exists():
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 1.1, _LAST_LOOK)
    return True


def cancel(*ids: TaskId) -> dict[uuid.UUID, State]:
    """Cancel waiting tasks at once; tell running ones to stop.

    A running task is interrupted (KeyboardInterrupt, its children on Ray too) and, if it has
    not ended after CANCEL_GRACE_SECONDS, killed with its process. Returns the state of each
    task that was unfinished: CANCELLED, or RUNNING where it has yet to stop. What is finished,
    or unknown, is left out.
    """
    done = get_control().cancel(_uuids(ids))
    # On commit: what a surrounding transaction undoes must not be told.
    alias = runtime_settings().database
    transaction.on_commit(partial(announce_ended, done.at_once), using=alias)
    at_once = dict.fromkeys(done.at_once, State.CANCELLED)
    return at_once | dict.fromkeys(done.asked, State.RUNNING)


def cancel_unfinished(task_id: TaskId) -> State:
    """Cancel one task as `cancel` does: CANCELLED, or RUNNING where it has yet to stop. Raises
    AlreadyEnded."""
    done = cancel(task_id)
    if not done:
        raise AlreadyEnded(tasks().values_list("state", flat=True).get(id=task_id))
    [state] = done.values()
    return state


def requeue(*ids: TaskId) -> set[uuid.UUID]:
    """Run FAILED, CANCELLED or EXPIRED tasks again, as if new, with their record kept.

    A unique task whose key another one holds meanwhile stays as it is. Returns which were
    requeued.
    """
    return get_control().requeue(_uuids(ids))


def pause_queue(name: str) -> bool:
    """Nothing more is claimed from this queue; what runs goes on. False: it was paused.

    Raises UnknownQueue with the queues there are.
    """
    return get_control().pause(_known(name))


def resume_queue(name: str) -> bool:
    """Claims from this queue go on. False: it was not paused. Raises UnknownQueue."""
    return get_control().resume(_known(name))


def listed_queues() -> set[str]:
    """The queues that TASKS lists for this runtime's backends. Asks no database."""
    ours = [backend for backend in task_backends.all() if isinstance(backend, RayTaskBackend)]
    return {queue for backend in ours for queue in backend.queues}


def queue_names() -> list[str]:
    """The queues that TASKS lists for this runtime's backends, and those with unfinished
    tasks."""
    return [status.name for status in queues()]


def queues() -> list[QueueStatus]:
    """Every queue with its pause and its unfinished tasks by state."""
    counts, paused = get_store().counts(), get_control().paused()
    names = listed_queues() | {queue for queue, _ in counts} | paused
    return [
        QueueStatus(
            name,
            name in paused,
            {state: n for (queue, state), n in counts.items() if queue == name},
        )
        for name in sorted(names)
    ]


def prune(ages: dict[State, float | None] | None = None, batches: int = 1) -> int:
    """Delete old finished tasks in batches of 500. `ages` are seconds for each final state,
    by default the settings KEEP_…_SECONDS. Returns how many."""
    return get_pruning().prune(ages or default_ages(), batches)


def default_ages() -> dict[State, float | None]:
    """How long each final state is kept, in seconds, by the settings; None: for ever."""
    settings = runtime_settings()
    return {
        state: getattr(settings, f"keep_{state.value.lower()}_seconds") for state in sorted(FINAL)
    }


def _known(name: str) -> str:
    known = queue_names()
    if name not in known:
        raise UnknownQueue(f"There is no queue {name!r}. Expected one of: {', '.join(known)}.")
    return name


def _uuids(ids: Collection[TaskId]) -> list[uuid.UUID]:
    return [one if isinstance(one, uuid.UUID) else uuid.UUID(str(one)) for one in ids]
