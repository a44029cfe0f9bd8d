"""What one bad row, receiver or task must not do to the others. SQLite and PostgreSQL."""

import logging
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models.signals import pre_delete
from django.utils import timezone

from django_ray_runtime import control
from django_ray_runtime.context import Run, running
from django_ray_runtime.exceptions import ExecutorLost
from django_ray_runtime.executors import BackgroundExecutor, CallOptions, Handle, SequentialExecutor
from django_ray_runtime.models import QueuedTask, TaskProgress
from django_ray_runtime.progress import report
from django_ray_runtime.states import State
from django_ray_runtime.store import Liveness, Store
from django_ray_runtime.worker import outcomes
from django_ray_runtime.worker.dispatcher import Dispatcher
from django_ray_runtime.worker.duties import note_stats, watch_claims
from django_ray_runtime.worker.maintenance import Duty, Maintenance
from django_ray_runtime.worker.output import _handler, captured
from tests import tasks
from tests.support import HeldExecutor, someone_waits_for_a_lock, wait_until

QUEUES = ["default"]
POISON = [[], {"num_cpus": "two"}, {"num_cpus": None}, {"concurrency_limit": "x"},
          {"rate_count": 1, "rate_seconds": 0}]  # fmt: skip


def dispatcher_of(store: Store, worker: str, executor: Any = None) -> Dispatcher:
    executor = executor or SequentialExecutor()
    return Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=4)


def run_all(dispatcher: Dispatcher) -> None:
    while dispatcher.fill() or not dispatcher.idle:
        dispatcher.flush()


@pytest.mark.parametrize("limited", [{}, {"concurrency_limit": 1}])
@pytest.mark.parametrize("options", POISON)
def test_options_that_cannot_be_read_fail_their_task_alone(
    store: Store, worker: str, options: Any, limited: dict[str, Any]
) -> None:
    bad = tasks.add.using(**limited).enqueue(1, 2)
    QueuedTask.objects.update(options=options)
    good = tasks.add.enqueue(3, 4)
    run_all(dispatcher_of(store, worker))
    for result in (bad, good):
        result.refresh()
    assert good.return_value == 7
    assert bad.state == "FAILED"
    assert "option" in bad.errors[0].traceback


class Picky(HeldExecutor):
    """Refuses a call, as Ray does one whose options it cannot use."""

    def submit(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Handle:
        options = kwargs.get("options") or CallOptions()
        if options.num_gpus:
            raise ValueError("no such GPU")
        return super().submit(func, *args, **kwargs)


def test_a_call_that_the_executor_refuses_fails_its_task_alone(store: Store, worker: str) -> None:
    dispatcher = dispatcher_of(store, worker, Picky())
    bad = tasks.nothing.using(num_gpus=1).enqueue()
    tasks.nothing.enqueue()
    dispatcher.fill()
    dispatcher.flush()
    bad.refresh()
    assert bad.state == "FAILED"
    assert "no such GPU" in bad.errors[0].traceback
    assert dispatcher.in_flight == 1


def test_a_request_that_no_machine_can_fulfil_is_told(ray_cluster_here: object) -> None:
    from django_ray_runtime.exceptions import Infeasible
    from django_ray_runtime.executors.ray import RayExecutor

    executor = RayExecutor()
    executor.demand_room(CallOptions(num_cpus=2))
    with pytest.raises(Infeasible, match=r"asks for CPU 64.*most there is on one is CPU 2"):
        executor.demand_room(CallOptions(num_cpus=64))
    with pytest.raises(Infeasible, match="disk 1"):
        executor.demand_room(CallOptions(resources=(("disk", 1.0),)))


def test_a_cluster_that_grows_by_itself_is_trusted(ray_cluster_here: object, settings: Any) -> None:
    from django_ray_runtime.executors.ray import RayExecutor

    settings.DJANGO_RAY_RUNTIME = {"RAY_AUTOSCALES": True}
    RayExecutor().demand_room(CallOptions(num_cpus=64))


def test_a_duty_that_fails_is_left_for_later_and_the_others_go_on() -> None:
    done: list[float] = []

    def fail(now: float) -> float:
        raise RuntimeError("somebody's receiver")

    def work(now: float) -> float:
        done.append(now)
        return 1.0

    maintenance = Maintenance([Duty(fail), Duty(work), Duty(fail, after_failure=2.0)])
    maintenance.run_due(5.0)
    assert done == [5.0]
    assert [duty.due for duty in maintenance.duties] == [65.0, 6.0, 7.0]


def test_a_lost_executor_is_no_failed_duty() -> None:
    def lost(now: float) -> float:
        raise ExecutorLost("gone")

    with pytest.raises(ExecutorLost):
        Maintenance([Duty(lost)]).run_due(5.0)


def test_what_a_worker_holds_without_knowing_goes_back(store: Store, worker: str) -> None:
    tasks.add.enqueue(1, 2)
    dispatcher = dispatcher_of(store, worker, HeldExecutor())
    dispatcher.fill()
    tasks.add.enqueue(3, 4)
    store.claim(QUEUES, 1, worker)  # its answer never arrived
    watch_claims(dispatcher).run(0.0)
    assert [row.state for row in QueuedTask.objects.order_by("id")] == ["RUNNING", "READY"]


@pytest.mark.parametrize("draining", [False, True])
def test_a_worker_that_was_declared_dead_ends(
    store: Store, liveness: Liveness, worker: str, draining: bool
) -> None:
    dispatcher = dispatcher_of(store, worker, HeldExecutor())
    maintenance = Maintenance([note_stats(dispatcher, liveness)])
    maintenance.run_due(0.0, draining=draining)
    liveness.declare_dead(worker)
    with pytest.raises(ExecutorLost, match="was declared dead"):
        maintenance.run_due(60.0, draining=draining)


def test_while_draining_only_running_tasks_are_watched() -> None:
    done: list[str] = []
    duties = [Duty(lambda now: done.append("prune") or 1.0),
              Duty(lambda now: done.append("stops") or 1.0, while_draining=True)]  # fmt: skip
    maintenance = Maintenance(duties)
    maintenance.run_due(5.0, draining=True)
    assert done == ["stops"]
    assert maintenance.seconds_until_due(5.0, draining=True) == 1.0


def test_a_receiver_that_forbids_pruning_does_not_lose_the_task(store: Store, worker: str) -> None:
    tasks.add.enqueue(1, 2)
    run_all(dispatcher_of(store, worker))

    def forbid(**_: Any) -> None:
        raise RuntimeError("no")

    pre_delete.connect(forbid, sender=QueuedTask)
    try:
        with pytest.raises(RuntimeError):
            control.prune({State.SUCCESSFUL: 1e-6})
    finally:
        pre_delete.disconnect(forbid, sender=QueuedTask)
    assert QueuedTask.objects.count() == 1


def test_a_transaction_left_open_does_not_swallow_what_later_tasks_write(
    store: Store, worker: str
) -> None:
    executor = BackgroundExecutor()  # its thread has a connection of its own
    dispatcher = dispatcher_of(store, worker, executor)
    tasks.leave_a_transaction_open.enqueue()
    dispatcher.fill()
    wait_until(lambda: dispatcher.flush(), "the first ends")
    tasks.enqueue_another.enqueue(1, 2)
    dispatcher.fill()
    wait_until(lambda: dispatcher.flush(), "the second ends")
    executor.submit(connections.close_all)
    assert QueuedTask.objects.filter(task_path="tests.tasks.add").exists()


def test_progress_within_a_transaction_waits_for_its_end(store: Store, worker: str) -> None:
    tasks.nothing.enqueue()
    [claim] = store.claim(QUEUES, 1, worker)
    with running(Run(claim.id, claim.attempt, worker)):
        with transaction.atomic():
            report(3, 10)
            assert not TaskProgress.objects.exists()
        report(4)
    assert TaskProgress.objects.get().done == 4


def test_a_log_call_that_does_not_fit_does_not_fail_the_task(capsys: Any) -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "%d items", ("three",), None)
    with captured(100) as tail:
        _handler.handle(record)
    assert "Arguments: ('three',)" in tail.text()  # as in any log
    assert "Logging error" in capsys.readouterr().err


def test_a_requeue_meets_an_enqueue_of_the_same_unique_task(store: Store) -> None:
    """Whoever comes second finds the other's task: never two unfinished ones."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: the second cannot even begin")
    unique = tasks.add.using(unique=True)
    first = unique.enqueue(1, 2)
    control.cancel(first.id)
    found: list[str] = []

    def enqueue() -> None:
        try:
            found.append(unique.enqueue(1, 2).id)
        finally:
            connections.close_all()

    thread = threading.Thread(target=enqueue)
    with transaction.atomic():
        control.requeue(first.id)
        thread.start()
        wait_until(someone_waits_for_a_lock, "the enqueue waits for the requeue")
    thread.join()
    assert found == [first.id]
    assert QueuedTask.objects.filter(finished_at=None).count() == 1


def test_the_repr_of_a_result_shows_no_arguments(store: Store) -> None:
    result = tasks.with_secret.enqueue("ann", token="s3cr3t")
    assert "s3cr3t" not in repr(result)
    assert result.id in repr(result)


def test_many_endings_are_told_with_few_statements(
    store: Store, django_assert_max_num_queries: Any
) -> None:
    from django_ray_runtime.signals import announce_ended

    results = tasks.add.enqueue_many([(n, 0) for n in range(50)])
    QueuedTask.objects.update(state=State.EXPIRED, finished_at=timezone.now())
    with django_assert_max_num_queries(3):
        announce_ended([uuid.UUID(result.id) for result in results])


def test_more_than_one_statement_can_carry_is_written_with_several(
    store: Store, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was not written when the database failed in between is kept."""
    monkeypatch.setattr(outcomes, "PORTION", 60)
    executor = HeldExecutor(slots=5)
    dispatcher = Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=5)
    tasks.nothing.enqueue_many([()] * 5)
    dispatcher.fill()
    sizes: list[int] = []
    finish_many = store.finish_many

    def fail_at_the_second(worker: str, batch: Any) -> Any:
        sizes.append(len(batch))
        if len(sizes) == 2:
            raise OperationalError("gone")
        return finish_many(worker, batch)

    monkeypatch.setattr(store, "finish_many", fail_at_the_second)
    for call, length in zip(executor.calls, (20, 20, 20, 100, 1), strict=True):
        call.finish([0.0, f'"{"x" * (length - 2)}"' if length > 1 else "1", None, None, None, ""])
    with pytest.raises(OperationalError):
        dispatcher.flush()
    assert QueuedTask.objects.finished().count() == 3
    assert dispatcher.flush() == 2
    assert sizes == [3, 1, 1, 1]
    assert set(QueuedTask.objects.values_list("state", flat=True)) == {"SUCCESSFUL"}
    assert dispatcher.idle
