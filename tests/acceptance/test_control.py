"""Cancel, time-outs, batches and limits through real workers, on a real Ray."""

import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection, transaction
from django.tasks import TaskResult

from django_ray_runtime.control import cancel
from django_ray_runtime.exceptions import Cancelled, TaskTimeout
from django_ray_runtime.models import QueuedTask, Worker
from tests import tasks
from tests.acceptance.executors import RAY, each_executor
from tests.acceptance.test_worker import finished
from tests.support import manage, someone_waits_for_a_lock, wait_until, worker_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def last_error(result: TaskResult) -> type[BaseException]:
    return result.errors[-1].exception_class


@each_executor
def test_running_tasks_are_cancelled_and_timed_out(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """One that lets itself be interrupted, one that asks, one past its time, and one that only
    force ends; and the worker lives on."""
    grace = {"DJANGO_SETTINGS_MODULE": "tests.short_grace_settings"}
    with worker_process(tmp_path / "log", *arguments, **grace):
        started, never = tmp_path / "started", tmp_path / "never"
        waits = tasks.wait_for_file.enqueue(str(started), str(never))
        wait_until(started.exists, "the first starts")
        cancel(waits.id)
        finished([waits])
        assert (waits.state, last_error(waits)) == ("CANCELLED", Cancelled)
        assert "wait_for_file" in waits.errors[-1].traceback  # where it was

        asks = tasks.ask_whether_cancelled.enqueue(str(tmp_path / "asks"))
        wait_until((tmp_path / "asks").exists, "the second starts")
        cancel(asks.id)
        finished([asks])
        assert asks.return_value == "ended by itself"

        late = tasks.wait_for_file.using(timeout=0.5).enqueue(str(tmp_path / "late"), str(never))
        finished([late])
        assert (late.state, last_error(late)) == ("FAILED", TaskTimeout)
        assert "longer than its timeout of 0.5 s" in late.errors[-1].traceback

        stubborn = tasks.ignore_everything.using(timeout=0.5).enqueue(str(tmp_path / "stubborn"))
        finished([stubborn])
        assert (stubborn.state, last_error(stubborn)) == ("FAILED", TaskTimeout)
        if "sequential" not in arguments:
            process = int((tmp_path / "stubborn").read_text())
            wait_until(lambda: not psutil.pid_exists(process), "its process ends")
        [after] = finished([tasks.add.enqueue(1, 2)])
        assert after.return_value == 3


def test_a_worker_that_drains_still_cancels_and_times_out(tmp_path: Path) -> None:
    grace = {"DJANGO_SETTINGS_MODULE": "tests.short_grace_settings"}
    never = str(tmp_path / "never")
    for name, ends in (("cancelled", Cancelled), ("late", TaskTimeout)):
        with worker_process(tmp_path / "log", "--executor", "sequential", **grace) as worker:
            task = tasks.wait_for_file.using(timeout=3) if name == "late" else tasks.wait_for_file
            result = task.enqueue(str(tmp_path / name), never)
            wait_until((tmp_path / name).exists, "it starts")
            worker.process.terminate()
            wait_until(lambda: Worker.objects.filter(state="DRAINING").exists(), "it drains")
            if name == "cancelled":
                cancel(result.id)
            assert worker.process.wait(timeout=60) == 0
        [result] = finished([result])
        assert last_error(result) is ends


@pytest.mark.any_database
@pytest.mark.ray
def test_the_children_of_a_cancelled_task_end_too(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with worker_process(tmp_path / "log", *RAY):
        result = tasks.fan_out_and_wait.enqueue(str(started), str(tmp_path / "never"))
        wait_until(started.exists, "its child starts")
        child = psutil.Process(int(started.read_text().split()[0]))
        cancel(result.id)
        finished([result])
        assert result.state == "CANCELLED"

        def has_ended() -> bool:
            # Ray keeps a process for the next call: what counts is that it waits no more.
            return not child.is_running() or "wait_for_file" not in " ".join(child.cmdline())

        wait_until(has_ended, "the child ends")


@each_executor
def test_progress_of_chunks_is_seen_while_the_task_runs(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with worker_process(tmp_path / "log", *arguments):
        result = tasks.report_in_parts.enqueue([3, 4, 5])
        finished([result])
    assert result.progress is not None
    assert (result.progress.done, result.progress.total) == (12, 12)


def test_a_batch_ends_when_nothing_is_left(tmp_path: Path) -> None:
    results = [tasks.add.enqueue(n, 1) for n in range(5)]
    results.append(tasks.add.using(concurrency_limit=1).enqueue(9, 1))
    done = manage("run_ray_worker", "--batch", "--executor", "sequential")
    assert done.returncode == 0, done.stderr
    assert [result.return_value for result in finished(results)] == [1, 2, 3, 4, 5, 10]
    assert Worker.objects.get().state == "STOPPED"


def test_a_worker_ends_after_so_many_tasks(tmp_path: Path) -> None:
    tasks.add.enqueue_many([(n, 1) for n in range(5)])
    done = manage("run_ray_worker", "--max-tasks", "2", "--executor", "sequential")
    assert done.returncode == 0, done.stderr
    assert QueuedTask.objects.ready().count() == 3


def test_an_excluded_queue_is_left_alone(tmp_path: Path) -> None:
    mine = tasks.add.enqueue(1, 2)
    tasks.add.using(queue_name="bulk").enqueue(3, 4)
    options = ("--exclude-queues", "bulk", "--batch", "--executor", "sequential")
    assert manage("run_ray_worker", *options).returncode == 0
    finished([mine])
    assert QueuedTask.objects.ready().count() == 1


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--queues", "a:0"), "weight of at least 1"),
        (("--queues", "typo:3"), "No queue 'typo'. TASKS lists: bulk, default"),
        (("--exclude-queues", "typo"), "No queue 'typo'"),
        (("--exclude-queues", "bulk,default"), "leaves none of: bulk, default"),
        (("--queues", "bulk", "--exclude-queues", "bulk"), "not allowed with"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: tuple[str, ...], message: str) -> None:
    done = manage("run_ray_worker", *options)
    assert done.returncode != 0
    assert message in done.stderr


@pytest.mark.any_database
def test_the_worker_starts_anew_when_its_code_changes(tmp_path: Path) -> None:
    module = tmp_path / "changing_code.py"
    module.write_text("from django.tasks import task\n\n@task\ndef version():\n    return 1\n")
    extra = {"PYTHONPATH": f"{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
    extra["TASK_MODULES"] = "changing_code"
    row: dict[str, Any] = {"task_path": "changing_code.version"}
    with worker_process(
        tmp_path / "log", "--reload", "--executor", "sequential", **extra
    ) as worker:
        assert _value_of(row) == 1
        boot = worker.wait_until_active().id
        module.write_text(module.read_text().replace("return 1", "return 20"))
        wait_until(lambda: (w := worker.row) and w.id != boot and w.state == "ACTIVE", "a new boot")
        assert _value_of(row) == 20


def _value_of(values: dict[str, Any]) -> Any:
    row = QueuedTask.objects.create(**values)
    wait_until(lambda: QueuedTask.objects.get(id=row.id).finished_at, "it runs")
    return QueuedTask.objects.get(id=row.id).return_value


def test_an_enqueue_that_waits_goes_on_when_the_other_is_rolled_back() -> None:
    """Two transactions want one unique key; the first is undone."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: the second cannot even begin")
    unique = tasks.add.using(unique=True)
    waiting: list[TaskResult] = []
    thread = threading.Thread(target=lambda: waiting.append(_enqueue_elsewhere(unique)))
    with pytest.raises(RuntimeError, match="undo"), transaction.atomic():
        first = unique.enqueue(1, 2)
        thread.start()
        wait_until(someone_waits_for_a_lock, "the second waits for the first")
        raise RuntimeError("undo")
    thread.join()
    assert waiting[0].id != first.id
    assert QueuedTask.objects.get().state == "READY"


def _enqueue_elsewhere(task: Any) -> TaskResult:
    try:
        return task.enqueue(1, 2)
    finally:
        connection.close()
