"""What a run reports while it goes on: output and progress, against the real store."""

from typing import Any

import pytest

from django_ray_runtime.context import Run, current_run, running
from django_ray_runtime.ids import uuid7
from django_ray_runtime.models import Attempt, QueuedTask, TaskProgress
from django_ray_runtime.progress import report
from django_ray_runtime.store import Store
from django_ray_runtime.worker.dispatcher import Dispatcher
from tests import tasks
from tests.contracts.steps import QUEUES, errors_of, run_all


def test_the_end_of_what_a_run_prints_is_kept(dispatcher: Dispatcher, settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"MAX_OUTPUT_BYTES": 1000}
    fails = tasks.print_and_log.enqueue(lines=1000, fails=True)
    tasks.print_and_log.enqueue()
    run_all(dispatcher)
    long, short = Attempt.objects.order_by("task_id")
    assert len(long.output.encode()) == 1000
    assert long.output.endswith("line 999\nto stderr\nWARNING tests.tasks: logged é\n")
    assert short.output == "line 0\nto stderr\nWARNING tests.tasks: logged é\n"
    assert (short.exception_class_path, short.number) == ("", 1)
    assert errors_of(fails) == [ValueError]


def test_a_quiet_run_leaves_no_record_beside_its_row(dispatcher: Dispatcher) -> None:
    tasks.add.enqueue(1, 2)
    run_all(dispatcher)
    assert not Attempt.objects.exists()


def test_progress_is_told_while_it_runs_and_after(dispatcher: Dispatcher) -> None:
    result = tasks.report_progress.enqueue(4)
    run_all(dispatcher)
    result.refresh()
    assert result.progress is not None
    assert (result.progress.done, result.progress.total) == (4, 4)
    assert (result.progress.message, result.progress.fraction) == ("step 4", 1.0)
    assert result.progress.eta_seconds == 0


def test_the_progress_of_chunks_is_added_up(dispatcher: Dispatcher) -> None:
    result = tasks.report_in_parts.enqueue([3, 4, 5])
    run_all(dispatcher)
    result.refresh()
    assert result.progress is not None
    assert (result.progress.done, result.progress.total) == (12, 12)


@pytest.mark.usefixtures("ray_cluster_here")
def test_the_progress_of_what_takes_long_enough_to_leave_is_added_up_too(
    dispatcher: Dispatcher,
) -> None:
    result = tasks.report_in_parts.enqueue([3, 4, 5], 0.3)
    run_all(dispatcher)
    result.refresh()
    assert result.progress is not None
    assert (result.progress.done, result.progress.total) == (12, 12)


def test_progress_is_written_at_most_twice_a_second(
    dispatcher: Dispatcher, django_assert_max_num_queries: Any
) -> None:
    tasks.report_progress.enqueue(5000)
    with django_assert_max_num_queries(40):
        run_all(dispatcher)
    assert TaskProgress.objects.get().done == 5000


def test_a_new_run_starts_its_progress_anew(store: Store, worker: str) -> None:
    result = tasks.nothing.enqueue()
    [claim] = store.claim(QUEUES, 1, worker)
    with running(Run(claim.id, 1, worker)):
        report(7, 10, "first")
    QueuedTask.objects.update(attempt=2)
    with running(Run(claim.id, 2, worker)):
        report(1)
    with running(Run(claim.id, 1, worker)):
        report(9)  # the first run is not told yet that it does not count any more
    result.refresh()
    assert result.progress is not None
    assert (result.progress.done, result.progress.total, result.progress.message) == (1, None, "")


def test_outside_of_a_task_a_report_does_nothing(store: Store) -> None:
    assert current_run() is None
    report(1, 2, "x")
    with running(Run(uuid7(), 1, "w")):
        report(1, 2, "of a task that is not there")
    assert not TaskProgress.objects.exists()


@pytest.mark.parametrize("bad", [{"done": -1}, {"done": 1, "message": "x" * 201}])
def test_a_report_that_cannot_be_stored_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        report(**bad)
