"""How fast our queue takes tasks in, hands them out and is done with them."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WITHIN = 600.0
"""Seconds in which a worker must be through."""
PAUSE = 0.05
"""Seconds between tasks whose way to the worker is timed."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    nothing: int = 30_000
    ten_ms: int = 1_000
    one_by_one: int = 3_000
    bulk: int = 30_000
    timed: int = 200
    bare: int = 40_000
    idle_seconds: float = 20.0
    repeat: int = 5


QUICK = Sizes(
    nothing=4_000, ten_ms=150, one_by_one=500, bulk=10_000, timed=40, bare=10_000,
    idle_seconds=3.0, repeat=1,
)  # fmt: skip


def clear() -> None:
    """Leave no task behind."""
    from django.db import connection

    from django_ray_runtime.models import QueuedTask

    if connection.vendor == "postgresql":  # a delete would leave dead rows to the next round
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {QueuedTask._meta.db_table} CASCADE")
    else:
        QueuedTask.objects.all().delete()


def fill(task: str, quantity: int) -> None:
    """Queue so many of this task of `benchmarks.tasks`, and nothing else, all at once."""
    from django_ray_runtime.models import QueuedTask

    clear()
    rows = (QueuedTask(task_path=f"benchmarks.tasks.{task}") for _ in range(quantity))
    QueuedTask.objects.bulk_create(rows, batch_size=5_000)


def drain(task: str, quantity: int) -> float:
    """Tasks a second that a worker which is there finishes, from the first claim to the last
    outcome, by the database's clock."""
    from django.db.models import Max, Min

    from django_ray_runtime.models import QueuedTask
    from django_ray_runtime.states import State

    fill(task, quantity)
    until = time.monotonic() + WITHIN
    rows = QueuedTask.objects
    while rows.ready().exists() or rows.running().exists():  # cheap: each has its own small index
        if time.monotonic() > until:
            raise RuntimeError(f"{quantity} x {task} are not done after {WITHIN:g} s.")
        time.sleep(0.1)
    done = rows.finished(State.SUCCESSFUL).count()
    if done != quantity:
        raise RuntimeError(f"{done} of {quantity} x {task} were successful.")
    ends = rows.aggregate(first=Min("started_at"), last=Max("finished_at"))
    return quantity / float((ends["last"] - ends["first"]).total_seconds())


def enqueue_one_by_one(quantity: int) -> float:
    """Tasks enqueued a second, each committed by itself."""
    from benchmarks.tasks import nothing

    began = time.perf_counter()
    for _ in range(quantity):
        nothing.enqueue()
    seconds = time.perf_counter() - began
    clear()  # a worker that starts next would begin on them
    return quantity / seconds


def enqueue_in_bulk(quantity: int) -> float:
    """Tasks enqueued a second by one `enqueue_many`."""
    from benchmarks.tasks import nothing

    many: Callable[[Any], Any] = nothing.enqueue_many  # type: ignore[attr-defined]
    began = time.perf_counter()
    many([()] * quantity)
    seconds = time.perf_counter() - began
    clear()
    return quantity / seconds


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds, from the shortest to the longest."""

    until_claimed: list[float]
    until_begun: list[float]


def waits(quantity: int) -> Waits:
    """How long tasks wait that come one at a time to a worker which has nothing to do.

    Until the claim by the database's clock; until the function begins by this machine's, from
    before the call of `enqueue`.
    """
    from benchmarks.tasks import begun
    from django_ray_runtime.models import QueuedTask

    clear()
    called: dict[str, float] = {}
    for _ in range(quantity):
        time.sleep(PAUSE)
        moment = time.time()
        called[str(begun.enqueue().id)] = moment
    while QueuedTask.objects.finished().count() < quantity:
        time.sleep(0.1)
    rows: Any = QueuedTask.objects.values_list("id", "enqueued_at", "started_at", "return_value")
    claimed, begun_after = [], []
    for task_id, enqueued, started, value in rows:
        claimed.append((started - enqueued).total_seconds() * 1000)
        begun_after.append((value - called[str(task_id)]) * 1000)
    return Waits(sorted(claimed), sorted(begun_after))


def percentile(ordered: list[float], percent: int) -> float:
    """What so many percent of them do not exceed."""
    return statistics.quantiles(ordered, n=100, method="inclusive")[percent - 1]


def median_of(measure: Callable[..., float], *arguments: Any, repeat: int) -> float:
    """Of so many rounds."""
    return statistics.median(measure(*arguments) for _ in range(repeat))
