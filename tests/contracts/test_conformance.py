"""What Django documents of tasks (topics/tasks, ref/tasks, ref/signals), checked on our backend.

Runs on SQLite and on PostgreSQL. Tasks run through the real store and the real run path.
"""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import checks
from django.db import transaction
from django.dispatch import Signal
from django.tasks import TaskResult, TaskResultStatus, default_task_backend, task_backends
from django.tasks.exceptions import InvalidTask, TaskResultDoesNotExist, TaskResultMismatch
from django.tasks.signals import task_enqueued, task_finished, task_started
from django.test import override_settings
from django.utils import timezone as django_timezone

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.task import RayTask
from django_ray_runtime.testing import run_enqueued
from tests import conforming
from tests.conforming import echo

pytestmark = pytest.mark.django_db


def later(**distance: float) -> datetime:
    return django_timezone.now() + timedelta(**distance)


class TestDeclaration:
    def test_the_decorator_works_with_and_without_arguments(self) -> None:
        for task in (conforming.echo, conforming.with_empty_parentheses, conforming.urgent):
            assert isinstance(task, RayTask)
        assert conforming.urgent.priority == 10
        assert conforming.urgent.queue_name == "bulk"

    def test_the_defaults_are_djangos(self) -> None:
        task = conforming.echo
        assert (task.priority, task.backend, task.queue_name) == (0, "default", "default")
        assert (task.run_after, task.takes_context) == (None, False)

    def test_a_task_knows_its_name_and_path(self) -> None:
        assert echo.name == "echo"
        assert echo.module_path == "tests.conforming.echo"

    def test_a_task_can_be_called_as_the_function_it_is(self) -> None:
        assert echo.call(1, b=2) == [[1], {"b": 2}]
        assert conforming.add_async.call(1, 2) == 3
        assert async_to_sync(conforming.add_async.acall)(1, 2) == 3
        assert async_to_sync(conforming.add.acall)(1, 2) == 3

    def test_the_attributes_of_a_task_cannot_be_changed(self) -> None:
        with pytest.raises(FrozenInstanceError):
            echo.priority = 5  # type: ignore[misc]

    def test_using_makes_another_task_and_leaves_the_first(self) -> None:
        moment = later(hours=1)
        other = echo.using(priority=10, queue_name="bulk", run_after=moment, backend="second")
        assert (other.priority, other.queue_name) == (10, "bulk")
        assert (other.run_after, other.backend) == (moment, "second")
        assert (echo.priority, echo.queue_name, echo.run_after) == (0, "default", None)
        assert echo.backend == "default"

    def test_using_without_changes_is_an_equal_task(self) -> None:
        assert echo.using() == echo
        assert hash(echo.using()) == hash(echo)
        assert echo.using(priority=1) != echo

    def test_run_after_is_refused_at_the_declaration(self) -> None:
        from django.tasks import task

        with pytest.raises(TypeError, match="run_after cannot be defined statically"):
            task(run_after=later(hours=1))(conforming.echo.func)

    @pytest.mark.parametrize("priority", [-100, 100])
    def test_priorities_reach_from_minus_100_to_100(self, priority: int) -> None:
        assert echo.using(priority=priority).priority == priority

    @pytest.mark.parametrize("priority", [-101, 101, 1.5])
    def test_other_priorities_are_invalid(self, priority: Any) -> None:
        with pytest.raises(InvalidTask, match="whole number between -100 and 100"):
            echo.using(priority=priority)

    def test_a_function_within_a_function_is_invalid(self) -> None:
        def inner() -> None: ...

        with pytest.raises(InvalidTask, match="at a module level"):
            RayTask(func=inner)

    def test_a_context_needs_its_parameter(self) -> None:
        with pytest.raises(InvalidTask, match="first argument of 'context'"):
            RayTask(func=conforming.echo.func, takes_context=True)

    def test_a_queue_must_be_listed(self) -> None:
        with pytest.raises(InvalidTask, match="Queue 'unknown' is not valid for backend"):
            echo.using(queue_name="unknown")

    def test_a_naive_run_after_is_invalid(self) -> None:
        with pytest.raises(InvalidTask, match="must be an aware datetime"):
            echo.using(run_after=datetime(2030, 1, 1))  # noqa: DTZ001

    def test_the_settings_are_looked_at_again_when_it_is_enqueued(self) -> None:
        task = echo.using(queue_name="bulk")
        narrow = {"default": {"BACKEND": "django_ray_runtime.backend.RayTaskBackend"}}
        with override_settings(TASKS=narrow), pytest.raises(InvalidTask, match="'bulk'"):
            task.enqueue()


class TestPickling:
    def test_a_task_survives(self) -> None:
        for task in (echo, conforming.urgent, conforming.echo.using(priority=7, max_attempts=3)):
            assert unpickled(pickle.dumps(task)) == task

    def test_a_task_whose_key_is_a_lambda_survives(self) -> None:
        task = conforming.keyed.using(priority=3)
        again = unpickled(pickle.dumps(task))
        assert again == task
        assert again.concurrency_key is conforming.keyed.concurrency_key

    def test_a_path_without_a_task_is_refused(self) -> None:
        text = pickle.dumps(echo.using(priority=1)).replace(b"conforming.echo", b"conforming.gone")
        with pytest.raises(ValueError, match="to point to a Task instance"):
            unpickled(text)


class TestArguments:
    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            0,
            -1.5,
            2**80,
            "é\u2028'\"\\",
            "",
            [],
            {},
            [[{"a": [None]}]],
            {"a": {"b": 1}},
        ],
    )
    def test_what_json_has_makes_the_round_trip(self, value: Any) -> None:
        result = echo.enqueue(value, key=value)
        assert (result.args, result.kwargs) == ([value], {"key": value})
        [ran] = run_enqueued()
        assert ran.return_value == [[value], {"key": value}]
        assert (ran.args, ran.kwargs) == ([value], {"key": value})

    def test_tuples_become_lists(self) -> None:
        result = echo.enqueue((1, (2, 3)), key=(4,))
        assert (result.args, result.kwargs) == ([[1, [2, 3]]], {"key": [4]})
        assert run_enqueued()[0].return_value == [[[1, [2, 3]]], {"key": [4]}]

    def test_keys_that_are_no_text_are_shown_as_they_will_arrive(self) -> None:
        result = echo.enqueue({1: "a"})
        assert result.args == echo.get_result(result.id).args == [{"1": "a"}]

    def test_bytes_of_utf8_become_text(self) -> None:
        assert echo.enqueue("é".encode()).args == ["é"]

    @pytest.mark.parametrize(
        ("value", "error", "message"),
        [
            (object(), TypeError, r"args of tests\.conforming\.echo must be JSON"),
            (datetime.now(UTC), TypeError, "must be JSON"),
            ({1, 2}, TypeError, "must be JSON"),
            (float("nan"), ValueError, "has a value that JSON lacks"),
            (float("-inf"), ValueError, "has a value that JSON lacks"),
            (b"\xff", ValueError, "has a value that JSON lacks"),
            ("a\x00b", ValueError, "has a NUL character"),
            (["deep", {"in": "\x00"}], ValueError, "has a NUL character"),
            ("\ud800", ValueError, "lone surrogate"),
            pytest.param(10**5000, ValueError, "has a value that JSON lacks", id="huge"),
            ({(1,): 2}, TypeError, "must be JSON"),
            (conforming.RING, ValueError, "nested too deeply, or contains itself"),
        ],
    )
    def test_anything_else_is_refused_with_what_to_do(
        self, value: Any, error: type[Exception], message: str
    ) -> None:
        for enqueue in (echo.enqueue, lambda v: echo.enqueue_many([(1,), (v,)])):
            with pytest.raises(error, match=message):
                enqueue(value)
        with pytest.raises(error, match=r"kwargs of tests\.conforming\.echo"):
            echo.enqueue(key=value)
        assert not QueuedTask.objects.exists()

    def test_changing_an_argument_later_changes_nothing(self) -> None:
        given = [1]
        result = echo.enqueue(given)
        given.append(2)
        assert result.args == [[1]]


class TestResults:
    def test_a_new_result_is_ready(self) -> None:
        result = echo.enqueue(1)
        assert result.status == TaskResultStatus.READY
        assert (result.is_finished, result.attempts) == (False, 0)
        assert (result.started_at, result.finished_at, result.last_attempted_at) == (None,) * 3
        assert (result.errors, result.worker_ids, result.backend) == ([], [], "default")
        assert abs(result.enqueued_at - django_timezone.now()) < timedelta(minutes=1)
        assert isinstance(result.id, str)
        assert len(result.id) < 64

    def test_a_result_can_be_had_again_from_task_and_backend(self) -> None:
        result = echo.using(priority=3).enqueue(1)
        for again in (echo.get_result(result.id), default_task_backend.get_result(result.id)):
            assert again == result
            assert again.task == result.task

    @pytest.mark.django_db(transaction=True)
    def test_a_result_can_be_had_again_without_blocking(self) -> None:
        async def all_of_it() -> list[TaskResult]:
            result = await echo.aenqueue(1)
            many = await echo.aenqueue_many([(2,), (3,)])
            await result.arefresh()
            return [
                result, await echo.aget_result(result.id),
                await default_task_backend.aget_result(result.id), *many,
            ]  # fmt: skip

        first, second, third, *many = async_to_sync(all_of_it)()
        assert first == second == third
        assert [result.args for result in many] == [[2], [3]]

    def test_an_unknown_id_does_not_exist(self) -> None:
        for unknown in ("123", "0198c6a0-0000-7000-8000-000000000000"):
            with pytest.raises(TaskResultDoesNotExist):
                echo.get_result(unknown)
            with pytest.raises(TaskResultDoesNotExist):
                async_to_sync(default_task_backend.aget_result)(unknown)

    def test_the_result_of_another_task_is_a_mismatch(self) -> None:
        result = echo.enqueue()
        with pytest.raises(TaskResultMismatch, match=r"tests\.conforming\.echo"):
            conforming.add.get_result(result.id)
        with pytest.raises(TaskResultMismatch):
            async_to_sync(conforming.add.aget_result)(result.id)

    def test_a_result_changes_when_it_is_refreshed(self) -> None:
        result = conforming.add.enqueue(1, 2)
        run_enqueued()
        assert result.status == TaskResultStatus.READY
        result.refresh()
        assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 3)
        assert result.is_finished
        assert (result.attempts, len(result.worker_ids)) == (1, 1)
        assert result.enqueued_at <= result.started_at == result.last_attempted_at
        assert result.started_at <= result.finished_at

    def test_none_is_a_return_value(self) -> None:
        conforming.nothing.enqueue()
        assert run_enqueued()[0].return_value is None

    def test_a_tuple_is_returned_as_a_list(self) -> None:
        conforming.give_tuple.enqueue()
        assert run_enqueued()[0].return_value == [1, [2]]

    def test_there_is_no_return_value_before_the_end(self) -> None:
        conforming.read_own_result.enqueue()
        with pytest.raises(ValueError, match="has not finished yet"):
            _ = conforming.read_own_result.enqueue().return_value
        assert run_enqueued()[0].return_value == ["RUNNING", "Task has not finished yet"]

    def test_the_attributes_of_a_result_cannot_be_changed(self) -> None:
        with pytest.raises(FrozenInstanceError):
            echo.enqueue().status = TaskResultStatus.FAILED

    def test_results_stay_readable_when_a_queue_is_no_longer_listed(self) -> None:
        result = echo.using(queue_name="bulk").enqueue()
        narrow = {"default": {"BACKEND": "django_ray_runtime.backend.RayTaskBackend"}}
        with override_settings(TASKS=narrow):
            assert echo.get_result(result.id).task.queue_name == "bulk"


class TestErrors:
    def test_the_error_of_a_task_is_kept_with_class_and_traceback(self) -> None:
        conforming.fail.enqueue("on purpose")
        [result] = run_enqueued()
        assert result.status == TaskResultStatus.FAILED
        assert result.is_finished
        [error] = result.errors
        assert error.exception_class_path == "tests.conforming.Custom"
        assert error.exception_class is conforming.Custom
        assert error.traceback.startswith("Traceback (most recent call last)")
        assert error.traceback.rstrip().endswith("tests.conforming.Custom: on purpose")
        with pytest.raises(ValueError, match="Task failed"):
            _ = result.return_value

    @pytest.mark.parametrize(
        ("task", "path"),
        [
            (conforming.give_object, "builtins.TypeError"),
            (conforming.give_nan, "builtins.ValueError"),
            (conforming.give_nul, "builtins.ValueError"),
            (conforming.leave, "builtins.SystemExit"),
        ],
    )
    def test_what_cannot_be_a_result_fails_the_task_alone(self, task: RayTask, path: str) -> None:
        task.enqueue()
        conforming.add.enqueue(1, 2)
        failed, fine = run_enqueued()
        assert failed.errors[0].exception_class_path == path
        assert fine.return_value == 3

    def test_an_error_text_with_nul_is_stored(self) -> None:
        conforming.fail_with_nul.enqueue()
        [result] = run_enqueued()
        assert "a\ufffdb" in result.errors[0].traceback

    def test_arguments_that_no_longer_fit_fail_with_a_message(self) -> None:
        conforming.add.enqueue(1, 2, 3)
        [result] = run_enqueued()
        assert result.errors[0].exception_class is TypeError

    def test_a_task_that_is_gone_fails_its_row_alone(self) -> None:
        gone = conforming.add.enqueue(1, 2)
        QueuedTask.objects.update(task_path="tests.conforming.gone")
        conforming.add.enqueue(3, 4)
        from django_ray_runtime.testing.running import _promote_due, _run, _worker

        with _worker(["default"]) as (dispatcher, executor):
            for _ in range(2):
                _promote_due(with_retries=False)
                assert dispatcher.fill() == 1
                _run(executor)
                dispatcher.flush()
        states = list(QueuedTask.objects.order_by("id").values_list("state", flat=True))
        assert states == ["FAILED", "SUCCESSFUL"]
        row = QueuedTask.objects.get(id=gone.id)
        assert "cannot be imported" in row.attempts.get().traceback

    def test_errors_of_earlier_attempts_stay_after_a_success(self) -> None:
        conforming.succeed_second.enqueue()
        [result] = run_enqueued(with_retries=True)
        assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 2)
        assert [error.exception_class for error in result.errors] == [OSError]
        assert (result.attempts, len(result.worker_ids)) == (2, 2)
        assert result.started_at < result.last_attempted_at


class TestContext:
    def test_a_context_tells_attempt_and_result(self) -> None:
        result = conforming.tell_context.enqueue("x")
        [ran] = run_enqueued()
        assert ran.return_value == {
            "attempt": 1,
            "id": result.id,
            "args": ["x"],
            "status": "RUNNING",
            "workers": 1,
            "is_context": True,
        }

    def test_async_tasks_run(self) -> None:
        conforming.add_async.enqueue(1, 2)
        conforming.context_async.enqueue()
        assert [result.return_value for result in run_enqueued()] == [3, 1]


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


class TestBackend:
    def test_its_abilities_are_declared(self) -> None:
        for backend in (default_task_backend, task_backends["second"]):
            assert backend.supports_defer is True
            assert backend.supports_async_task is True
            assert backend.supports_get_result is True
            assert backend.supports_priority is True

    def test_a_task_of_another_alias_is_kept_apart_and_runs(self) -> None:
        result = echo.using(backend="second").enqueue(1)
        assert result.backend == "second"
        [ran] = run_enqueued()
        assert (ran.id, ran.backend, ran.task.backend) == (result.id, "second", "second")

    def test_the_system_checks_pass_and_refuse_options(self) -> None:
        assert [found for found in checks.run_checks() if "TASKS" in str(found)] == []
        entry = {
            "BACKEND": "django_ray_runtime.backend.RayTaskBackend",
            "OPTIONS": {"workers": 3},
        }
        with override_settings(TASKS={"default": entry}):
            [found] = [one for one in checks.run_checks() if "TASKS" in str(one)]
        assert found.id == "django_ray_runtime.E005"
        assert "DJANGO_RAY_RUNTIME" in found.hint


@pytest.fixture(autouse=True)
def _two_backends() -> Iterator[None]:
    entry = {
        "BACKEND": "django_ray_runtime.backend.RayTaskBackend",
        "QUEUES": ["default", "bulk"],
    }
    with override_settings(TASKS={"default": entry, "second": entry}):
        yield


def unpickled(text: bytes) -> Any:
    return pickle.loads(text)  # noqa: S301  (made here)


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
