"""The queue at a glance: queues, workers, recent failures. For `queue_status`, REST and metrics.

A handful of statements whatever the queue holds, each along a partial index of unfinished
rows: finished ones are never counted. Ages are told by the database's clock.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    ExpressionWrapper,
    Min,
    Q,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Now

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.control import listed_queues
from django_ray_runtime.exceptions import UnknownQueue
from django_ray_runtime.models import QueuedTask, QueuedTaskQuerySet, Worker
from django_ray_runtime.states import LIVING, State, WorkerState
from django_ray_runtime.store import get_control

UNFINISHED = (State.READY, State.BLOCKED, State.SCHEDULED, State.RUNNING)
FAILURES_READ = 1000  # at most, however many there were


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue: its unfinished tasks by state, and how long the oldest ready one waits."""

    name: str
    paused: bool
    ready: int = 0
    blocked: int = 0
    scheduled: int = 0
    running: int = 0
    oldest_ready_seconds: float | None = None  # None: nothing is ready


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker boot. `silent`: it should live, but its heartbeat stays away."""

    id: str
    state: WorkerState
    queues: tuple[str, ...]
    executor: str
    concurrency: int
    running: int
    heartbeat_age_seconds: float
    silent: bool
    released: int = 0
    ended_seconds_ago: float | None = None
    stats: dict[str, Any] = field(default_factory=dict)
    running_tasks: tuple[tuple[str, int], ...] = ()  # task path and how often, the most first


@dataclass(frozen=True, slots=True)
class FailureView:
    """Failures of one task by one exception."""

    task_path: str
    exception: str  # dotted class path; "" where none was recorded
    count: int
    last_seconds_ago: float


@dataclass(frozen=True, slots=True)
class Failures:
    """What failed within `seconds`. `complete` is False where there was more than was read."""

    seconds: float
    kinds: tuple[FailureView, ...]
    complete: bool


def queues(only: str | None = None) -> list[QueueView]:
    """Every queue, or the one named. Raises UnknownQueue for a name that is none."""
    counts, oldest = _unfinished()
    paused = get_control().paused()
    known = sorted({queue for queue, _ in counts} | paused | listed_queues())
    if only is not None and only not in known:
        raise UnknownQueue(f"There is no queue {only!r}. Expected one of: {', '.join(known)}.")
    return [
        QueueView(
            name,
            name in paused,
            **{state.value.lower(): counts[name, state] for state in UNFINISHED},
            oldest_ready_seconds=oldest.get(name),
        )
        for name in known
        if only in {None, name}
    ]


def workers(ended_within: float = 0.0) -> list[WorkerView]:
    """The living, oldest first; and those that ended within so many seconds."""
    dead_after = runtime_settings().dead_after_seconds
    wanted = Q(state__in=LIVING)
    if ended_within:
        wanted |= Q(ended_at__gte=_ago(ended_within))
    rows = Worker.objects.using(_alias()).filter(wanted).annotate(moment=Now())
    rows = rows.order_by("started_at", "id")
    held = _tasks().running().order_by().values_list("worker", "task_path")
    running: dict[str | None, Counter[str]] = defaultdict(Counter)
    for worker, path, n in held.annotate(n=Count("id")):
        running[worker][path] = n
    return [_worker(row, running[row.id], dead_after) for row in rows]


def failures(seconds: float = 3600.0, queue: str | None = None) -> Failures:
    """What ended FAILED within `seconds`, the newest 1,000 of it, by task and exception."""
    rows = (
        _tasks()
        .finished(State.FAILED)
        .filter(finished_at__gte=_ago(seconds))
        .order_by("-finished_at")
        .with_last_exception()
        .annotate(moment=Now())
        .values_list("task_path", "exception", "finished_at", "moment")
    )
    if queue is not None:
        rows = rows.filter(queue_name=queue)
    found = list(rows[: FAILURES_READ + 1])
    complete = len(found) <= FAILURES_READ
    counts: Counter[tuple[str, str]] = Counter()
    ages: dict[tuple[str, str], float] = {}
    for path, exception, finished_at, moment in found[:FAILURES_READ]:
        kind = (path, exception or "")
        counts[kind] += 1
        ages.setdefault(kind, _age(finished_at or moment, moment))  # newest first
    kinds = [FailureView(*kind, count, ages[kind]) for kind, count in counts.most_common()]
    return Failures(seconds, tuple(kinds), complete)


def ray_dashboard() -> tuple[str, int] | None:
    """Host and port on which a Ray that a worker starts has its dashboard, by the settings."""
    settings = runtime_settings()
    if not settings.ray_dashboard:
        return None
    return settings.ray_dashboard_host, settings.ray_dashboard_port


def unfinished_task_paths() -> list[str]:
    """The tasks that unfinished rows name, sorted."""
    rows = _tasks()
    parts = [rows.ready(), rows.blocked(), rows.scheduled(), rows.running()]
    paths = [part.order_by().values_list("task_path").distinct() for part in parts]
    return sorted({path for (path,) in paths[0].union(*paths[1:])})


def _unfinished() -> tuple[Counter[tuple[str, State]], dict[str, float]]:
    """How many by queue and state, and the age of the oldest ready one by queue."""
    rows = _tasks().order_by()
    ready_since = Greatest("enqueued_at", Coalesce("run_after", "enqueued_at"))
    nothing = Value(None, output_field=DateTimeField())
    parts = [
        (rows.ready(), Min(ready_since)),  # first: it gives the column its type
        (rows.blocked(), nothing),
        (rows.scheduled(), nothing),
        (rows.running(), nothing),
    ]
    columns = ("queue_name", "state", "n", "since", "moment")
    queries = [
        part.values("queue_name", "state")
        .annotate(n=Count("id"), since=since, moment=Now())
        .values_list(*columns)
        for part, since in parts
    ]
    counts: Counter[tuple[str, State]] = Counter()
    oldest: dict[str, float] = {}
    for queue, state, n, since, moment in queries[0].union(*queries[1:], all=True):
        counts[queue, State(state)] = n
        if since is not None:
            oldest[queue] = _age(since, moment)
    return counts, oldest


def _worker(row: Any, running: Counter[str], dead_after: float) -> WorkerView:
    beat_age = _age(row.last_beat, row.moment)
    return WorkerView(
        id=row.id,
        state=WorkerState(row.state),
        queues=tuple(row.queues),
        executor=row.executor,
        concurrency=row.concurrency,
        running=running.total(),
        running_tasks=tuple(running.most_common()),
        heartbeat_age_seconds=beat_age,
        silent=row.state in LIVING and beat_age > dead_after,
        released=row.released,
        ended_seconds_ago=None if row.ended_at is None else _age(row.ended_at, row.moment),
        stats=row.stats,
    )


def _age(since: datetime, moment: datetime) -> float:
    return max(0.0, (moment - since).total_seconds())


def _ago(seconds: float) -> Combinable:
    return ExpressionWrapper(
        Now() - Value(timedelta(seconds=seconds)), output_field=DateTimeField()
    )


def _tasks() -> QueuedTaskQuerySet:
    return QueuedTask.objects.using(_alias())


def _alias() -> str:
    return runtime_settings().database
