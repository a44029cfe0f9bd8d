"""Who pays when a worker is lost: only what may have ended it. On both databases."""

import logging
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from django_ray_runtime.exceptions import CallLost, ExecutorLost, PerhapsLost
from django_ray_runtime.models import Attempt, QueuedTask, Worker
from django_ray_runtime.records import Claim, Outcome
from django_ray_runtime.states import State, WorkerState
from django_ray_runtime.store import Liveness, Store, get_liveness
from django_ray_runtime.store.liveness import Released
from django_ray_runtime.worker.dispatcher import Dispatcher
from django_ray_runtime.worker.releases import log_released
from tests import tasks
from tests.support import HeldCall, HeldExecutor, make_worker, someone_waits_for_a_lock, wait_until

QUEUES = ["default"]


def claimed(store: Store, worker: str, quantity: int) -> list[Claim]:
    tasks.nothing.enqueue_many([()] * quantity)
    return store.claim(QUEUES, quantity, worker)


def row(task_id: uuid.UUID) -> tuple[object, ...]:
    task = QueuedTask.objects.get(id=task_id)
    return task.state, task.attempt, len(task.worker_ids), task.losses, task.suspect


def test_what_was_not_given_to_the_executor_goes_back_as_if_never_claimed(
    store: Store, liveness: Liveness, worker: str
) -> None:
    given, *neighbours = claimed(store, worker, 201)
    store.note_handed(worker, [(given.id, 1)])
    assert liveness.declare_dead(worker).tasks == 201
    assert row(given.id) == ("READY", 1, 1, 1, True)
    assert {row(claim.id) for claim in neighbours} == {("READY", 0, 0, 0, False)}
    assert Attempt.objects.get().task_id == given.id
    assert Worker.objects.get(id=worker).released == 201


def test_where_it_is_not_known_what_ran_nobody_is_charged_and_each_is_a_suspect(
    store: Store, liveness: Liveness, worker: str
) -> None:
    claims = claimed(store, worker, 3)
    store.note_handed(worker, None)
    liveness.declare_dead(worker)
    assert {row(claim.id) for claim in claims} == {("READY", 1, 1, 0, True)}
    assert "may have been running" in store.failures(claims[0].id)[0].traceback


def test_a_worker_that_said_nothing_since_an_upgrade_counts_as_not_known(
    store: Store, liveness: Liveness, worker: str
) -> None:
    [claim] = claimed(store, worker, 1)
    Worker.objects.update(handed=None)  # as a boot of an older version leaves it
    liveness.declare_dead(worker)
    assert row(claim.id) == ("READY", 1, 1, 0, True)


def test_a_run_that_the_worker_gave_away_earlier_does_not_stand_for_the_next(
    store: Store, liveness: Liveness, worker: str
) -> None:
    [claim] = claimed(store, worker, 1)
    store.note_handed(worker, [(claim.id, 1)])
    store.finish_many(worker, [Outcome(id=claim.id, attempt=1, state=State.READY)])
    assert [again.attempt for again in store.claim(QUEUES, 1, worker)] == [2]
    liveness.declare_dead(worker)  # it still held the second run
    assert row(claim.id) == ("READY", 1, 1, 0, False)


def test_a_suspect_that_ran_to_its_end_is_none_any_more(
    store: Store, liveness: Liveness, worker: str
) -> None:
    [claim] = claimed(store, worker, 1)
    store.note_handed(worker, None)
    liveness.declare_dead(worker)
    other = make_worker(liveness, "host:2:b")
    [again] = store.claim(QUEUES, 1, other)
    assert again.suspect
    back = Outcome(id=claim.id, attempt=2, state=State.READY, spends_attempt=False)
    store.finish_many(other, [back])  # it has not run: nothing is known yet
    [again] = store.claim(QUEUES, 1, other)
    assert again.suspect
    store.finish_many(other, [Outcome(id=claim.id, attempt=2, state=State.READY)])
    assert row(claim.id) == ("READY", 2, 2, 0, False)


def test_a_dead_worker_may_give_nothing_to_its_executor(
    store: Store, liveness: Liveness, worker: str
) -> None:
    [claim] = claimed(store, worker, 1)
    assert store.note_handed(worker, [(claim.id, 1)])
    liveness.declare_dead(worker)
    assert not store.note_handed(worker, [(claim.id, 1)])


def test_what_a_stopped_worker_ran_is_charged_to_nobody(
    store: Store, liveness: Liveness, settings: object
) -> None:
    settings.DJANGO_RAY_RUNTIME = {"MAX_LOST_RERUNS": 0}  # type: ignore[attr-defined]
    worker = make_worker(liveness, "host:1:a")
    given, held = claimed(store, worker, 2)
    store.note_handed(worker, [(given.id, 1)])
    released = liveness.declare_dead(worker, stopped=True)
    assert (released.by_worker, released.charged) == ({worker: 2}, [])
    assert row(given.id) == ("READY", 1, 1, 0, False)
    assert row(held.id) == ("READY", 0, 0, 0, False)
    assert "was stopped" in store.failures(given.id)[0].traceback


def test_what_is_charged_is_told_with_its_task(
    store: Store, liveness: Liveness, worker: str, caplog: pytest.LogCaptureFixture
) -> None:
    given, _ = claimed(store, worker, 2)
    store.note_handed(worker, [(given.id, 1)])
    with caplog.at_level(logging.WARNING, "django_ray_runtime"):
        log_released(liveness.declare_dead(worker), by="me")
    assert [record.getMessage() for record in caplog.records] == [
        f"rescued lost={worker} by=me count=2",
        f"lost task={given.id} attempt=1 path=tests.tasks.nothing losses=1 then=runs again",
    ]


def test_a_batch_waits_for_what_a_silent_worker_holds(
    store: Store, liveness: Liveness, worker: str
) -> None:
    claimed(store, worker, 1)
    assert not store.has_outstanding(QUEUES)  # it lives, and runs it
    long_ago = timezone.now() - timedelta(seconds=60)
    Worker.objects.update(last_beat=long_ago)
    assert store.has_outstanding(QUEUES)


@pytest.mark.parametrize("handed", [True, False])
def test_a_lost_task_that_was_to_be_cancelled_is_cancelled(
    store: Store, liveness: Liveness, worker: str, handed: bool
) -> None:
    from django_ray_runtime.store import get_control

    [claim] = claimed(store, worker, 1)
    store.note_handed(worker, [(claim.id, 1)] if handed else [])
    get_control().cancel([claim.id])
    liveness.declare_dead(worker)
    rescuer = make_worker(liveness, "host:2:b")
    assert liveness.rescue(rescuer, 12.0).failed == [claim.id]
    assert row(claim.id)[0] == "CANCELLED"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_a_rescue_that_had_to_wait_takes_nothing_from_who_came_meanwhile(
    store: Store, liveness: Liveness, worker: str
) -> None:
    rescuer = make_worker(liveness, "host:2:b")
    [claim] = claimed(store, worker, 1)
    liveness.move(worker, WorkerState.DEAD)
    released: list[Released] = []

    def rescue() -> None:
        released.append(get_liveness().rescue(rescuer, 12.0))
        connections.close_all()

    thread = threading.Thread(target=rescue)
    with transaction.atomic():
        QueuedTask.objects.select_for_update().get()
        thread.start()
        wait_until(someone_waits_for_a_lock, "the rescue waits")
        # Meanwhile another one gives it back, and a worker that has just begun claims it.
        back = Outcome(id=claim.id, attempt=1, state=State.READY, spends_attempt=False)
        store.finish_many(worker, [back])
        fresh = make_worker(liveness, "host:3:c")
        store.claim(QUEUES, 1, fresh)
    thread.join()
    assert released[0].tasks == 0
    assert QueuedTask.objects.get().worker == fresh


class StartingAgain(HeldExecutor):
    """One whose calls may be started a second time, as Dask does when a process ends."""

    may_start_again = True


@pytest.fixture
def dispatcher(store: Store, worker: str) -> Dispatcher:
    return Dispatcher(store, StartingAgain(), worker=worker, queues=QUEUES, concurrency=4)


def held_calls(dispatcher: Dispatcher, quantity: int) -> list[HeldCall]:
    tasks.add.enqueue_many([(n, 1) for n in range(quantity)])
    dispatcher.fill()
    assert isinstance(dispatcher.executor, StartingAgain)
    return dispatcher.executor.calls


def test_a_run_that_is_started_a_second_time_is_refused(dispatcher: Dispatcher) -> None:
    [call] = held_calls(dispatcher, 1)
    call.func(*call.args)  # its process ended before it could tell how
    call.run()
    assert isinstance(call.error, CallLost)
    dispatcher.flush()
    task = QueuedTask.objects.get()
    assert row(task.id) == ("READY", 1, 1, 1, True)
    assert "It was started before" in Attempt.objects.get().traceback
    dispatcher.fill()
    dispatcher.executor.calls[1].run()  # the next attempt is another run
    dispatcher.flush()
    task.refresh_from_db()
    assert (task.state, task.return_value) == ("SUCCESSFUL", 1)


def test_a_lost_call_counts_only_where_its_run_had_begun(dispatcher: Dispatcher) -> None:
    began, waited, beside = held_calls(dispatcher, 3)
    for call in (began, beside):
        call.func(*call.args)
    began.finish(error=CallLost("gone"))
    waited.finish(error=CallLost("gone"))
    beside.finish(error=PerhapsLost("ended with its neighbour"))
    dispatcher.flush()
    rows = [row(task.id) for task in QueuedTask.objects.order_by("id")]
    assert rows == [
        ("READY", 1, 1, 1, True), ("READY", 0, 0, 0, False), ("READY", 1, 1, 0, True),
    ]  # fmt: skip


def test_the_loss_of_the_executor_fails_no_task(dispatcher: Dispatcher) -> None:
    [call] = held_calls(dispatcher, 1)
    call.finish(error=ExecutorLost("gone"))
    with pytest.raises(ExecutorLost):
        dispatcher.flush()
    assert QueuedTask.objects.get().state == "RUNNING"  # until its worker is declared dead
