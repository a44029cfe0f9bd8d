"""What becomes of runs: retries, cancels, time-outs, bad input. On SQLite and on PostgreSQL."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.tasks import TaskResult
from django.utils import timezone

from django_ray_runtime.control import cancel
from django_ray_runtime.exceptions import (
    CallLost,
    Cancelled,
    ExecutorLost,
    TaskTimeout,
    WorkerLost,
)
from django_ray_runtime.executors import BackgroundExecutor, SequentialExecutor
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.records import StopReason
from django_ray_runtime.store import Store, get_waiting
from django_ray_runtime.worker.dispatcher import Dispatcher
from tests import tasks
from tests.contracts.steps import QUEUES, errors_of, run_all
from tests.support import HeldExecutor, wait_until


@pytest.fixture
def held(store: Store, worker: str) -> Dispatcher:
    executor = HeldExecutor()
    return Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=4)


def told(result: TaskResult) -> str:
    result.refresh()
    return result.errors[-1].traceback


def calls(dispatcher: Dispatcher) -> list[Any]:
    executor = dispatcher.executor
    assert isinstance(executor, HeldExecutor)
    return executor.calls


def test_a_failed_run_is_retried_later(dispatcher: Dispatcher, tmp_path: Path) -> None:
    result = tasks.flaky.enqueue(str(tmp_path / "runs"), 2)
    run_all(dispatcher)
    result.refresh()
    assert (result.status, result.state, result.attempts) == ("READY", "SCHEDULED", 1)
    run_after = QueuedTask.objects.get().run_after
    assert run_after is not None
    wait = (run_after - timezone.now()).total_seconds()
    assert 4 < wait <= 10  # the first pause of 10 s, from its upper half on
    assert errors_of(result) == [tasks.Flaky]
    run_all(dispatcher, with_retries=True)
    result.refresh()
    assert (result.return_value, result.attempts) == (3, 3)
    assert [error.exception_class for error in result.errors] == [tasks.Flaky, tasks.Flaky]


def test_attempts_are_used_up(dispatcher: Dispatcher, tmp_path: Path) -> None:
    result = tasks.flaky.enqueue(str(tmp_path / "runs"), 99)
    run_all(dispatcher, with_retries=True)
    result.refresh()
    assert (result.status, result.attempts) == ("FAILED", 3)


def test_other_errors_are_not_retried(dispatcher: Dispatcher, tmp_path: Path) -> None:
    result = tasks.flaky.enqueue(str(tmp_path / "runs"), 1, kind="other")
    run_all(dispatcher)
    result.refresh()
    assert (result.status, result.attempts) == ("FAILED", 1)


def test_an_excepted_error_is_not_retried(dispatcher: Dispatcher) -> None:
    result = tasks.fail.using(max_attempts=3, no_retry_on=(ValueError,)).enqueue("no")
    run_all(dispatcher)
    result.refresh()
    assert result.status == "FAILED"


def test_the_setting_decides_where_a_task_says_nothing(
    dispatcher: Dispatcher, settings: Any
) -> None:
    settings.DJANGO_RAY_RUNTIME = {"MAX_ATTEMPTS": 2}
    result = tasks.fail.enqueue("no")
    run_all(dispatcher, with_retries=True)
    result.refresh()
    assert (result.status, result.attempts) == ("FAILED", 2)


def test_a_lost_process_uses_up_no_attempt(held: Dispatcher) -> None:
    result = tasks.fail.using(max_attempts=2).enqueue("no")
    held.fill()
    calls(held)[0].finish(error=CallLost("killed"))
    held.flush()
    held.fill()
    calls(held)[1].run()
    held.flush()
    result.refresh()
    assert (result.state, result.attempts) == ("SCHEDULED", 2)
    assert errors_of(result) == [WorkerLost, ValueError]
    row = QueuedTask.objects.get()
    assert (row.failures, row.losses) == (1, 1)


def test_what_a_run_asks_of_the_cluster_reaches_the_executor(
    held: Dispatcher, settings: Any
) -> None:
    allowed = {"RUNTIME_ENV_FROM_ROWS": True}
    settings.DJANGO_RAY_RUNTIME = {**settings.DJANGO_RAY_RUNTIME, **allowed}
    asked = tasks.nothing.using(
        num_cpus=2, num_gpus=1, memory=10**6, resources={"disk": 1}, runtime_env={"env_vars": {}}
    )
    asked.enqueue()
    held.fill()
    options = calls(held)[0].options
    assert (options.num_cpus, options.num_gpus, options.memory) == (2.0, 1.0, 10**6)
    assert dict(options.resources) == {"disk": 1}
    assert options.runtime_env == '{"env_vars": {}}'
    assert options.max_retries == 0


def test_a_task_that_reserves_two_cpus_takes_two_slots(store: Store, worker: str) -> None:
    executor = HeldExecutor(slots=4)
    dispatcher = Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=9)
    tasks.nothing.using(num_cpus=2).enqueue_many([()] * 5)
    dispatcher.fill()
    assert len(executor.calls) == 2
    executor.calls[0].finish([1.0, "1", None, None, None, ""])
    dispatcher.flush()
    dispatcher.fill()
    assert len(executor.calls) == 3


def test_a_cancelled_run_is_interrupted_then_killed(held: Dispatcher) -> None:
    result = tasks.nothing.enqueue()
    held.fill()
    cancel(result.id)
    held.stop_tasks(10.0, held.store.to_stop(held.worker))
    call = calls(held)[0]
    assert (call.interrupted, call.cancelled) == (True, False)
    held.stop_tasks(14.9, held.store.to_stop(held.worker))
    assert not call.cancelled
    held.stop_tasks(15.1, held.store.to_stop(held.worker))
    assert call.cancelled
    held.flush()
    assert errors_of(result) == [Cancelled]
    assert result.state == "CANCELLED"


def test_a_cancelled_run_that_ends_by_itself_is_not_killed(held: Dispatcher) -> None:
    result = tasks.nothing.enqueue()
    held.fill()
    cancel(result.id)
    held.stop_tasks(10.0, held.store.to_stop(held.worker))
    calls(held)[0].finish([1.0, None, "builtins.KeyboardInterrupt", "where it was\n", None, "out"])
    held.flush()
    held.stop_tasks(20.0, {})
    assert not calls(held)[0].cancelled
    assert errors_of(result) == [Cancelled]
    assert "where it was" in told(result)
    assert Attempt.objects.get().output == "out"


def test_a_cancelled_task_that_was_held_back_never_runs(store: Store, worker: str) -> None:
    executor = HeldExecutor(slots=1)
    dispatcher = Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=2)
    tasks.nothing.enqueue()
    second = tasks.nothing.enqueue()
    dispatcher.fill()
    cancel(second.id)
    dispatcher.stop_tasks(0.0, store.to_stop(worker))
    dispatcher.flush()
    second.refresh()
    assert second.state == "CANCELLED"
    assert len(executor.calls) == 1


def test_a_timed_out_run_is_told_apart_and_may_be_retried(held: Dispatcher) -> None:
    result = tasks.nothing.using(timeout=7, max_attempts=2).enqueue()
    stop = dict.fromkeys([QueuedTask.objects.get().id], StopReason.TIMEOUT)
    for number in range(2):
        held.fill()
        held.stop_tasks(0.0, stop)
        calls(held)[number].finish([9.0, None, "builtins.KeyboardInterrupt", "there\n", None, ""])
        held.flush()
        QueuedTask.objects.scheduled().update(run_after=timezone.now() - timedelta(seconds=1))
        get_waiting().promote()
    assert errors_of(result) == [TaskTimeout, TaskTimeout]
    assert "longer than its timeout of 7 s" in told(result)
    assert (result.status, result.attempts) == ("FAILED", 2)


def test_a_run_sets_its_deadline_when_it_starts(dispatcher: Dispatcher) -> None:
    tasks.nothing.using(timeout=60).enqueue()
    run_all(dispatcher)
    row = QueuedTask.objects.get()
    assert row.state == "SUCCESSFUL"
    assert row.deadline is not None
    assert row.started_at is not None
    assert 50 < (row.deadline - row.started_at).total_seconds() < 70


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nan", "Use None or a text in its place"),
        ("nul", "has a NUL character in a text"),
        ("object", "must be JSON"),
        ("set", "must be JSON"),
        ("surrogate", "not valid Unicode"),
        ("huge", r"over MAX_RESULT_BYTES \(1,000\). Store the data"),
    ],
)
def test_a_return_value_that_cannot_be_stored_fails_its_task_alone(
    dispatcher: Dispatcher, settings: Any, kind: str, message: str
) -> None:
    settings.DJANGO_RAY_RUNTIME = {"MAX_RESULT_BYTES": 1000}
    bad = tasks.return_value.enqueue(kind)
    good = tasks.return_value.enqueue("fine")
    run_all(dispatcher)
    assert good.refresh() is None
    assert good.return_value == {"a": [1, None]}
    bad.refresh()
    assert bad.status == "FAILED"
    assert re.search(message, told(bad))


def test_a_task_that_cannot_be_imported_fails_with_what_to_do(dispatcher: Dispatcher) -> None:
    tasks.add.enqueue(1, 2)
    QueuedTask.objects.update(task_path="tests.tasks.gone")
    good = tasks.add.enqueue(3, 4)
    run_all(dispatcher)
    bad = QueuedTask.objects.exclude(id=good.id).get()
    [attempt] = bad.attempts.all()
    assert bad.state == "FAILED"
    assert "'tests.tasks.gone' cannot be imported" in attempt.traceback
    assert "Was it renamed" in attempt.traceback
    good.refresh()
    assert good.return_value == 7


@pytest.mark.parametrize("arguments", [(1,), (1, 2, 3)])
def test_arguments_that_no_longer_fit_are_told(
    dispatcher: Dispatcher, arguments: tuple[int, ...]
) -> None:
    result = tasks.add.enqueue(*arguments)
    run_all(dispatcher)
    assert "The arguments do not fit tests.tasks.add(a, b)" in told(result)


def test_a_type_error_of_the_task_itself_stays_as_it_is(dispatcher: Dispatcher) -> None:
    result = tasks.add.enqueue(1, "x")
    run_all(dispatcher)
    assert "unsupported operand" in told(result)
    assert "do not fit" not in told(result)


def test_a_worker_claims_no_more_than_it_was_told(store: Store, worker: str) -> None:
    dispatcher = Dispatcher(
        store, SequentialExecutor(), worker=worker, queues=QUEUES, concurrency=4, max_tasks=3
    )
    tasks.nothing.enqueue_many([()] * 5)
    run_all(dispatcher)
    assert dispatcher.left == 0
    assert QueuedTask.objects.ready().count() == 2


def test_keyed_tasks_are_not_forgotten_among_others(store: Store, worker: str) -> None:
    """The look at limited keys is left out while there are none, but not for long."""
    dispatcher = Dispatcher(
        store, SequentialExecutor(), worker=worker, queues=QUEUES, concurrency=1
    )
    tasks.nothing.enqueue_many([()] * 40)
    dispatcher.fill()
    dispatcher.flush()
    keyed = tasks.add.using(concurrency_limit=1, priority=5).enqueue(1, 2)
    for _ in range(12):
        dispatcher.fill()
        dispatcher.flush()
    keyed.refresh()
    assert keyed.is_finished


def test_a_later_due_task_is_promoted_in_batches(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_ray_runtime.store.waiting.BATCH", 10)
    soon = timezone.now() + timedelta(hours=1)
    tasks.nothing.using(run_after=soon).enqueue_many([()] * 25)
    QueuedTask.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    assert [get_waiting().promote() for _ in range(4)] == [10, 10, 5, 0]


def test_what_waits_behind_a_task_that_cannot_be_stopped_goes_back(
    store: Store, worker: str, tmp_path: Path
) -> None:
    executor = BackgroundExecutor()
    dispatcher = Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=3)
    dispatcher._flight._mean_seconds = 0.0  # as after short tasks: all are handed over at once
    stuck = tasks.wait_for_file.enqueue(str(tmp_path / "started"), str(tmp_path / "release"))
    tasks.nothing.enqueue_many([()] * 2)
    dispatcher.fill()
    wait_until((tmp_path / "started").exists, "the first starts")
    [handle] = [h for h, c in dispatcher._flight.calls.items() if str(c.id) == stuck.id]
    executor.cancel(handle)
    with pytest.raises(ExecutorLost, match="does not let itself be stopped"):
        executor.demand_alive()
    dispatcher.give_up()
    (tmp_path / "release").touch()
    assert list(QueuedTask.objects.order_by("id").values_list("state", "attempt", "losses")) == [
        ("RUNNING", 1, 0), ("READY", 0, 0), ("READY", 0, 0),
    ]  # fmt: skip
    executor.wait([handle])
