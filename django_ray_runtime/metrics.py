"""What a worker counts while it works, in memory: `WorkerStats`.

Every few seconds the worker writes them into its row (`Liveness.note_stats`), from where the
metrics page reads them: a scrape asks the database, never a worker, and never counts rows that
have finished. The counters begin at zero with each boot and only grow.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django_ray_runtime.records import Claim, Outcome
from django_ray_runtime.states import State

# Upper bounds in seconds, the same for every histogram: from a no-op to a task of an hour.
BUCKETS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0,
    1800.0, 3600.0,
)  # fmt: skip

# How a task can end; `finished` counts each end once.
OUTCOMES = ("succeeded", "failed", "timed_out", "lost", "cancelled")

_TIMEOUT = "django_ray_runtime.exceptions.TaskTimeout"


@dataclass(slots=True)
class Histogram:
    """How many observations lie in each bucket, and their sum in seconds.

    `counts` has one place more than `bounds`, for what is beyond the last.
    """

    bounds: tuple[float, ...] = BUCKETS
    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation; clocks may differ by a little, so below zero is zero."""
        seconds = max(0.0, seconds)
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def to_dict(self) -> dict[str, Any]:
        return {"bounds": list(self.bounds), "counts": list(self.counts), "sum": self.total}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Histogram":
        bounds = tuple(map(float, values["bounds"]))
        return cls(bounds, list(map(int, values["counts"])), float(values["sum"]))


@dataclass(slots=True)
class QueueStats:
    """The counters of one queue in one worker boot."""

    claimed: int = 0
    finished: Counter[str] = field(default_factory=Counter)  # by OUTCOMES
    retried: int = 0  # runs that failed and will be tried again
    lost: int = 0  # runs whose process ended
    handed_back: int = 0  # claims given back at a stop
    run_seconds: Histogram = field(default_factory=Histogram)
    wait_seconds: Histogram = field(default_factory=Histogram)

    def to_dict(self) -> dict[str, Any]:
        return {
            "claimed": self.claimed,
            "finished": {name: self.finished[name] for name in OUTCOMES},
            "retried": self.retried,
            "lost": self.lost,
            "handed_back": self.handed_back,
            "run_seconds": self.run_seconds.to_dict(),
            "wait_seconds": self.wait_seconds.to_dict(),
        }


class WorkerStats:
    """Counters of one worker boot, by queue. Not for several threads.

    The `queues` it serves are there from the start: Prometheus sees a counter grow only from a
    zero that it has met.
    """

    def __init__(self, queues: Iterable[str] = ()) -> None:
        self.queues = {queue: QueueStats() for queue in queues}

    def claimed(self, claims: Sequence[Claim]) -> None:
        """These were claimed. How long each waited is told by the database's clock alone."""
        for claim in claims:
            stats = self._of(claim)
            stats.claimed += 1
            if (since := ready_since(claim)) is not None:
                stats.wait_seconds.observe((claim.last_attempted_at - since).total_seconds())

    def settled(
        self, claim: Claim, outcome: Outcome, state: State, seconds: float | None = None
    ) -> None:
        """The database took `outcome`, and the task is now in `state`. `seconds` is how long
        it ran, None where that is not known."""
        stats = self._of(claim)
        if seconds is not None:
            stats.run_seconds.observe(seconds)
        stats.lost += outcome.lost
        if state in {State.READY, State.BLOCKED}:
            stats.handed_back += not outcome.lost
        elif state is State.SCHEDULED:
            stats.retried += not outcome.lost
        else:
            stats.finished[_ending(outcome, state)] += 1

    def to_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"queues": {name: stats.to_dict() for name, stats in self.queues.items()}}

    def _of(self, claim: Claim) -> QueueStats:
        if (stats := self.queues.get(claim.queue_name)) is None:
            stats = self.queues[claim.queue_name] = QueueStats()
        return stats


def ready_since(claim: Claim) -> datetime | None:
    """Since when the task could have been claimed; None after a rescue or a requeue, which
    leave no note of the time."""
    since = max(claim.enqueued_at, claim.run_after or claim.enqueued_at)
    ran_before = claim.attempt > 1
    return None if ran_before and since <= claim.started_at else since


def _ending(outcome: Outcome, state: State) -> str:
    if state is State.SUCCESSFUL:
        return "succeeded"
    if state is State.CANCELLED:
        return "cancelled"
    if outcome.lost:
        return "lost"
    timed_out = outcome.failure and outcome.failure.exception_class_path == _TIMEOUT
    return "timed_out" if timed_out else "failed"
