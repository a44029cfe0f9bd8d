"""Tasks that end their process, or bring back what cannot be carried: none takes its neighbours
along. Real workers; on SQLite and on PostgreSQL."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import transaction
from django.tasks import TaskResult

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import WorkerLost
from django_ray_runtime.models import Attempt, QueuedTask, Worker
from tests import tasks
from tests.acceptance.test_worker import finished
from tests.faults import bad_tasks
from tests.support import WorkerProcess, wait_until, worker_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SEQUENTIAL = ("--executor", "sequential", "--concurrency", "25")
RAY = ("--executor", "ray", "--address", "local")
each_executor = pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(SEQUENTIAL, id="sequential"),
        pytest.param(RAY, id="ray", marks=[pytest.mark.ray, pytest.mark.long]),
    ],
)
ONE_RERUN = {"DJANGO_SETTINGS_MODULE": "tests.faults.one_rerun_settings"}
MIB = 2**20


def enqueue_among_neighbours(
    poison: Sequence[tuple[Any, tuple[Any, ...]]], seconds: float = 0.0
) -> tuple[list[TaskResult], list[TaskResult]]:
    """The poison in the middle of twenty neighbours, all to be seen at once."""
    with transaction.atomic():
        before = [bad_tasks.pause.enqueue(seconds) for _ in range(10)]
        bad = [task.enqueue(*args) for task, args in poison]
        after = [bad_tasks.pause.enqueue(seconds) for _ in range(10)]
    return bad, before + after


def demand_untouched(neighbours: list[TaskResult]) -> None:
    """All of them succeeded, and none paid for another."""
    finished(neighbours)
    ids = [uuid.UUID(result.id) for result in neighbours]
    rows = QueuedTask.objects.filter(id__in=ids).values_list("state", "failures", "losses")
    assert set(rows) == {("SUCCESSFUL", 0, 0)}
    assert len(rows) == 20


def demand_alive(worker: WorkerProcess) -> None:
    """It still runs tasks."""
    assert worker.process.poll() is None
    [result] = finished([tasks.add.enqueue(1, 2)])
    assert result.return_value == 3


@each_executor
@pytest.mark.parametrize(
    ("how", "seconds"),
    [
        # Neighbours so short that several are given to the executor at once, and longer ones.
        pytest.param("segfault", 0.0, id="segfault"),
        pytest.param("exit", 0.1, id="exit"),
        pytest.param("memory", 0.0, id="memory"),
    ],
)
def test_a_task_that_ends_its_process_fails_after_its_runs_and_its_neighbours_do_not_pay(
    tmp_path: Path, arguments: tuple[str, ...], how: str, seconds: float
) -> None:
    [bad], neighbours = enqueue_among_neighbours([(bad_tasks.end_the_process, (how,))], seconds)
    with worker_process(tmp_path / "log", *arguments, **ONE_RERUN) as worker:
        finished([bad])
        demand_untouched(neighbours)
        demand_alive(worker)
        boots = Worker.objects.count()
    assert bad.state == "FAILED"
    row = QueuedTask.objects.get(id=bad.id)
    assert (row.losses, row.failures) == (2, 0)
    assert {error.exception_class for error in bad.errors} == {WorkerLost}
    assert bad.worker_ids[-1] in bad.errors[-1].traceback
    if "ray" in arguments:  # Ray's process has died, and nothing else
        assert boots == 1
        assert row.attempt == 2
    else:
        # The child dies with it: twice charged, and once before where it was not known who it was.
        assert row.attempt == boots - 1
        assert row.attempt in ((2, 3) if seconds == 0.0 else (2,))


@pytest.mark.ray
@pytest.mark.long
def test_a_task_that_ray_ends_for_its_memory_is_told_so(tmp_path: Path) -> None:
    """By Ray's own watch over memory, set so far above what is used now that what else runs on this
    machine stays below it."""
    total, used = memory_as_ray_sees_it()
    limit = (used + 4096 * MIB) / total
    if limit > 0.9:
        pytest.skip("there is too little free memory here to fill some of it")
    started = tmp_path / "started"
    watch = {"RAY_memory_usage_threshold": f"{limit:.4f}", "RAY_memory_monitor_refresh_ms": "50"}
    with worker_process(tmp_path / "log", *RAY, **ONE_RERUN, **watch) as worker:
        bad = bad_tasks.take_until_killed.enqueue(8192 * MIB, str(started))
        finished([bad])
        demand_alive(worker)
    assert bad.state == "FAILED"
    assert bad.errors[-1].exception_class is WorkerLost
    assert "OutOfMemoryError" in bad.errors[-1].traceback
    assert bad.worker_ids[-1] in bad.errors[-1].traceback
    assert len(started.read_text().split()) == 2  # Ray itself has not run it again


@each_executor
def test_what_a_task_raises_is_reported_whatever_it_is(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Exceptions that cannot be pickled, unpickled or shown; memory that was refused; a module
    that is not there."""
    raises, more = bad_tasks.raise_what_cannot_be_carried, bad_tasks.ask_for_more_than_there_is
    poison = [(raises, ("lock",)), (raises, ("two",)), (raises, ("text",)), (more, ())]
    with transaction.atomic():
        bad, neighbours = enqueue_among_neighbours(poison)
        gone = tasks.nothing.enqueue()
        QueuedTask.objects.filter(id=gone.id).update(task_path="tests.no_such_module.gone")
    with worker_process(tmp_path / "log", *arguments) as worker:
        first = worker.wait_until_active().id
        demand_untouched(neighbours)
        finished(bad)
        ended = QueuedTask.objects.finished().filter(id=gone.id)  # its result needs its module
        wait_until(ended.exists, "the task without a module ends")
        demand_alive(worker)
        assert worker.wait_until_active().id == first
    rows = QueuedTask.objects.filter(id__in=[*(result.id for result in bad), gone.id])
    assert set(rows.values_list("state", "attempt", "losses")) == {("FAILED", 1, 0)}
    kinds = [bad_tasks.HoldsALock, bad_tasks.NeedsTwo, bad_tasks.HasNoText, MemoryError]
    assert [result.errors[0].exception_class for result in bad] == kinds
    told = [result.errors[0].traceback for result in bad]
    assert "bad_tasks.HoldsALock: held" in told[0]
    assert "bad_tasks.NeedsTwo: it failed because of two arguments" in told[1]
    assert all("in raise_what_cannot_be_carried" in text for text in told[:3])
    assert "in ask_for_more_than_there_is" in told[3]
    attempt = Attempt.objects.get(task_id=gone.id)
    assert attempt.exception_class_path == "builtins.ImportError"
    assert "'tests.no_such_module.gone' cannot be imported" in attempt.traceback
    assert "Was it renamed" in attempt.traceback


@each_executor
def test_what_a_task_prints_by_the_hundred_megabytes_does_not_stay_in_the_worker(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    log = tmp_path / "log"
    with worker_process(log, *arguments) as worker:
        processes = ours(worker)
        before = {process.pid: most_memory(process) for process in processes}
        [result] = finished([bad_tasks.print_much.enqueue(100)])
        grown = {process.pid: most_memory(process) - before[process.pid] for process in processes}
        demand_alive(worker)
    log.unlink()  # 100 MB, where the worker itself ran it
    assert result.state == "SUCCESSFUL"
    output = Attempt.objects.get(task_id=result.id).output
    assert output.endswith("x\nthe end\n")
    assert len(output.encode()) == runtime_settings().max_output_bytes
    assert all(growth < 32 * MIB for growth in grown.values()), grown


def memory_as_ray_sees_it() -> tuple[int, int]:
    """Bytes in all, and in use: of the container where that has a limit, else of the machine."""
    from ray._private.utils import get_system_memory, get_used_memory

    machine = psutil.virtual_memory()
    total = get_system_memory()
    if total < machine.total:
        return total, get_used_memory()
    return total, machine.total - machine.available


def ours(worker: WorkerProcess) -> list[psutil.Process]:
    """The supervisor and its child, without what Ray has started."""
    top = psutil.Process(worker.process.pid)
    return [top, *top.children()]


def most_memory(process: psutil.Process) -> int:
    """The most bytes that a process has ever had in memory."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [found] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found) * 1024
