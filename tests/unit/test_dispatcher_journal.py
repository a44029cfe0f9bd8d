"""What the dispatcher writes down before it gives a task to the executor."""

import uuid

import pytest
from django.db import OperationalError

from django_ray_runtime.exceptions import ExecutorLost
from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.records import StopReason
from django_ray_runtime.store import Liveness, Store
from django_ray_runtime.worker.dispatcher import Dispatcher
from tests import tasks
from tests.support import HeldExecutor
from tests.unit.test_dispatcher import states


def handed(worker: str) -> list[str] | None:
    return Worker.objects.get(id=worker).handed


def test_what_is_given_to_the_executor_is_written_down_first(
    dispatcher: Dispatcher, held: HeldExecutor, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str] | None] = []
    submit = held.submit

    def noting(*args, **kwargs):  # type: ignore[no-untyped-def]
        seen.append(handed(worker))
        return submit(*args, **kwargs)

    monkeypatch.setattr(held, "submit", noting)
    for n in range(2):
        tasks.add.enqueue(n, 1)
    dispatcher.fill()
    ids = sorted(f"{task_id.hex}:1" for task_id in QueuedTask.objects.values_list("id", flat=True))
    assert [sorted(one or []) for one in seen] == [ids, ids]


def test_what_waits_for_a_slot_is_not_among_it(store: Store, worker: str) -> None:
    dispatcher = Dispatcher(
        store, HeldExecutor(1), worker=worker, queues=["default"], concurrency=9
    )
    tasks.nothing.enqueue_many([()] * 9)
    assert dispatcher.fill() == 9
    assert len(handed(worker) or []) == 1


def test_short_tasks_cost_no_statement_each(
    store: Store, worker: str, django_assert_num_queries: object
) -> None:
    executor = HeldExecutor(1)
    dispatcher = Dispatcher(store, executor, worker=worker, queues=["default"], concurrency=9)
    dispatcher._flight._mean_seconds = 0.0
    tasks.nothing.enqueue_many([()] * 18)
    dispatcher.fill()
    assert handed(worker) is None
    assert len(executor.calls) == 9
    for call in executor.calls:
        call.finish([0.001, "null", None, None, None, ""])
    dispatcher.flush()
    with django_assert_num_queries(1):  # type: ignore[operator]  # the claim
        dispatcher.fill()
    assert len(executor.calls) == 18


def test_what_runs_already_is_among_it(dispatcher: Dispatcher, worker: str) -> None:
    for number in range(2):
        tasks.nothing.enqueue()
        dispatcher.fill()
        assert len(handed(worker) or []) == number + 1


def test_what_was_stopped_counts_as_begun_until_that_is_written(
    store: Store, liveness: Liveness, worker: str
) -> None:
    dispatcher = Dispatcher(
        store, HeldExecutor(1), worker=worker, queues=["default"], concurrency=2
    )
    first = tasks.nothing.enqueue()
    tasks.nothing.enqueue()
    dispatcher.fill()
    reasons = {uuid.UUID(first.id): StopReason.TIMEOUT}
    dispatcher.stop_tasks(0.0, reasons)
    dispatcher.stop_tasks(1000.0, reasons)  # by force: its outcome waits for the next flush
    dispatcher.fill()  # the second one starts
    liveness.declare_dead(worker)
    row = QueuedTask.objects.get(id=first.id)
    assert (row.state, row.attempt, row.losses) == ("READY", 1, 1)


def test_a_note_that_failed_is_written_before_anything_starts(
    dispatcher: Dispatcher, held: HeldExecutor, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher._flight._mean_seconds = 0.0
    tasks.nothing.enqueue()
    dispatcher.fill()
    assert handed(worker) is None
    QueuedTask.objects.filter(id=tasks.nothing.enqueue().id).update(suspect=True)
    with monkeypatch.context() as broken:
        broken.setattr(dispatcher.store, "note_handed", raise_operational_error)
        with pytest.raises(OperationalError):
            dispatcher.fill()
    assert len(held.calls) == 1
    dispatcher.fill()
    assert len(held.calls) == 2
    assert len(handed(worker) or []) == 2


def raise_operational_error(*_: object) -> None:
    raise OperationalError("the server closed the connection")


def test_beside_a_suspect_nothing_is_given_ahead_of_free_slots(store: Store, worker: str) -> None:
    executor = HeldExecutor(2)
    dispatcher = Dispatcher(store, executor, worker=worker, queues=["default"], concurrency=9)
    dispatcher._flight._mean_seconds = 0.0  # else short tasks are
    tasks.nothing.enqueue_many([()] * 3)
    QueuedTask.objects.filter(id=tasks.nothing.enqueue().id).update(suspect=True)
    tasks.nothing.enqueue_many([()] * 3)
    dispatcher.fill()
    assert len(executor.calls) == 3
    assert handed(worker) is None

    def end(*calls: int) -> None:
        for number in calls:
            executor.calls[number].finish([0.001, "null", None, None, None, ""])
        dispatcher.flush()
        dispatcher.fill()

    end(0)
    assert len(executor.calls) == 3, "the suspect waits for a free slot"
    end(1)
    assert len(executor.calls) == 4
    assert len(handed(worker) or []) == 2, "what runs beside it is known"
    end(2)
    assert len(executor.calls) == 5, "and what follows it, to the slots there are"
    end(3)
    assert len(executor.calls) == 7, "then all goes on as before"
    assert handed(worker) is None


def test_a_worker_that_was_declared_dead_starts_nothing(
    dispatcher: Dispatcher, held: HeldExecutor, liveness: Liveness, worker: str
) -> None:
    tasks.nothing.enqueue()
    claims = dispatcher.store.claim(["default"], 1, worker)
    dispatcher._held.extend(claims)
    liveness.declare_dead(worker)
    with pytest.raises(ExecutorLost, match="was declared dead"):
        dispatcher.fill()
    assert held.calls == []
    dispatcher.give_up()
    assert states() == ["READY"]
