"""Cancel, requeue, expire, prune. Runs on SQLite and on PostgreSQL."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.tasks.signals import task_finished
from django.utils import timezone

from django_ray_runtime.control import cancel, prune, queues, requeue
from django_ray_runtime.exceptions import Cancelled, Expired
from django_ray_runtime.models import Attempt, LimitKey, QueuedTask, UniqueKey, Worker
from django_ray_runtime.records import Claim, Failure, Outcome, StopReason
from django_ray_runtime.states import State
from django_ray_runtime.store import Liveness, Store, get_pruning, get_waiting
from django_ray_runtime.task import Unique
from generation.models import GenerationJob
from tests import tasks

QUEUES = ["default"]


def finish(store: Store, worker: str, state: State, **values: Any) -> Claim:
    [claim] = store.claim(QUEUES, 1, worker)
    store.finish_many(worker, [Outcome(id=claim.id, attempt=claim.attempt, state=state, **values)])
    return claim


def row() -> QueuedTask:
    return QueuedTask.objects.get()


def make_older(seconds: float) -> None:
    QueuedTask.objects.update(finished_at=timezone.now() - timedelta(seconds=seconds))


@pytest.fixture
def ended() -> Any:
    """What task_finished told."""
    heard: list[Any] = []

    def hear(sender: Any, task_result: Any, **_: Any) -> None:
        heard.append(task_result)

    task_finished.connect(hear)
    yield heard
    task_finished.disconnect(hear)


@pytest.mark.parametrize("waiting", ["READY", "SCHEDULED", "BLOCKED"])
def test_a_waiting_task_is_cancelled_at_once(
    store: Store, worker: str, waiting: str, ended: list[Any]
) -> None:
    task = tasks.add
    if waiting == "SCHEDULED":
        task = task.using(run_after=timezone.now() + timedelta(hours=1))
    if waiting == "BLOCKED":
        task = task.using(concurrency_limit=1)
    result = task.enqueue(1, 2)
    assert cancel(result.id) == {uuid.UUID(result.id): State.CANCELLED}
    result.refresh()
    assert (result.status, result.state, result.is_finished) == ("FAILED", "CANCELLED", True)
    assert [error.exception_class for error in result.errors] == [Cancelled]
    assert result.finished_at is not None
    assert store.claim(QUEUES, 1, worker) == []
    assert [one.id for one in ended] == [result.id]
    assert ended[0].errors[0].exception_class is Cancelled


def test_a_running_task_is_asked_to_stop(store: Store, worker: str) -> None:
    result = tasks.add.enqueue(1, 2)
    [claim] = store.claim(QUEUES, 1, worker)
    assert store.to_stop(worker) == {}
    assert not store.is_cancelled(claim.id, 1)
    assert cancel(result.id) == {claim.id: State.RUNNING}
    assert store.to_stop(worker) == {claim.id: StopReason.CANCEL}
    assert store.is_cancelled(claim.id, 1)
    assert row().state == "RUNNING"


def test_a_task_that_finishes_before_it_is_stopped_has_succeeded(store: Store, worker: str) -> None:
    result = tasks.add.enqueue(1, 2)
    [claim] = store.claim(QUEUES, 1, worker)
    cancel(result.id)
    done = Outcome(id=claim.id, attempt=1, state=State.SUCCESSFUL, return_value="3")
    assert store.finish_many(worker, [done]) == {claim.id: State.SUCCESSFUL}


@pytest.mark.parametrize("state", [State.READY, State.SCHEDULED])
def test_a_task_that_is_to_stop_does_not_run_again(store: Store, worker: str, state: State) -> None:
    result = tasks.add.enqueue(1, 2)
    [claim] = store.claim(QUEUES, 1, worker)
    cancel(result.id)
    again = Outcome(id=claim.id, attempt=1, state=state, delay=5.0)
    assert store.finish_many(worker, [again]) == {claim.id: State.CANCELLED}
    assert row().finished_at is not None
    assert row().run_after is None


def test_a_task_that_is_to_stop_does_not_outlive_its_worker(
    store: Store, liveness: Liveness, worker: str
) -> None:
    result = tasks.add.enqueue(1, 2)
    store.claim(QUEUES, 1, worker)
    cancel(result.id)
    assert liveness.declare_dead(worker).tasks == 0
    released = liveness.rescue("another", 12.0)
    assert (released.tasks, len(released.failed)) == (1, 1)
    assert row().state == "CANCELLED"


def test_what_is_finished_or_unknown_is_left_alone(store: Store, worker: str) -> None:
    result = tasks.add.enqueue(1, 2)
    finish(store, worker, State.SUCCESSFUL)
    assert cancel(result.id, uuid.uuid4()) == {}
    assert row().state == "SUCCESSFUL"


def test_a_run_past_its_deadline_is_to_stop(store: Store, worker: str) -> None:
    tasks.add.using(timeout=30).enqueue(1, 2)
    [claim] = store.claim(QUEUES, 1, worker)
    assert store.note_started(claim, 30) is True
    assert store.to_stop(worker) == {}
    QueuedTask.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    assert store.to_stop(worker) == {claim.id: StopReason.TIMEOUT}


def test_a_stale_run_is_told_that_it_may_not_start(store: Store, worker: str) -> None:
    tasks.add.enqueue(1, 2)
    [claim] = store.claim(QUEUES, 1, worker)
    QueuedTask.objects.update(attempt=2)
    assert store.note_started(claim, 30) is False


def test_a_new_claim_has_no_deadline_of_an_earlier_run(store: Store, worker: str) -> None:
    tasks.add.enqueue(1, 2)
    [claim] = store.claim(QUEUES, 1, worker)
    store.note_started(claim, 0.001)
    store.finish_many(worker, [Outcome(id=claim.id, attempt=1, state=State.READY)])
    store.claim(QUEUES, 1, worker)
    assert store.to_stop(worker) == {}


def test_a_retry_comes_later_by_the_databases_clock(store: Store, worker: str) -> None:
    tasks.add.enqueue(1, 2)
    failure = Failure("builtins.ValueError", "no")
    finish(store, worker, State.SCHEDULED, failure=failure, delay=90.0, blamed=True)
    waiting = row()
    assert (waiting.state, waiting.failures, waiting.attempt) == ("SCHEDULED", 1, 1)
    assert waiting.run_after is not None
    assert 80 < (waiting.run_after - timezone.now()).total_seconds() <= 91
    assert waiting.finished_at is None


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_a_requeued_task_starts_anew_and_keeps_its_record(
    store: Store, worker: str, state: State
) -> None:
    result = tasks.add.enqueue(1, 2)
    claim = finish(store, worker, state, failure=Failure("builtins.ValueError", "no"), blamed=True)
    assert requeue(result.id) == {claim.id}
    waiting = row()
    assert (waiting.state, waiting.failures, waiting.finished_at) == ("READY", 0, None)
    [again] = store.claim(QUEUES, 1, worker)
    assert again.attempt == 2
    assert len(store.failures(claim.id)) == 1


def test_a_requeued_task_has_forgotten_that_it_was_to_stop(store: Store, worker: str) -> None:
    result = tasks.add.enqueue(1, 2)
    [claim] = store.claim(QUEUES, 1, worker)
    cancel(result.id)
    store.finish_many(worker, [Outcome(id=claim.id, attempt=1, state=State.CANCELLED)])
    requeue(result.id)
    store.claim(QUEUES, 1, worker)
    assert store.to_stop(worker) == {}


def test_only_what_ended_badly_is_requeued(store: Store, worker: str) -> None:
    done, waiting = tasks.add.enqueue(1, 2), tasks.nothing.using(priority=-1).enqueue()
    finish(store, worker, State.SUCCESSFUL, return_value="3")
    assert requeue(done.id, waiting.id) == set()


def test_a_requeued_task_with_a_key_is_blocked_again(store: Store, worker: str) -> None:
    result = tasks.add.using(concurrency_limit=1).enqueue(1, 2)
    cancel(result.id)
    requeue(result.id)
    assert row().state == "BLOCKED"


def test_a_requeue_leaves_out_what_another_task_has_made_up_for(store: Store) -> None:
    first = tasks.add.using(unique=True).enqueue(1, 2)
    cancel(first.id)
    second = tasks.add.using(unique=True).enqueue(1, 2)
    assert second.id != first.id
    assert requeue(first.id) == set()
    cancel(second.id)
    assert requeue(first.id) == {uuid.UUID(first.id)}
    assert tasks.add.using(unique=True).enqueue(1, 2).id == first.id


@pytest.mark.parametrize("limited", [{}, {"concurrency_limit": 1}])
def test_what_is_not_started_in_time_expires(
    store: Store, worker: str, limited: dict[str, Any]
) -> None:
    result = tasks.add.using(expires_in=60, **limited).enqueue(1, 2)
    assert get_waiting().expire() == []
    assert 50 < (get_waiting().seconds_until_next() or 0) <= 60
    QueuedTask.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert store.claim(QUEUES, 1, worker) == []  # also before anybody has looked
    assert get_waiting().expire() == [uuid.UUID(result.id)]
    result.refresh()
    assert (result.status, result.state) == ("FAILED", "EXPIRED")
    assert [error.exception_class for error in result.errors] == [Expired]


def test_a_deferred_task_expires_from_when_it_may_start(store: Store) -> None:
    later = timezone.now() + timedelta(hours=1)
    tasks.add.using(expires_in=60, run_after=later).enqueue(1, 2)
    assert row().expires_at == later + timedelta(seconds=60)


def test_a_retry_does_not_expire(store: Store, worker: str) -> None:
    tasks.add.using(expires_in=60).enqueue(1, 2)
    finish(store, worker, State.SCHEDULED, failure=Failure("builtins.ValueError", "no"))
    QueuedTask.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert get_waiting().expire() == []
    get_waiting().promote()
    assert len(store.claim(QUEUES, 1, worker)) == 1


def test_maintenance_knows_when_the_next_task_is_due(store: Store) -> None:
    assert get_waiting().seconds_until_next() is None
    tasks.add.using(run_after=timezone.now() + timedelta(seconds=100)).enqueue(1, 2)
    assert 90 < (get_waiting().seconds_until_next() or 0) < 101
    QueuedTask.objects.update(run_after=timezone.now() - timedelta(seconds=5))
    assert -7 < (get_waiting().seconds_until_next() or 0) < -4


def test_old_tasks_are_pruned_by_the_age_of_their_state(store: Store, worker: str) -> None:
    for state in (State.SUCCESSFUL, State.FAILED):
        tasks.add.enqueue(1, 2)
        finish(store, worker, state, failure=Failure("x.Y", "no"), output="said")
    kept = tasks.add.enqueue(1, 2)
    make_older(100)
    ages: dict[State, float | None] = {State.SUCCESSFUL: 50.0, State.FAILED: 200.0}
    assert prune(ages) == 1
    assert set(QueuedTask.objects.values_list("state", flat=True)) == {"FAILED", "READY"}
    assert prune({State.SUCCESSFUL: 50.0, State.FAILED: None}) == 0
    assert prune({State.FAILED: 50.0}) == 1
    assert QueuedTask.objects.get().id == uuid.UUID(kept.id)
    assert not Attempt.objects.exists()


def test_pruning_goes_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_ray_runtime.store.pruning.BATCH", 10)
    QueuedTask.objects.bulk_create(
        QueuedTask(task_path="x", state=State.SUCCESSFUL, finished_at=timezone.now())
        for _ in range(25)
    )
    make_older(100)
    assert prune({State.SUCCESSFUL: 50.0}) == 10
    assert prune({State.SUCCESSFUL: 50.0}, batches=9) == 15


def test_a_task_that_another_model_protects_is_skipped(store: Store, worker: str) -> None:
    protected, free = tasks.add.enqueue(1, 2), tasks.add.enqueue(3, 4)
    finish(store, worker, State.SUCCESSFUL)
    finish(store, worker, State.SUCCESSFUL)
    make_older(100)
    GenerationJob.objects.create(
        task_id=protected.id, lottery="x", constraints={}, quantity=1, valid_games="1"
    )
    assert prune({State.SUCCESSFUL: 50.0}, batches=5) == 1
    assert row().id == uuid.UUID(protected.id)
    assert free


def test_pruning_frees_the_unique_keys_of_what_it_deletes(store: Store, worker: str) -> None:
    tasks.add.using(unique=True).enqueue(1, 2)
    finish(store, worker, State.SUCCESSFUL)
    make_older(100)
    prune({State.SUCCESSFUL: 50.0})
    assert not UniqueKey.objects.exists()
    assert tasks.add.using(unique=True).enqueue(1, 2).state == "READY"


def test_leftovers_are_pruned_and_what_is_in_use_stays(store: Store, liveness: Liveness) -> None:
    for name in ("old", "new", "alive"):
        liveness.register(name, QUEUES)
    for name in ("old", "new"):
        liveness.declare_dead(name)
    long_ago = timezone.now() - timedelta(days=8)
    Worker.objects.filter(id="old").update(ended_at=long_ago)
    for key in ("idle", "used"):
        LimitKey.objects.create(key=key, refilled_at=long_ago)
    tasks.add.using(concurrency_key="used", concurrency_limit=1).enqueue(1, 2)
    get_pruning().prune_leftovers()
    assert set(Worker.objects.values_list("id", flat=True)) == {"new", "alive"}
    assert list(LimitKey.objects.values_list("key", flat=True)) == ["used"]


def test_queues_are_told_with_their_depth(store: Store, worker: str) -> None:
    tasks.add.enqueue_many([(1, 2), (3, 4)])
    store.claim(QUEUES, 1, worker)
    tasks.add.using(queue_name="bulk", run_after=timezone.now() + timedelta(hours=1)).enqueue(1, 2)
    told = {status.name: status for status in queues()}
    assert told["default"].counts == {State.READY: 1, State.RUNNING: 1}
    assert told["bulk"].counts == {State.SCHEDULED: 1}


def test_a_key_whose_task_was_deleted_by_hand_is_free(store: Store) -> None:
    tasks.add.using(unique=True).enqueue(1, 2)
    QueuedTask.objects.all().delete()
    assert UniqueKey.objects.exists()
    assert tasks.add.using(unique=True).enqueue(1, 2).state == "READY"


def test_a_unique_task_is_kept_for_its_period(store: Store, worker: str) -> None:
    weekly = tasks.add.using(unique=Unique(period=timedelta(days=7)))
    first = weekly.enqueue(1, 2)
    finish(store, worker, State.SUCCESSFUL, return_value="3")
    make_older(100)
    assert prune({State.SUCCESSFUL: 50.0}) == 0
    assert weekly.enqueue(1, 2).id == first.id
    UniqueKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert prune({State.SUCCESSFUL: 50.0}) == 1
