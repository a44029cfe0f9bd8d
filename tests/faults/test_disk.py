"""A disk that is full, too small or read-only while a job's file is written: the task fails with
the reason, nothing half-made stays, and once there is room a requeue makes the file. A real worker
without Ray; on SQLite and on PostgreSQL."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from django_ray_runtime.control import requeue
from django_ray_runtime.results import RayTaskResult
from generation.constraints import GameConstraints
from generation.jobs import job_status, submit_job
from generation.models import GenerationJob
from generation.orders import Order
from generation.tasks import generate_games
from tests import tasks
from tests.acceptance.test_worker import finished
from tests.support import WorkerProcess, worker_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SEQUENTIAL = ("--executor", "sequential", "--concurrency", "4")
MIB = 2**20
GAMES = {"csv": 600_000, "parquet": 3_000_000}  # some 10 MB each


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of its own, small enough to be filled."""

    folder: Path

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.folder)], check=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Disk]:
    """Mounted at `folder`. Only who may mount can have one."""
    if not shutil.which("mount"):
        pytest.skip("there is no command `mount` to make a small disk with")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounting = subprocess.run(command, capture_output=True, text=True)
    if mounting.returncode:
        pytest.skip(f"mounting is not permitted here: {mounting.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def submit(file_format: str = "csv") -> GenerationJob:
    constraints = GameConstraints(seed=7)
    order = Order("mega-sena", constraints, GAMES[file_format], file_format)
    return submit_job(order)


def result_of(job: GenerationJob) -> RayTaskResult:
    return generate_games.get_result(str(job.task_id))


def demand_failed(job: GenerationJob, reason: str, folder: Path) -> None:
    """It failed for this reason, its file is not there, and neither is a part of one."""
    [result] = finished([result_of(job)])
    assert result.state == "FAILED"
    error = result.errors[-1]
    assert issubclass(error.exception_class, OSError)
    assert reason in error.traceback
    assert reason in job_status(job.id).error
    assert sorted(folder.iterdir()) == []
    job.refresh_from_db()
    assert (job.file_name, job.sha256, job.size) == ("", "", 0)


def demand_made(job: GenerationJob, folder: Path) -> None:
    """It succeeded, with a whole file and nothing beside it."""
    [result] = finished([result_of(job)])
    assert result.state == "SUCCESSFUL"
    job.refresh_from_db()
    assert [path.name for path in folder.iterdir()] == [job.file_name]
    content = (folder / job.file_name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == job.sha256
    assert (len(content), job.games_done) == (job.size, job.quantity)
    told = {"games": job.quantity, "complete": True, "reason": ""}
    assert result.return_value == {**told, "size": job.size, "sha256": job.sha256}


def demand_alive(worker: WorkerProcess, boot: str) -> None:
    """The same boot goes on with other tasks."""
    [result] = finished([tasks.add.enqueue(1, 2)])
    assert (result.return_value, result.worker_ids) == (3, [boot])
    assert worker.process.poll() is None


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_full_disk_fails_the_job_and_with_more_room_a_requeue_makes_it(
    tmp_path: Path, file_format: str
) -> None:
    with small_disk(tmp_path / "results", "2m") as disk:
        worker_settings = {"RESULTS_DIR": str(disk.folder)}
        with worker_process(tmp_path / "log", *SEQUENTIAL, **worker_settings) as worker:
            boot = worker.wait_until_active().id
            job = submit(file_format)
            demand_failed(job, "No space left on device", disk.folder)
            # A file that is removed but still open would go on taking its room.
            assert shutil.disk_usage(disk.folder).used == 0
            demand_alive(worker, boot)
            disk.remount("size=64m")
            assert requeue(job.task_id) == {job.task_id}
            demand_made(job, disk.folder)
            demand_alive(worker, boot)


def test_a_disk_that_turns_read_only_fails_the_job_and_leaves_what_is_there(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "results", "64m") as disk:
        worker_settings = {"RESULTS_DIR": str(disk.folder)}
        with worker_process(tmp_path / "log", *SEQUENTIAL, **worker_settings) as worker:
            boot = worker.wait_until_active().id
            first = submit()
            demand_made(first, disk.folder)
            disk.remount("ro")
            second = submit()
            [result] = finished([result_of(second)])
            assert result.state == "FAILED"
            assert "Read-only file system" in job_status(second.id).error
            assert [path.name for path in disk.folder.iterdir()] == [first.file_name]
            disk.remount("rw")
            requeue(second.task_id)
            [result] = finished([result_of(second)])
            assert result.state == "SUCCESSFUL"
            demand_alive(worker, boot)
        first.refresh_from_db()
        second.refresh_from_db()
        sums = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in disk.folder.iterdir()
        }
        assert sums == {job.file_name: job.sha256 for job in (first, second)}
        assert first.sha256 == second.sha256


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_file_that_may_not_grow_fails_the_job_and_without_the_limit_a_requeue_makes_it(
    tmp_path: Path, file_format: str
) -> None:
    """The limit is the worker's own, so this is shown where nobody may mount, too."""
    folder = tmp_path / "results"
    with worker_process(tmp_path / "log", *SEQUENTIAL, RESULTS_DIR=str(folder)) as worker:
        boot = worker.wait_until_active().id
        [child] = psutil.Process(worker.process.pid).children()
        with files_limited(child, 4 * MIB):  # SQLite's own file is smaller
            job = submit(file_format)
            demand_failed(job, "File too large", folder)
            demand_alive(worker, boot)
        requeue(job.task_id)
        demand_made(job, folder)
        demand_alive(worker, boot)


@contextmanager
def files_limited(process: psutil.Process, size: int) -> Iterator[None]:
    """Within this context, no file that the process writes may grow beyond `size` bytes."""
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)
