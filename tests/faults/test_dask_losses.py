"""A Dask that others started loses a process, or all of itself: the worker stays, its tasks run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from django_ray_runtime.control import cancel
from django_ray_runtime.exceptions import Cancelled, TaskTimeout, WorkerLost
from django_ray_runtime.models import QueuedTask
from tests import tasks
from tests.acceptance.test_control import last_error
from tests.acceptance.test_worker import finished
from tests.ray_nodes import kill_all
from tests.support import ROOT, environment, wait_until, worker_process
from tests.with_postgres import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.long]


class Foreign:
    """A scheduler and two workers of one thread, started as a user would, that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start all of it."""
        port = self.address.rpartition(":")[2]
        self.scheduler = self._run("scheduler", "--port", port)
        on_one = ("--nthreads", "1", "--local-directory", str(self.folder))
        self.workers = [self._run("worker", self.address, *on_one) for _ in range(2)]

    def kill(self) -> None:
        """kill -9 of all of it."""
        kill_all(process.pid for process in (*self.workers, self.scheduler) if process)
        for process in (*self.workers, self.scheduler):
            if process:
                process.wait()

    def _run(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", what, "--host", "127.0.0.1", "--no-dashboard",
                 *options],
                cwd=ROOT, env=environment(), stdout=log, stderr=log,
            )  # fmt: skip


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Foreign]:
    cluster = Foreign(tmp_path)
    cluster.start()
    yield cluster
    cluster.kill()


def test_a_worker_on_a_dask_that_others_started(tmp_path: Path, foreign: Foreign) -> None:
    """A lost process is no second run of one attempt; what nothing can end counts as ended; and the
    worker finds the cluster again after all of it was killed."""
    started, release = tmp_path / "started", tmp_path / "release"
    address = ("--executor", "dask", "--address", foreign.address)
    with worker_process(tmp_path / "log", *address) as worker:
        first = worker.wait_until_active()
        fans = tasks.fan_out.enqueue([1, 2, 3])
        finished([fans])
        assert fans.return_value == [10, 20, 30]

        waits = tasks.wait_for_file.enqueue(str(started), str(release))
        wait_until(started.exists, "the task starts")
        os.kill(int(started.read_text()), signal.SIGKILL)
        wait_until(lambda: len(started.read_text().split()) == 2, "it starts again")
        release.touch()
        finished([waits])
        assert (waits.return_value, waits.attempts) == ("released", 2)
        assert last_error(waits) is WorkerLost
        assert "It was started before" in waits.errors[0].traceback
        assert QueuedTask.objects.get(id=waits.id).losses == 1

        never = str(tmp_path / "never")
        stops = tasks.wait_for_file.enqueue(str(tmp_path / "stops"), never)
        wait_until((tmp_path / "stops").exists, "the task starts")
        cancel(stops.id)
        finished([stops])
        assert (stops.state, last_error(stops)) == ("CANCELLED", Cancelled)
        assert "wait_for_file" in stops.errors[-1].traceback  # where it was
        stubborn = tasks.ignore_everything.using(timeout=0.5).enqueue(str(tmp_path / "stubborn"))
        finished([stubborn])
        assert (stubborn.state, last_error(stubborn)) == ("FAILED", TaskTimeout)
        assert psutil.pid_exists(int((tmp_path / "stubborn").read_text())), "others may run there"

        release.unlink()
        again = tasks.wait_for_file.enqueue(str(tmp_path / "again"), str(release))
        wait_until((tmp_path / "again").exists, "the task starts")
        foreign.kill()
        wait_until(lambda: "No Dask answers" in worker.log.read_text(), "it is missed")
        assert worker.process.poll() is None
        foreign.start()
        wait_until(lambda: len((tmp_path / "again").read_text().split()) == 2, "it starts again")
        release.touch()
        finished([again])
        assert (again.return_value, again.attempts) == ("released", 2)
        assert worker.wait_until_active().id != first.id
        assert worker.stop() == 0
    assert foreign.scheduler is not None
    assert foreign.scheduler.poll() is None, "it is not ours to end"


def test_a_supervisor_that_is_killed_leaves_nothing_of_its_dask(tmp_path: Path) -> None:
    with worker_process(tmp_path / "log", "--executor", "dask", "--address", "local") as worker:
        family = worker.family
        assert len(family) >= 4, "supervisor, child, two processes of Dask"
        worker.process.kill()
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []
