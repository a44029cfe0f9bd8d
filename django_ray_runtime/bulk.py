"""Requeue and prune many tasks, in bounded batches. Behind `requeue_tasks` and `prune_tasks`.

Each batch is a transaction of its own: an interrupted run keeps what it did, and the queue goes
on meanwhile.
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.control import default_ages, prune, requeue, tasks
from django_ray_runtime.models import QueuedTaskQuerySet
from django_ray_runtime.readiness import database_now
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.store import get_pruning

BATCH = 500
REQUEUEABLE = (State.FAILED, State.CANCELLED, State.EXPIRED)

KEY_HELD = "another task holds their unique key, or they changed meanwhile"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which ended tasks to run again: all that is given must hold.

    `exception` is a dotted class path, the class's name alone, or "": none was recorded; `since`
    is when they ended, or how long ago at most. Without `states` only FAILED ones are meant, with
    `ids` all three kinds.
    """

    ids: tuple[uuid.UUID, ...] = ()
    states: tuple[State, ...] = ()
    task_path: str | None = None
    queue: str | None = None
    exception: str | None = None
    since: datetime | timedelta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it would select everything: nobody means that."""
        return not any((self.ids, self.states, self.task_path, self.queue, self.exception)) and (
            self.since is None
        )

    @property
    def wanted_states(self) -> tuple[State, ...]:
        return self.states or (REQUEUEABLE if self.ids else (State.FAILED,))


@dataclass(slots=True)
class Requeued:
    """What a run did: how many run again, and how many were left out for which reason."""

    requeued: int
    left_out: Counter[str]


def count_selected(selection: Selection, limit: int | None = None) -> int:
    """How many tasks `requeue_selected` would try."""
    parts = (_part(selection, state) for state in selection.wanted_states)
    total = sum(part.count() for part in parts)
    return total if limit is None else min(total, limit)


def requeue_selected(
    selection: Selection,
    limit: int | None = None,
    on_batch: Callable[[int], None] = lambda tried: None,
    on_requeued: Callable[[Collection[uuid.UUID]], None] = lambda ids: None,
) -> Requeued:
    """Run the selected tasks again, at most `limit`, telling `on_batch` how many were tried, and
    `on_requeued` which are requeued: within the batch's transaction, which its errors undo.

    What ends after the start is not taken: a task that fails again at once is not requeued in
    a circle.
    """
    result = Requeued(0, _not_selected(selection))
    for batch in _batches(selection, limit):
        with transaction.atomic(using=runtime_settings().database):
            done = requeue(*batch)
            on_requeued(done)
        result.requeued += len(done)
        result.left_out[KEY_HELD] += len(batch) - len(done)
        on_batch(len(batch))
    result.left_out = +result.left_out  # without zeros
    return result


def prune_all(
    ages: Mapping[State, float | None],
    pause: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[int]:
    """Prune batch by batch until nothing is left, with `pause` seconds between, so that the
    queue gets its turn. Yields how many each batch deleted."""
    while deleted := prune(dict(ages)):
        yield deleted
        if pause:
            sleep(pause)


def ages_of(states: tuple[State, ...], older_than: float | None) -> dict[State, float | None]:
    """The age in seconds at which each of `states` (none: every final one) is pruned:
    `older_than`, or what the settings say."""
    ages = default_ages()
    chosen = states or tuple(sorted(FINAL))
    return {state: ages[state] if older_than is None else older_than for state in chosen}


def count_prunable(ages: Mapping[State, float | None]) -> tuple[int, int]:
    """How many tasks are old enough and go, and how many stay because another model protects
    them."""
    pruning = get_pruning()
    return pruning.count(ages), pruning.count_protected(ages)


def _batches(selection: Selection, limit: int | None) -> Iterator[list[uuid.UUID]]:
    ids = _ids(selection)
    wanted = ids if limit is None else islice(ids, limit)
    while batch := list(islice(wanted, BATCH)):
        yield batch


def _ids(selection: Selection) -> Iterator[uuid.UUID]:
    """The selected identifiers, read page by page, each page after the last of the one before:
    what was left out is not met again."""
    moment = database_now(runtime_settings().database)
    for state in selection.wanted_states:
        rows = _part(selection, state).filter(finished_at__lte=moment).order_by("id")
        page = list(rows.values_list("id", flat=True)[:BATCH])
        while page:
            yield from page
            page = list(rows.filter(id__gt=page[-1]).values_list("id", flat=True)[:BATCH])


def _part(selection: Selection, state: State) -> QueuedTaskQuerySet:
    rows = tasks().finished(state)
    if selection.ids:
        rows = rows.filter(id__in=selection.ids)
    if selection.task_path is not None:
        rows = rows.filter(task_path=selection.task_path)
    if selection.queue is not None:
        rows = rows.filter(queue_name=selection.queue)
    if selection.since is not None:
        rows = rows.filter(finished_at__gte=_moment(selection.since))
    if selection.exception is not None:
        rows = _raised(rows, selection.exception)
    return rows


def _raised(rows: QueuedTaskQuerySet, exception: str) -> QueuedTaskQuerySet:
    """Those whose last failure was `exception`, by class path or by name."""
    rows = rows.with_last_exception()
    if not exception:
        return rows.filter(Q(exception=None))
    return rows.filter(Q(exception=exception) | Q(exception__endswith=f".{exception}"))


def _not_selected(selection: Selection) -> Counter[str]:
    """Why tasks named by their identifier are not among the selected."""
    reasons: Counter[str] = Counter()
    if not selection.ids:
        return reasons
    states = dict(tasks().filter(id__in=selection.ids).values_list("id", "state"))
    reasons[UNKNOWN] = len(set(selection.ids) - states.keys())
    fitting = set()
    for state in selection.wanted_states:
        fitting |= set(_part(selection, state).values_list("id", flat=True))
    for task_id, found in states.items():
        if task_id not in fitting:
            ended = found in selection.wanted_states
            reasons["they do not fit the other options" if ended else f"they are {found}"] += 1
    return reasons


def _moment(since: datetime | timedelta) -> datetime | Combinable:
    if isinstance(since, datetime):
        return since
    return ExpressionWrapper(Now() - Value(since), output_field=DateTimeField())
