"""What Django documents of results, errors and contexts (topics/tasks, ref/tasks), on our backend.

Tasks run through the real store and the real run path.
"""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.tasks import TaskResult, TaskResultStatus, default_task_backend
from django.tasks.exceptions import TaskResultDoesNotExist, TaskResultMismatch
from django.test import override_settings
from django.utils import timezone as django_timezone

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.task import RayTask
from django_ray_runtime.testing import run_enqueued
from tests import conforming
from tests.conforming import echo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_backends")]


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
