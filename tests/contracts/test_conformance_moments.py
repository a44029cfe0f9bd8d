"""What Django documents of when tasks run and what is told of it (topics/tasks, ref/signals).

Tasks run through the real store and the real run path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta, timezone
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.dispatch import Signal
from django.tasks.exceptions import TaskResultDoesNotExist
from django.tasks.signals import task_enqueued, task_finished, task_started

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.testing import run_enqueued
from tests import conforming
from tests.conforming import echo
from tests.contracts.steps import later

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_backends")]


class TestOrder:
    def test_larger_priorities_run_first_and_equal_ones_in_their_order(self) -> None:
        for name, priority in [("a", 0), ("b", -100), ("c", 100), ("d", 0), ("e", 1)]:
            echo.using(priority=priority).enqueue(name)
        assert [result.args for result in run_enqueued()] == [["c"], ["e"], ["a"], ["d"], ["b"]]

    def test_nothing_runs_before_its_time(self) -> None:
        zone = timezone(timedelta(hours=5, minutes=30))
        moment = later(hours=1).astimezone(zone)
        result = echo.using(run_after=moment).enqueue()
        assert run_enqueued() == []
        assert echo.get_result(result.id).task.run_after == moment
        QueuedTask.objects.update(run_after=later(seconds=-1))
        assert len(run_enqueued()) == 1

    def test_a_past_run_after_runs_now(self) -> None:
        echo.using(run_after=later(days=-1)).enqueue()
        assert len(run_enqueued()) == 1

    def test_a_task_runs_from_the_queue_that_it_was_sent_to(self) -> None:
        echo.using(queue_name="bulk").enqueue("bulk")
        assert run_enqueued(queue="default") == []
        assert [result.args for result in run_enqueued(queue="bulk")] == [["bulk"]]


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    def test_a_task_is_undone_with_its_transaction(self) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            result = echo.enqueue()
            echo.enqueue_many([(1,), (2,)])
            raise RuntimeError
        assert not QueuedTask.objects.exists()
        with pytest.raises(TaskResultDoesNotExist):
            echo.get_result(result.id)

    def test_a_savepoint_undoes_its_own_only(self) -> None:
        with transaction.atomic():
            kept = echo.enqueue("kept")
            with pytest.raises(RuntimeError), transaction.atomic():
                echo.enqueue("undone")
                raise RuntimeError
        assert [result.id for result in run_enqueued()] == [kept.id]

    def test_enqueueing_can_wait_for_the_commit(self) -> None:
        with transaction.atomic():
            transaction.on_commit(partial(echo.enqueue, 1))
            assert not QueuedTask.objects.exists()
        assert QueuedTask.objects.get().args == [1]


class TestSignals:
    def test_each_is_sent_once_with_the_state_of_that_moment(self) -> None:
        with heard(task_enqueued, task_started, task_finished) as events:
            conforming.add.enqueue(1, 2)
            assert [signal for signal, _, _ in events] == [task_enqueued]
            run_enqueued()
        assert [signal for signal, _, _ in events] == [task_enqueued, task_started, task_finished]
        assert {sender for _, sender, _ in events} == {RayTaskBackend}
        assert [result["status"] for _, _, result in events] == ["READY", "RUNNING", "SUCCESSFUL"]
        assert [result["state"] for _, _, result in events] == ["READY", "RUNNING", "SUCCESSFUL"]
        assert [result["workers"] for _, _, result in events] == [0, 1, 1]
        assert [result["finished"] for _, _, result in events] == [False, False, True]
        assert events[2][2]["value"] == 3

    def test_a_failure_is_told_with_its_error(self) -> None:
        conforming.fail.enqueue("x")
        with heard(task_finished) as events:
            run_enqueued()
        [(_, _, result)] = events
        assert (result["status"], result["errors"]) == ("FAILED", ["tests.conforming.Custom"])

    def test_a_run_that_is_repeated_is_started_twice_and_finished_once(self) -> None:
        conforming.succeed_second.enqueue()
        with heard(task_started, task_finished) as events:
            run_enqueued(with_retries=True)
        assert [signal for signal, _, _ in events] == [task_started, task_started, task_finished]

    def test_every_task_of_many_is_announced(self) -> None:
        with heard(task_enqueued) as events:
            echo.enqueue_many([(n,) for n in range(3)])
        assert [result["args"] for _, _, result in events] == [[0], [1], [2]]

    @pytest.mark.parametrize("signal", [task_started, task_finished])
    def test_a_receiver_that_raises_does_not_touch_the_task(self, signal: Signal) -> None:
        conforming.add.enqueue(1, 2)
        with receiving(signal, raising):
            assert run_enqueued()[0].return_value == 3

    @pytest.mark.django_db(transaction=True)
    def test_a_receiver_that_raises_at_enqueueing_can_undo_it(self) -> None:
        wrong = pytest.raises(ZeroDivisionError)
        with receiving(task_enqueued, raising), wrong, transaction.atomic():
            echo.enqueue()
        assert not QueuedTask.objects.exists()


def raising(**_: Any) -> None:
    raise ZeroDivisionError


@contextmanager
def receiving(signal: Signal, receiver: Any) -> Iterator[None]:
    signal.connect(receiver)
    try:
        yield
    finally:
        signal.disconnect(receiver)


@contextmanager
def heard(*signals: Signal) -> Iterator[list[tuple[Signal, Any, dict[str, Any]]]]:
    """What is sent: the signal, its sender, and the result as it was at that moment."""
    events: list[tuple[Signal, Any, dict[str, Any]]] = []

    def note(signal: Signal, sender: Any, task_result: Any, **_: Any) -> None:
        moment = {
            "status": str(task_result.status),
            "state": str(task_result.state),
            "args": list(task_result.args),
            "workers": task_result.attempts,
            "finished": task_result.is_finished and task_result.finished_at is not None,
            "errors": [error.exception_class_path for error in task_result.errors],
            "value": task_result._return_value,
        }
        events.append((signal, sender, moment))

    for signal in signals:
        signal.connect(note)
    try:
        yield events
    finally:
        for signal in signals:
            signal.disconnect(note)
