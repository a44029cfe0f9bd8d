"""What has finished, over time: how many tasks, how long they waited, how long they ran.

Cheap whatever the table holds: how many is counted in the index of finished rows alone, and waits
and runs are those of the latest few of each bucket.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from django.db import connections

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import FINAL_STATES, QueuedTask
from django_ray_runtime.readiness import database_now
from django_ray_runtime.states import State

MOST_BUCKETS = 100
SAMPLE = 50
"""Tasks of a bucket and a state whose times are read: 4,800 rows for 48 buckets."""
KINDS = (State.SUCCESSFUL, State.FAILED)

_TABLE = QueuedTask._meta.db_table
# Literals, for SQLite takes a partial index only where a query repeats its condition.
_FINISHED = f"state IN ({', '.join(f"'{state}'" for state in FINAL_STATES)})"
_COLUMNS = "state, enqueued_at, run_after, attempt, started_at, last_attempted_at, finished_at"


@dataclass(frozen=True, slots=True)
class Quantiles:
    """In seconds: half of the tasks took no longer than `p50`, 95 of 100 no longer than `p95`."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What finished from `since` on, until the next bucket begins.

    `wait` is from when a task was enqueued, or due, to its start; `run` is its last run. None
    where nothing is known.
    """

    since: datetime
    successful: int
    failed: int
    wait: Quantiles | None
    run: Quantiles | None


@dataclass(frozen=True, slots=True)
class History:
    """Buckets of so many seconds, oldest first; the last one is not over.

    `wait` and `run` are of all buckets. `sampled`: they, and those of the buckets, are told by
    the latest 50 successful and the latest 50 failed tasks of each bucket, for there are more.
    """

    bucket_seconds: int
    buckets: tuple[Bucket, ...]
    wait: Quantiles | None
    run: Quantiles | None
    sampled: bool

    @property
    def successful(self) -> int:
        return sum(bucket.successful for bucket in self.buckets)

    @property
    def failed(self) -> int:
        return sum(bucket.failed for bucket in self.buckets)


@dataclass(frozen=True, slots=True)
class _Times:
    """Of one task, which stands for `weight` of its bucket and state. In seconds."""

    wait: float | None
    run: float | None
    weight: float


def history(bucket_seconds: int, buckets: int) -> History:
    """The latest `buckets` of `bucket_seconds` each, by the database's clock.

    Raises ValueError for less than a second, or other than 1 to 100 buckets.
    """
    if bucket_seconds < 1 or not 1 <= buckets <= MOST_BUCKETS:
        raise ValueError(
            f"expected buckets of at least 1 second, and 1 to {MOST_BUCKETS} of them, got "
            f"{buckets} of {bucket_seconds} s"
        )
    starts = _starts(bucket_seconds, buckets)
    counts = _counts(starts, bucket_seconds)
    times = _times(starts, bucket_seconds, counts)
    return History(
        bucket_seconds,
        tuple(
            Bucket(start, successful, failed, *_both(some))
            for start, (successful, failed), some in zip(starts, counts, times, strict=True)
        ),
        *_both([one for some in times for one in some]),
        sampled=any(n > SAMPLE for count in counts for n in count),
    )


def _starts(seconds: int, buckets: int) -> list[datetime]:
    """They begin at whole multiples, so that a bucket that is over stays as it is."""
    end = ceil(database_now(_alias()).timestamp() / seconds) * seconds
    return [datetime.fromtimestamp(end - seconds * n, UTC) for n in range(buckets, 0, -1)]


def _counts(starts: Sequence[datetime], seconds: int) -> list[tuple[int, int]]:
    """How many finished in each bucket, by `KINDS`. One statement, in the index alone."""
    parts = [f"(SELECT COUNT(*) {_within(state)})" for _ in starts for state in KINDS]
    limits = [limit for start in starts for _ in KINDS for limit in _limits(start, seconds)]
    [row] = _rows(f"SELECT {', '.join(parts)}", limits)
    return list(zip(row[::2], row[1::2], strict=True))


def _times(
    starts: Sequence[datetime], seconds: int, counts: Sequence[Sequence[int]]
) -> list[list[_Times]]:
    """Of the latest of each bucket. One statement, however many there are."""
    parts: list[str] = []
    limits: list[Any] = []
    for number, (start, count) in enumerate(zip(starts, counts, strict=True)):
        for state, n in zip(KINDS, count, strict=True):
            if n:
                latest = f"{_within(state)} ORDER BY finished_at DESC LIMIT {SAMPLE}"
                parts.append(
                    f"SELECT * FROM (SELECT {number}, {_COLUMNS} {latest})"  # noqa: S608
                    f" AS part{len(parts)}"
                )
                limits += _limits(start, seconds)
    found: list[list[_Times]] = [[] for _ in starts]
    for number, state, *moments in _rows(" UNION ALL ".join(parts), limits) if parts else ():
        n = counts[number][KINDS.index(state)]
        found[number].append(_times_of(*moments, weight=n / min(n, SAMPLE)))
    return found


def _within(state: State) -> str:
    return (
        f"FROM {_TABLE} WHERE {_FINISHED} AND state = '{state}' "
        "AND finished_at >= %s AND finished_at < %s"
    )


def _limits(start: datetime, seconds: int) -> list[Any]:
    adapt = connections[_alias()].ops.adapt_datetimefield_value
    return [adapt(start), adapt(start + timedelta(seconds=seconds))]


def _rows(statement: str, values: list[Any]) -> list[Any]:
    with connections[_alias()].cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[Any] = cursor.fetchall()
    return rows


def _times_of(
    enqueued: Any, due: Any, attempt: int, started: Any, last: Any, finished: Any, *, weight: float
) -> _Times:
    # A retry is due after the first start: since when the first run was is not known then.
    is_known = started and not (due and attempt > 1 and due > started)
    wait = _seconds(max(due or enqueued, enqueued), started) if is_known else None
    return _Times(wait, _seconds(last, finished) if last else None, weight)


def _seconds(since: Any, until: Any) -> float:
    """Between two moments as they come from the database: SQLite keeps them as texts."""
    return max(0.0, (_moment(until) - _moment(since)).total_seconds())


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _both(times: Iterable[_Times]) -> tuple[Quantiles | None, Quantiles | None]:
    waits = [(one.wait, one.weight) for one in times if one.wait is not None]
    runs = [(one.run, one.weight) for one in times if one.run is not None]
    return _quantiles(waits), _quantiles(runs)


def _quantiles(weighted: list[tuple[float, float]]) -> Quantiles | None:
    """Of values, each of which stands for so many."""
    if not weighted:
        return None
    weighted.sort()
    total = sum(weight for _, weight in weighted)
    return Quantiles(_quantile(weighted, 0.5 * total), _quantile(weighted, 0.95 * total))


def _quantile(weighted: Sequence[tuple[float, float]], least: float) -> float:
    """The smallest value up to which there are `least`."""
    reached = 0.0
    for value, weight in weighted:
        reached += weight
        if reached >= least - 1e-9:
            return value
    return weighted[-1][0]


def _alias() -> str:
    return runtime_settings().database
