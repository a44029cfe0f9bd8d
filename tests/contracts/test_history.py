"""What has finished over time, over both databases."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_ray_runtime import history
from django_ray_runtime.history import Quantiles
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.readiness import database_now
from django_ray_runtime.states import State
from django_ray_runtime.store import Store, get_control
from tests import tasks
from tests.contracts.test_plans import explained

HOUR = 3600


@pytest.fixture
def noon(db: None, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The moment that the database is made to tell: in the middle of a bucket."""
    moment = database_now().replace(hour=12, minute=30, second=0, microsecond=0)
    monkeypatch.setattr(history, "database_now", lambda alias: moment)
    return moment


def add(
    end: datetime,
    state: State = State.SUCCESSFUL,
    *,
    wait: float = 1,
    run: float = 2,
    **values: Any,
) -> QueuedTask:
    """A task that ended then, after it had waited and run for so many seconds."""
    began = end - timedelta(seconds=run)
    times = {"enqueued_at": began - timedelta(seconds=wait), "started_at": began}
    times |= {"last_attempted_at": began, "finished_at": end, "attempt": 1}
    return QueuedTask(state=state, task_path="a.task", **{**times, **values})


def test_each_task_is_counted_in_the_bucket_in_which_it_ended(noon: datetime) -> None:
    QueuedTask.objects.bulk_create([
        add(noon - timedelta(hours=2)),
        add(noon, State.FAILED),
        add(noon),
        add(noon - timedelta(minutes=30)),  # as this bucket begins
        add(noon - timedelta(minutes=30, microseconds=1)),
        add(noon - timedelta(hours=9)),  # before the first
        add(noon, State.CANCELLED),
    ])  # fmt: skip
    found = history.history(HOUR, 3)
    assert [(one.successful, one.failed) for one in found.buckets] == [(1, 0), (1, 0), (2, 1)]
    assert (found.successful, found.failed) == (4, 1)
    starts = [one.since for one in found.buckets]
    assert starts[-1] == noon - timedelta(minutes=30)
    assert all(later - earlier == timedelta(hours=1) for earlier, later in pairwise(starts))


def test_a_bucket_that_is_over_stays_as_it_is_while_time_goes_on(
    noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    QueuedTask.objects.bulk_create([add(noon - timedelta(minutes=90))])
    before = history.history(HOUR, 3)
    monkeypatch.setattr(history, "database_now", lambda alias: noon + timedelta(minutes=29))
    assert history.history(HOUR, 3) == before


def test_half_and_95_of_100_tell_how_long_tasks_waited_and_ran(noon: datetime) -> None:
    few = [add(noon, wait=n, run=2 * n) for n in range(1, 21)]
    QueuedTask.objects.bulk_create(few)
    found = history.history(HOUR, 2)
    assert found.buckets[0].wait is None
    assert found.buckets[1].wait == found.wait == Quantiles(10, 19)
    assert found.run == Quantiles(20, 38)
    assert not found.sampled


def test_a_task_waits_from_when_it_was_due_and_a_retrys_due_time_is_not_that_of_its_first_run(
    noon: datetime,
) -> None:
    due = add(noon, wait=100)
    due.run_after = due.started_at - timedelta(seconds=3)
    QueuedTask.objects.bulk_create([due])
    assert history.history(HOUR, 1).wait == Quantiles(3, 3)
    # It ran again: when it was due at first is not known any more; its last run is.
    again = {"run_after": due.started_at + timedelta(seconds=1), "attempt": 2}
    QueuedTask.objects.update(last_attempted_at=noon - timedelta(seconds=0.5), **again)
    found = history.history(HOUR, 1)
    assert found.wait is None
    assert found.run == Quantiles(0.5, 0.5)


def test_many_are_told_by_a_sample_in_which_rare_failures_stay_rare(
    noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SAMPLE", 4)
    earlier = [add(noon - timedelta(minutes=9), run=500) for _ in range(6)]
    latest = [add(noon, run=1) for _ in range(94)]
    QueuedTask.objects.bulk_create(
        [*earlier, *latest, *(add(noon, State.FAILED, run=60) for _ in range(4))]
    )
    found = history.history(HOUR, 1)
    assert (found.successful, found.failed) == (100, 4)
    assert found.run == Quantiles(1, 1)
    assert found.sampled


def test_a_task_that_is_requeued_is_no_part_of_it_any_more(store: Store) -> None:
    row = add(database_now(), State.FAILED)
    row.save()
    assert history.history(HOUR, 1).failed == 1
    get_control().requeue([row.id])
    assert history.history(HOUR, 1).failed == 0


@pytest.mark.django_db
def test_no_tasks_have_a_history_too() -> None:
    found = history.history(60, 5)
    assert [(one.successful, one.failed, one.wait) for one in found.buckets] == [(0, 0, None)] * 5
    assert (found.wait, found.run, found.sampled) == (None, None, False)


@pytest.mark.parametrize(("seconds", "buckets"), [(0, 5), (60, 0), (60, 101)])
def test_buckets_that_cannot_be_are_refused(seconds: int, buckets: int) -> None:
    with pytest.raises(ValueError, match="expected buckets of at least 1 second"):
        history.history(seconds, buckets)


@pytest.mark.slow
@pytest.mark.django_db
def test_three_statements_in_the_index_of_finished_rows_read_no_more_than_the_sample() -> None:
    end = database_now()
    rows = [add(end - timedelta(seconds=n / 10)) for n in range(20_000)]
    QueuedTask.objects.bulk_create(rows, batch_size=2000)
    tasks.add.enqueue(1, 2)
    with connection.cursor() as cursor:
        # Not all: an empty table that was looked at is read whole by the plans of later tests.
        cursor.execute("ANALYZE django_ray_runtime_queuedtask")
    with CaptureQueriesContext(connection) as captured, explained() as plans:
        found = history.history(60, 30)
    assert found.sampled
    about_tasks = [one for one in captured.captured_queries if "EXPLAIN" not in one["sql"]]
    assert len(about_tasks) == 3, "the clock, the counts, the sample"
    for plan in plans:
        read = plan.split("\n", 1)[1]
        assert "drr_task_finished" in read
        assert "Seq Scan" not in read
        assert "SCAN django_ray_runtime_queuedtask" not in read
