"""Single tasks as people are shown them, over both databases."""

from datetime import timedelta

import pytest
from django.utils import timezone

from django_ray_runtime import task_views
from django_ray_runtime.bulk import Selection, requeue_selected
from django_ray_runtime.masking import MASK
from django_ray_runtime.models import Attempt, QueuedTask, TaskProgress
from django_ray_runtime.states import State
from tests.web.rows import WORKER, add, add_failed, report

pytestmark = pytest.mark.django_db

SECRET = "hunter-two-and-more"
CAREFUL = {"kwargs": {"token": SECRET}, "options": {"sensitive": ["token"]}}
HOUR = 3600


def failed(exception: str = "builtins.ValueError", most: int = 5) -> list[task_views.FailedView]:
    return task_views.failed("tests.tasks.add", exception, HOUR, most)


def test_what_runs_is_shown_with_its_progress_the_longest_first() -> None:
    short = add(State.RUNNING, last_attempted_at=timezone.now() - timedelta(seconds=5))
    long = add(State.RUNNING, cancel_asked_at=timezone.now())
    add(State.READY)
    report(short, 40, 100, "importing")
    first, second = task_views.running(5)
    assert (first.id, first.stopping, first.progress) == (long.id, True, None)
    assert first.seconds == pytest.approx(90, abs=30)
    assert (second.id, second.worker, second.queue) == (short.id, WORKER, "default")
    assert second.progress is not None
    assert (second.progress.fraction, second.progress.message) == (0.4, "importing")
    assert [one.id for one in task_views.running(1)] == [long.id]


def test_progress_of_an_earlier_run_is_not_shown() -> None:
    row = add(State.RUNNING, attempt=2)
    TaskProgress.objects.create(task=row, attempt=1, done=5)
    assert task_views.running(5)[0].progress is None


def test_failures_of_one_kind_are_shown_latest_first_with_the_line_of_the_error() -> None:
    now = timezone.now()
    older = add_failed(finished_at=now - timedelta(minutes=2))
    newer = add_failed(finished_at=now - timedelta(minutes=1))
    add_failed("builtins.KeyError")
    add_failed(task_path="tests.tasks.other")
    add_failed(finished_at=now - timedelta(hours=2))
    found = failed()
    assert [one.id for one in found] == [newer.id, older.id]
    assert found[0].error == "builtins.ValueError: it broke"
    assert found[0].seconds_ago == pytest.approx(60, abs=30)
    assert [one.id for one in failed(most=1)] == [newer.id]


def test_a_failure_without_a_recorded_exception_is_a_kind_of_its_own() -> None:
    row = add(State.FAILED)
    add_failed()
    assert [(one.id, one.error) for one in failed("")] == [(row.id, "")]
    selection = Selection(task_path="tests.tasks.add", exception="")
    assert requeue_selected(selection).requeued == 1


def test_a_long_error_is_cut() -> None:
    row = add_failed()
    Attempt.objects.filter(task=row).update(traceback="ValueError: " + "x" * 10_000)
    assert len(failed()[0].error) == task_views.LONGEST_ERROR


def test_sensitive_values_are_shown_neither_in_errors_nor_in_messages() -> None:
    report(add(State.RUNNING, **CAREFUL), 1, 2, f"with {SECRET}")
    row = add_failed(**CAREFUL)
    Attempt.objects.filter(task=row).update(traceback=f"Traceback\nValueError: no {SECRET}\n")
    [running] = task_views.running(5)
    assert running.progress is not None
    assert running.progress.message == f"with {MASK}"
    assert failed()[0].error == f"ValueError: no {MASK}"


def test_arguments_are_read_only_of_tasks_with_sensitive_ones(
    django_assert_num_queries: object,
) -> None:
    report(add(State.RUNNING), 1, 2, "plain")
    with django_assert_num_queries(1):  # type: ignore[operator]
        task_views.running(5)


def test_what_is_requeued_can_be_recorded_or_undone_by_whoever_records_it() -> None:
    row = add_failed()
    selection = Selection(task_path="tests.tasks.add", exception="builtins.ValueError")

    def refuse(ids: object) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        requeue_selected(selection, on_requeued=refuse)
    assert QueuedTask.objects.get().state == State.FAILED
    seen: list[object] = []
    requeue_selected(selection, on_requeued=seen.extend)
    assert seen == [row.id]
