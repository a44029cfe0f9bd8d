"""The dispatcher, with an executor that the test holds."""

import pytest
from django.db import OperationalError
from django.tasks.signals import task_finished, task_started

from django_ray_runtime.exceptions import CallLost
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.store import Liveness, Store
from django_ray_runtime.worker.dispatcher import Dispatcher
from django_ray_runtime.worker.entrypoint import pack, unpack
from tests import tasks
from tests.support import HeldExecutor


def states() -> list[str]:
    return list(QueuedTask.objects.order_by("id").values_list("state", flat=True))


def test_it_claims_as_many_as_it_has_slots(dispatcher: Dispatcher, held: HeldExecutor) -> None:
    for n in range(5):
        tasks.add.enqueue(n, 1)
    assert dispatcher.fill() == 3
    assert dispatcher.fill() == 0
    assert len(held.calls) == 3
    assert states() == ["RUNNING"] * 3 + ["READY"] * 2


def test_a_finished_call_frees_its_slot(dispatcher: Dispatcher, held: HeldExecutor) -> None:
    for n in range(4):
        tasks.add.enqueue(n, 1)
    dispatcher.fill()
    held.calls[0].run()
    assert dispatcher.flush() == 1
    assert dispatcher.fill() == 1
    assert states() == ["SUCCESSFUL", "RUNNING", "RUNNING", "RUNNING"]


def test_many_completions_are_written_together(
    dispatcher: Dispatcher, held: HeldExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        tasks.add.enqueue(n, 1)
    dispatcher.fill()
    for call in held.calls:
        call.run()
    batches: list[int] = []
    write = dispatcher.store.finish_many

    def counted(worker, outcomes):  # type: ignore[no-untyped-def]
        batches.append(len(outcomes))
        return write(worker, outcomes)

    monkeypatch.setattr(dispatcher.store, "finish_many", counted)
    assert dispatcher.flush() == 3
    assert batches == [3]
    assert dispatcher.idle


def test_a_completion_wakes_the_loop(store: Store, held: HeldExecutor, worker: str) -> None:
    woken: list[bool] = []
    dispatcher = Dispatcher(
        store, held, worker=worker, queues=["default"], concurrency=1,
        wake=lambda: woken.append(True),
    )  # fmt: skip
    tasks.nothing.enqueue()
    dispatcher.fill()
    assert woken == []
    held.calls[0].finish([0.001, "null", None, None])
    assert woken == [True]


def test_long_tasks_are_held_back_until_a_slot_is_free(
    store: Store, worker: str, held: HeldExecutor
) -> None:
    held = HeldExecutor(slots=2)
    dispatcher = Dispatcher(store, held, worker=worker, queues=["default"], concurrency=5)
    for n in range(5):
        tasks.add.enqueue(n, 1)
    assert dispatcher.fill() == 5
    assert len(held.calls) == 2
    held.calls[0].finish([10.0, "1", None, None])
    dispatcher.flush()
    dispatcher.fill()
    assert len(held.calls) == 3


def test_short_tasks_are_handed_over_ahead_of_free_slots(store: Store, worker: str) -> None:
    held = HeldExecutor(slots=2)
    dispatcher = Dispatcher(store, held, worker=worker, queues=["default"], concurrency=5)
    for n in range(7):
        tasks.add.enqueue(n, 1)
    dispatcher.fill()
    held.calls[0].finish([0.001, "1", None, None, None, ""])
    dispatcher.flush()
    dispatcher.fill()
    assert len([call for call in held.calls if not call.done]) == 5


def test_draining_hands_back_what_has_not_started(store: Store, worker: str) -> None:
    held = HeldExecutor(slots=2)
    dispatcher = Dispatcher(store, held, worker=worker, queues=["default"], concurrency=3)
    for n in range(3):
        tasks.add.enqueue(n, 1)
    dispatcher.fill()
    held.calls[1].run()
    dispatcher.drain()
    assert dispatcher.fill() == 0
    dispatcher.flush()
    assert states() == ["RUNNING", "SUCCESSFUL", "READY"]
    assert QueuedTask.objects.ready().get().attempt == 0
    held.calls[0].run()
    dispatcher.flush()
    assert dispatcher.idle


def test_after_the_grace_what_did_not_start_is_unspent_and_what_ran_is_spent(
    dispatcher: Dispatcher, held: HeldExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        tasks.add.enqueue(n, 1)
    dispatcher.fill()
    finished, running, waiting = held.calls
    finished.run()
    dispatcher.drain()
    recall = held.recall
    monkeypatch.setattr(held, "recall", lambda call: call is waiting and recall(call))
    dispatcher.recall()
    assert dispatcher.abandon() is True
    assert [call.cancelled for call in held.calls] == [False, True, False]
    dispatcher.flush()
    assert states() == ["SUCCESSFUL", "READY", "READY"]
    assert list(QueuedTask.objects.order_by("id").values_list("attempt", flat=True)) == [1, 1, 0]
    # The late completion is nobody's business any more.
    running.finish([0.001, "1", None, None, None, ""])
    assert dispatcher.flush() == 0
    assert dispatcher.abandon() is False


def test_an_interrupt_after_the_grace_is_no_failure_of_the_task(
    dispatcher: Dispatcher, held: HeldExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.nothing.enqueue()
    dispatcher.fill()
    monkeypatch.setattr(held, "recall", lambda call: None)
    dispatcher.drain()
    dispatcher.recall()
    held.calls[0].finish([1.0, None, "builtins.KeyboardInterrupt", "Traceback", None, ""])
    dispatcher.flush()
    assert states() == ["READY"]


def test_claims_whose_answer_was_lost_are_given_back(
    dispatcher: Dispatcher, held: HeldExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:

    for n in range(3):
        tasks.add.enqueue(n, 1)
    claim = dispatcher.store.claim

    def lose_the_answer(*arguments):  # type: ignore[no-untyped-def]
        claim(*arguments)
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as outage:
        outage.setattr(dispatcher.store, "claim", lose_the_answer)
        with pytest.raises(OperationalError):
            dispatcher.fill()
    assert states() == ["RUNNING"] * 3
    dispatcher.reconcile()
    assert states() == ["READY"] * 3
    assert dispatcher.fill() == 3
    dispatcher.reconcile()
    assert states() == ["RUNNING"] * 3


def test_an_outcome_that_the_database_refuses_does_not_hold_back_its_neighbours(
    dispatcher: Dispatcher, held: HeldExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import DataError

    results = [tasks.add.enqueue(n, 1) for n in range(3)]
    dispatcher.fill()
    for call in held.calls:
        call.run()
    write = dispatcher.store.finish_many

    def refuse_two(worker, outcomes):  # type: ignore[no-untyped-def]
        if any(outcome.return_value == "2" for outcome in outcomes):
            raise DataError("string too long")
        return write(worker, outcomes)

    monkeypatch.setattr(dispatcher.store, "finish_many", refuse_two)
    dispatcher.flush()
    assert states() == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]
    results[1].refresh()
    assert "the database refuses this outcome: string too long" in results[1].errors[0].traceback


def test_a_lost_process_lets_the_task_run_again(dispatcher: Dispatcher, held: HeldExecutor) -> None:
    tasks.nothing.enqueue()
    dispatcher.fill()
    held.calls[0].finish(error=CallLost("killed"))
    dispatcher.flush()
    row = QueuedTask.objects.get()
    assert (row.state, row.losses) == ("READY", 1)


def test_a_task_that_loses_its_process_too_often_fails(
    dispatcher: Dispatcher, held: HeldExecutor, settings: object
) -> None:
    settings.DJANGO_RAY_RUNTIME = {"MAX_LOST_RERUNS": 1}  # type: ignore[attr-defined]
    result = tasks.nothing.enqueue()
    for _ in range(2):
        dispatcher.fill()
        held.calls[-1].finish(error=CallLost("killed"))
        dispatcher.flush()
    result.refresh()
    assert result.status == "FAILED"
    assert result.attempts == 2
    assert result.errors[-1].exception_class.__name__ == "WorkerLost"


def test_outcomes_survive_a_database_that_does_not_answer(
    dispatcher: Dispatcher, held: HeldExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:

    tasks.nothing.enqueue()
    dispatcher.fill()
    held.calls[0].run()

    def refuse(worker, outcomes):  # type: ignore[no-untyped-def]
        raise OperationalError("gone")

    with monkeypatch.context() as outage:
        outage.setattr(dispatcher.store, "finish_many", refuse)
        with pytest.raises(OperationalError):
            dispatcher.flush()
    assert dispatcher.flush() == 1
    assert states() == ["SUCCESSFUL"]


def test_an_outcome_that_is_no_longer_ours_is_dropped(
    dispatcher: Dispatcher, held: HeldExecutor, liveness: Liveness, worker: str
) -> None:
    heard: list[object] = []

    def note(**kwargs: object) -> None:
        heard.append(kwargs)

    task_finished.connect(note)
    tasks.nothing.enqueue()
    dispatcher.fill()
    liveness.declare_dead(worker)
    held.calls[0].run()
    assert dispatcher.flush() == 0
    assert states() == ["READY"]
    assert heard == []
    task_finished.disconnect(note)


def test_signals_are_sent_when_a_task_starts_and_when_its_outcome_is_stored(
    dispatcher: Dispatcher, held: HeldExecutor
) -> None:
    heard: list[tuple[str, str]] = []

    def on_start(task_result, **_):  # type: ignore[no-untyped-def]
        heard.append(("started", task_result.status))

    def on_finish(task_result, **_):  # type: ignore[no-untyped-def]
        heard.append(("finished", task_result.return_value))

    task_started.connect(on_start)
    task_finished.connect(on_finish)
    tasks.add.enqueue(2, 3)
    dispatcher.fill()
    held.calls[0].run()
    assert heard == [("started", "RUNNING")]
    dispatcher.flush()
    assert heard == [("started", "RUNNING"), ("finished", 5)]
    task_started.disconnect(on_start)
    task_finished.disconnect(on_finish)


def test_a_claim_travels_whole(store: Store, worker: str) -> None:
    tasks.add.enqueue(1, b="é")
    [claim] = store.claim(["default"], 1, worker)
    assert unpack(pack(claim)) == claim
