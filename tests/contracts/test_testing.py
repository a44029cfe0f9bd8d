"""What `django_ray_runtime.testing` promises to those who test their own tasks."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.tasks import TaskResultStatus, default_task_backend
from django.test import TestCase
from django.utils import timezone

from django_ray_runtime.control import pause_queue
from django_ray_runtime.distributed import parallel_map, using_executor
from django_ray_runtime.exceptions import UnknownQueue
from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.task import RayTask
from django_ray_runtime.testing import (
    HeldExecutor,
    TaskAssertions,
    assert_enqueued,
    assert_not_enqueued,
    capture_enqueued,
    drain_queue,
    enqueued,
    override_tasks,
    run_enqueued,
)
from tests import tasks


@pytest.mark.django_db
class TestRunning:
    def test_what_is_ready_runs_most_urgent_first(self) -> None:
        tasks.add.enqueue(1, 2)
        tasks.add.using(priority=5).enqueue(3, 4)
        assert [result.return_value for result in run_enqueued()] == [7, 3]
        assert run_enqueued() == []

    def test_a_limit_bounds_the_runs(self) -> None:
        for n in range(3):
            tasks.add.enqueue(n, 0)
        assert [result.args for result in run_enqueued(limit=2)] == [[0, 0], [1, 0]]
        assert len(enqueued()) == 1
        with pytest.raises(ValueError, match="limit must be at least 1"):
            run_enqueued(limit=0)

    def test_one_queue_can_be_run_alone(self) -> None:
        tasks.add.enqueue(1, 1)
        tasks.add.using(queue_name="bulk").enqueue(2, 2)
        assert [result.return_value for result in drain_queue("bulk")] == [4]
        with pytest.raises(UnknownQueue, match="bulk, default"):
            run_enqueued(queue="nowhere")

    def test_what_a_run_enqueues_runs_too(self) -> None:
        tasks.enqueue_another.enqueue(2, 3)
        assert [result.return_value for result in run_enqueued()] == [None, 5]

    def test_functions_for_the_commit_are_called_at_the_end_of_the_run(self) -> None:
        tasks.enqueue_on_commit.enqueue(2, 3)
        assert [result.return_value for result in run_enqueued()] == [None, 5]

    def test_a_database_error_of_a_task_leaves_the_test_usable(self) -> None:
        tasks.break_the_transaction.enqueue()
        tasks.add.enqueue(1, 2)
        broken, fine = run_enqueued()
        assert broken.errors[0].exception_class_path.startswith("django.db.utils.")
        assert fine.return_value == 3

    def test_the_error_of_a_task_can_be_raised(self) -> None:
        tasks.fail.enqueue("as it was")
        with pytest.raises(ValueError, match=r"^as it was$"):
            run_enqueued(raise_errors=True)
        assert QueuedTask.objects.get().state == "FAILED"

    def test_an_error_that_no_function_raised_is_raised_by_its_class(self) -> None:
        tasks.not_json.enqueue()
        with pytest.raises(TypeError, match=r"return value of tests\.tasks\.not_json must be JSON"):
            run_enqueued(raise_errors=True)

    def test_without_that_errors_are_in_the_results(self) -> None:
        tasks.fail.enqueue("kept")
        [result] = run_enqueued()
        assert result.status == TaskResultStatus.FAILED
        assert result.errors[0].exception_class is ValueError

    def test_what_is_scheduled_waits_unless_it_is_asked_for(self) -> None:
        tasks.add.using(run_after=timezone.now() + timedelta(days=1)).enqueue(1, 2)
        assert run_enqueued() == []
        [result] = run_enqueued(include_scheduled=True)
        assert result.return_value == 3

    def test_now_says_what_is_due_and_what_has_expired(self) -> None:
        start = timezone.now()
        tasks.add.using(run_after=start + timedelta(hours=1)).enqueue(1, 1)
        tasks.add.using(run_after=start + timedelta(hours=3)).enqueue(3, 3)
        late = tasks.add.using(expires_in=60).enqueue(9, 9)
        [result] = run_enqueued(now=start + timedelta(hours=2))
        assert result.return_value == 2
        late.refresh()
        assert late.state == "EXPIRED"

    def test_a_limited_key_and_a_paused_queue_hold_as_in_production(self) -> None:
        for who in ("a", "a", "b"):
            tasks.keyed.enqueue(who)
        assert sorted(result.return_value for result in run_enqueued()) == ["a", "a", "b"]
        assert {row.limit_key for row in QueuedTask.objects.all()} == {"a", "b"}
        tasks.add.enqueue(1, 1)
        pause_queue("default")
        assert run_enqueued() == []

    def test_rate_limits_hold_as_in_production(self) -> None:
        task = tasks.add.using(rate_limit="2/h")
        task.enqueue_many([(n, 0) for n in range(3)])
        assert len(run_enqueued()) == 2

    def test_the_worker_of_a_test_has_stopped_afterwards(self) -> None:
        tasks.add.enqueue(1, 2)
        [result] = run_enqueued()
        worker = Worker.objects.get()
        assert (worker.state, result.worker_ids) == ("STOPPED", [worker.id])

    def test_a_failed_run_is_repeated_at_once_when_asked_for(self) -> None:
        tasks.succeed_third.enqueue()
        [result] = run_enqueued(with_retries=True)
        assert (result.return_value, result.attempts) == (3, 3)
        assert [error.exception_class for error in result.errors] == [OSError, OSError]

    def test_a_retry_waits_for_its_time_otherwise(self) -> None:
        tasks.fail_often.enqueue("x")
        [result] = run_enqueued()
        assert (result.state, result.attempts) == ("SCHEDULED", 1)
        assert run_enqueued() == []
        [result] = drain_queue()
        assert (result.state, result.attempts) == ("FAILED", 3)


@pytest.mark.django_db(transaction=True)
def test_it_runs_outside_of_transactions_too() -> None:
    tasks.add.enqueue(1, 2)
    tasks.break_the_transaction.enqueue()
    first, second = run_enqueued()
    assert (first.return_value, second.state) == (3, "FAILED")


class TestInATestCase(TaskAssertions, TestCase):
    def test_the_mixin_asserts(self) -> None:
        with self.captureEnqueued() as captured, transaction.atomic():
            tasks.add.enqueue(1, 2)
        self.assertEnqueued(tasks.add, args=[1, 2], among=captured)
        self.assertEnqueued(tasks.add, count=1)
        self.assertNotEnqueued(tasks.fail)
        assert [result.return_value for result in run_enqueued()] == [3]
        self.assertNotEnqueued()


@pytest.mark.django_db
@pytest.mark.parametrize("backend", ["database", "dummy"])
class TestAssertions:
    def test_what_matches_is_returned(self, backend: str) -> None:
        with override_tasks(backend):
            tasks.add.using(priority=3, queue_name="bulk").enqueue(1, b=(2, 3))
            [found] = assert_enqueued(
                tasks.add, args=(1,), kwargs={"b": (2, 3)}, queue_name="bulk", priority=3, count=1
            )
            assert found.kwargs == {"b": [2, 3]}
            assert [one.id for one in enqueued(tasks.add, queue_name="bulk")] == [found.id]
            assert enqueued(tasks.add, queue_name="default") == enqueued(tasks.fail) == []

    @pytest.mark.parametrize(
        ("expected", "message"),
        [
            ({"args": [1, 3]}, r"Expected tests\.tasks\.add\(1, 3\) to be enqueued\."),
            ({"queue_name": "bulk"}, "add on queue bulk to be enqueued"),
            ({"priority": 9}, "add with priority 9 to be enqueued"),
            ({"kwargs": {"b": 1}}, r"add\(b=1\) to be enqueued"),
            ({"count": 2}, "to be enqueued 2 times, but it was 1 times"),
        ],
    )
    def test_a_message_shows_what_was_there(
        self, backend: str, expected: dict[str, object], message: str
    ) -> None:
        with override_tasks(backend):
            tasks.add.enqueue(1, 2)
            with pytest.raises(AssertionError, match=message) as caught:
                assert_enqueued(tasks.add, **expected)  # type: ignore[arg-type]
        assert "tests.tasks.add(1, 2)  queue default, priority 0" in str(caught.value)

    def test_a_message_says_when_nothing_was_there(self, backend: str) -> None:
        with override_tasks(backend), pytest.raises(AssertionError, match="Nothing is enqueued"):
            assert_enqueued(tasks.add)

    def test_a_long_list_is_cut(self, backend: str) -> None:
        with override_tasks(backend):
            tasks.add.enqueue_many([(n, n) for n in range(25)])
            with pytest.raises(AssertionError, match="and 5 more"):
                assert_enqueued(tasks.fail)

    def test_what_must_not_be_enqueued_is_shown(self, backend: str) -> None:
        with override_tasks(backend):
            assert_not_enqueued()
            tasks.add.enqueue(1, 2)
            assert_not_enqueued(tasks.fail)
            for task in (tasks.add, None):
                with pytest.raises(AssertionError, match=r"add\(1, 2\)"):
                    assert_not_enqueued(task)

    def test_options_are_declared_and_kept(self, backend: str) -> None:
        with override_tasks(backend):
            task = RayTask(func=tasks.add.func, max_attempts=4)
            assert task.enqueue(1, 2).task.max_attempts == 4


def test_the_immediate_backend_runs_at_once_and_keeps_nothing() -> None:
    with override_tasks("immediate"), capture_enqueued() as captured:
        assert tasks.add.using(max_attempts=2).enqueue(1, 2).return_value == 3
        results = tasks.add.enqueue_many([(1, 1), {"a": 2, "b": 2}])
        assert [result.return_value for result in results] == [2, 4]
        with pytest.raises(TypeError, match=r"keeps nothing that waits\. Use capture_enqueued"):
            enqueued()
    assert len(assert_enqueued(tasks.add, among=captured)) == 3


@override_tasks("dummy")
def test_an_override_decorates_and_keeps_the_queues() -> None:
    assert default_task_backend.queues == {"default", "bulk"}
    assert default_task_backend.task_class is RayTask


@override_tasks("dummy")
def test_running_needs_a_backend_with_rows() -> None:
    with pytest.raises(TypeError, match=r"nothing to run\. Use RayTaskBackend, or override_tasks"):
        run_enqueued()


def test_an_unknown_override_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="one of database, dummy, immediate, got 'redis'"):
        override_tasks("redis")


def test_held_calls_end_as_the_test_says() -> None:
    held = HeldExecutor()
    first, second, third = (held.submit(divmod, 7, n) for n in (2, 0, 3))
    first.run()
    second.run()
    third.finish("given")
    assert held.waiting == []
    assert (held.outcome(first), held.outcome(third)) == ((3, 1), "given")
    with pytest.raises(ZeroDivisionError):
        held.outcome(second)


def test_held_calls_are_told_of_the_end_once() -> None:
    ended: list[object] = []
    held = HeldExecutor(slots=1)
    call = held.submit(int, "7", on_done=ended.append, base=8)
    held.run_all()
    assert (ended, call.value) == ([call], 7)


def test_a_fan_out_can_run_over_an_executor_of_the_test() -> None:
    class AtOnce(HeldExecutor):
        def wait(self, handles, timeout=None):  # type: ignore[no-untyped-def]
            self.run_all()
            return super().wait(handles, timeout)

    with using_executor(AtOnce()):
        assert parallel_map(tasks.double, [1, 2], multiplier=5) == [5, 10]
