"""Which tasks a list shows, found without reading the whole table.

Lists go by the primary key, newest first, and stop when a page is full. Two filters help where
that would read long: few tasks in a state are found by the state's own partial index, and times
narrow the range of keys, whose UUIDs begin with the time.
"""

import uuid
from datetime import datetime, timedelta

from django_ray_runtime.api.schemas import TaskQuery
from django_ray_runtime.control import queue_names, tasks
from django_ray_runtime.models import QueuedTaskQuerySet
from django_ray_runtime.rest.problems import invalid
from django_ray_runtime.states import FINAL, State

# So many in one state are looked up one by one; of more, a walk by the key soon finds a page.
FEW = 500
# The key has the time of the program that enqueued, `enqueued_at` that of the database; and a
# key may be made long before its row is written.
CLOCKS_DIFFER_BY = timedelta(days=1)


def filtered(wanted: TaskQuery) -> QueuedTaskQuerySet:
    """The tasks that `wanted` describes. Raises Problem 422 for a queue there is not."""
    rows = tasks()
    if wanted.queue is not None:
        known = queue_names()
        if wanted.queue not in known:
            expected = ", ".join(known)
            raise invalid("query", "queue", f"there is no such queue; expected one of: {expected}")
        rows = rows.filter(queue_name=wanted.queue)
    if wanted.task is not None:
        rows = rows.filter(task_path=wanted.task)
    if wanted.since is not None:
        first = _key_at(wanted.since - CLOCKS_DIFFER_BY)
        rows = rows.filter(enqueued_at__gte=wanted.since, id__gte=first)
    if wanted.until is not None:
        last = _key_at(wanted.until + CLOCKS_DIFFER_BY)
        rows = rows.filter(enqueued_at__lt=wanted.until, id__lt=last)
    return rows if wanted.state is None else _in_state(rows, wanted.state)


def _in_state(rows: QueuedTaskQuerySet, state: State) -> QueuedTaskQuerySet:
    some = list(_by_index(state).values_list("id", flat=True)[: FEW + 1])
    if len(some) <= FEW:
        rows = rows.filter(id__in=some)
    return rows.filter(state=state)


def _by_index(state: State) -> QueuedTaskQuerySet:
    rows = tasks()
    if state in FINAL:
        return rows.finished(state)
    unfinished = {
        State.SCHEDULED: rows.scheduled,
        State.BLOCKED: rows.blocked,
        State.READY: rows.ready,
        State.RUNNING: rows.running,
    }
    return unfinished[state]()


def _key_at(moment: datetime) -> uuid.UUID:
    """The lowest key that a task made then can have; see ids.uuid7."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return uuid.UUID(int=milliseconds << 80)
