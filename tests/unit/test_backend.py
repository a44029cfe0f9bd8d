"""The backend as Django's own documentation describes backends."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.tasks import TaskResultStatus, default_task_backend
from django.tasks.exceptions import InvalidTask, TaskResultDoesNotExist, TaskResultMismatch
from django.tasks.signals import task_enqueued
from django.utils import timezone

from django_ray_runtime.models import QueuedTask
from tests import tasks

pytestmark = pytest.mark.django_db


def test_all_capabilities_are_there() -> None:
    for name in ("supports_defer", "supports_async_task", "supports_get_result"):
        assert getattr(default_task_backend, name) is True
    assert default_task_backend.supports_priority is True


def test_enqueue_returns_a_ready_result_that_can_be_read_again() -> None:
    result = tasks.add.using(priority=7).enqueue(1, b=2)
    assert result.status == TaskResultStatus.READY
    again = tasks.add.get_result(result.id)
    assert again == result
    assert (again.args, again.kwargs, again.task.priority) == ([1], {"b": 2}, 7)
    assert again.enqueued_at is not None


def test_a_deferred_task_is_ready_for_django_and_scheduled_for_us() -> None:
    later = timezone.now() + timedelta(hours=1)
    result = tasks.add.using(run_after=later).enqueue(1, 2)
    assert result.status == TaskResultStatus.READY
    assert QueuedTask.objects.get().state == "SCHEDULED"
    assert tasks.add.get_result(result.id).task.run_after == later


@pytest.mark.parametrize("unknown", ["nonsense", "0198f0a5-7c1e-7000-8000-000000000000", ""])
def test_an_unknown_result_does_not_exist(unknown: str) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(unknown)


def test_a_result_of_another_task_is_a_mismatch() -> None:
    with pytest.raises(TaskResultMismatch):
        tasks.fail.get_result(tasks.add.enqueue(1, 2).id)


def test_arguments_that_are_not_json_are_refused_and_nothing_is_stored() -> None:
    with pytest.raises(TypeError, match=r"args of tests\.tasks\.add must be JSON"):
        tasks.add.enqueue(object(), 1)
    assert not QueuedTask.objects.exists()


def test_a_queue_that_is_not_listed_is_refused() -> None:
    with pytest.raises(InvalidTask, match="Queue 'nowhere' is not valid"):
        tasks.add.using(queue_name="nowhere")


def test_enqueue_rolls_back_with_the_transaction() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        tasks.add.enqueue(1, 2)
        raise RuntimeError
    assert not QueuedTask.objects.exists()


def test_the_enqueued_signal_carries_the_result() -> None:
    heard = []

    def note(task_result, **_):  # type: ignore[no-untyped-def]
        heard.append(task_result.id)

    task_enqueued.connect(note)
    result = tasks.nothing.enqueue()
    task_enqueued.disconnect(note)
    assert heard == [result.id]


@pytest.mark.django_db(transaction=True)
def test_enqueue_and_read_back_without_blocking() -> None:
    async def both() -> TaskResultStatus:
        result = await tasks.add_async.aenqueue(1, 2)
        again = await tasks.add_async.aget_result(result.id)
        await again.arefresh()
        return again.status

    assert async_to_sync(both)() == TaskResultStatus.READY
