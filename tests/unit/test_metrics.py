"""What a worker counts, without a database."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_ray_runtime.metrics import BUCKETS, Histogram, WorkerStats, ready_since
from django_ray_runtime.prometheus import _queue_metrics, _worker_metrics
from django_ray_runtime.records import Claim, Failure, Outcome
from django_ray_runtime.states import State
from tests.support import ROOT

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def claim(**values: Any) -> Claim:
    defaults: dict[str, Any] = {
        "id": uuid.uuid4(), "attempt": 1, "task_path": "tests.tasks.add", "args": "[]",
        "kwargs": "{}", "backend": "default", "queue_name": "default", "priority": 0,
        "options": "{}", "failures": 0, "losses": 0, "suspect": False, "worker_ids": ("host:1:a",),
        "enqueued_at": NOON, "run_after": None, "started_at": at(2),
        "last_attempted_at": at(2),
    }  # fmt: skip
    return Claim(**{**defaults, **values})


def outcome(of: Claim, state: State, **values: Any) -> Outcome:
    return Outcome(id=of.id, attempt=of.attempt, state=state, **values)


def settle(state: State, **values: Any) -> Any:
    stats, held = WorkerStats(), claim()
    stats.settled(held, outcome(held, state, **values), state, 0.2)
    return stats.to_dict()["queues"]["default"]


def test_an_observation_lies_in_the_first_bucket_that_takes_it() -> None:
    histogram = Histogram()
    for seconds in (0.005, 0.0051, 3600, 3601, -1):
        histogram.observe(seconds)
    assert histogram.counts[0] == 2  # the bound itself belongs to it, and below zero is zero
    assert histogram.counts[1] == 1
    assert histogram.counts[-2:] == [1, 1]
    assert histogram.total == pytest.approx(7201.0101)


def test_a_histogram_survives_json_with_its_own_bounds() -> None:
    histogram = Histogram(bounds=(1.0, 2.0), counts=[0, 1, 2], total=9.5)
    assert Histogram.from_dict(json.loads(json.dumps(histogram.to_dict()))) == histogram


def test_the_buckets_reach_from_5_ms_to_an_hour_in_order() -> None:
    assert (BUCKETS[0], BUCKETS[-1]) == (0.005, 3600)
    assert sorted(set(BUCKETS)) == list(BUCKETS)


def test_claims_are_counted_by_queue_with_their_wait() -> None:
    stats = WorkerStats()
    stats.claimed([claim(), claim(), claim(queue_name="bulk")])
    found = stats.to_dict()["queues"]
    assert {queue: values["claimed"] for queue, values in found.items()} == {
        "default": 2,
        "bulk": 1,
    }
    assert found["default"]["wait_seconds"]["sum"] == pytest.approx(4.0)


def test_the_queues_of_a_worker_begin_at_zero() -> None:
    found = WorkerStats(["bulk"]).to_dict()["queues"]
    assert found["bulk"]["claimed"] == 0
    assert set(found["bulk"]["finished"].values()) == {0}


def test_a_wait_begins_when_the_task_was_due() -> None:
    assert ready_since(claim(run_after=at(1))) == at(1)
    assert ready_since(claim(run_after=at(-100))) == NOON
    retried = claim(attempt=2, run_after=at(60), last_attempted_at=at(61))
    assert ready_since(retried) == at(60)


def test_a_rescued_task_has_no_known_wait() -> None:
    rescued = claim(attempt=2, last_attempted_at=at(50))
    assert ready_since(rescued) is None
    stats = WorkerStats()
    stats.claimed([rescued])
    assert sum(stats.queues["default"].wait_seconds.counts) == 0


LOST = {"failure": Failure("django_ray_runtime.exceptions.WorkerLost", ""), "lost": True}


@pytest.mark.parametrize(
    ("state", "values", "ending"),
    [
        (State.SUCCESSFUL, {}, "succeeded"),
        (State.FAILED, {"failure": Failure("builtins.ValueError", "")}, "failed"),
        (
            State.FAILED,
            {"failure": Failure("django_ray_runtime.exceptions.TaskTimeout", "")},
            "timed_out",
        ),
        (State.FAILED, LOST, "lost"),
        (State.CANCELLED, {}, "cancelled"),
    ],
)
def test_every_end_is_counted_once(state: State, values: Any, ending: str) -> None:
    finished = settle(state, **values)["finished"]
    assert {name for name, count in finished.items() if count} == {ending}
    assert finished[ending] == 1


def test_what_runs_again_is_not_finished() -> None:
    retried = settle(State.SCHEDULED, failure=Failure("builtins.ValueError", ""))
    lost = settle(State.READY, **LOST)
    back = settle(State.READY, spends_attempt=False)
    found = [(one["retried"], one["lost"], one["handed_back"]) for one in (retried, lost, back)]
    assert found == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert not any(sum(one["finished"].values()) for one in (retried, lost, back))


def test_run_times_are_observed_where_they_are_known() -> None:
    stats, held = WorkerStats(), claim()
    for seconds in (0.2, None):
        stats.settled(held, outcome(held, State.SUCCESSFUL), State.SUCCESSFUL, seconds)
    assert sum(stats.queues["default"].run_seconds.counts) == 1
    assert stats.queues["default"].run_seconds.total == pytest.approx(0.2)


def test_every_metric_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    for family in [*_queue_metrics([]), *_worker_metrics([])]:
        total = "_total" if family.type == "counter" else ""
        assert f"| `{family.name}{total}` | {family.type} |" in page


def test_the_state_that_the_database_gave_counts() -> None:
    """A retry of a task that was cancelled meanwhile becomes CANCELLED."""
    stats, held = WorkerStats(), claim()
    stats.settled(held, outcome(held, State.SCHEDULED), State.CANCELLED, 0.1)
    assert stats.queues["default"].finished["cancelled"] == 1
    assert stats.queues["default"].retried == 0
