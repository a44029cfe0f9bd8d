"""What Django documents of tasks and backends (topics/tasks, ref/tasks), checked on ours."""

import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import checks
from django.tasks import default_task_backend, task_backends
from django.tasks.exceptions import InvalidTask
from django.test import override_settings

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.task import RayTask
from django_ray_runtime.testing import run_enqueued
from tests import conforming
from tests.conforming import echo
from tests.contracts.steps import later

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_backends")]


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


def unpickled(text: bytes) -> Any:
    return pickle.loads(text)  # noqa: S301  (made here)
