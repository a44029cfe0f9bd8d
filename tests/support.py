"""Helpers that several tests share."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from django.core.management import get_commands, load_command_class
from django.db import connection

from django_ray_runtime.models import Worker
from django_ray_runtime.states import WorkerState
from django_ray_runtime.store import Liveness
from django_ray_runtime.testing import HeldCall, HeldExecutor

__all__ = ["HeldCall", "HeldExecutor"]

# Ray gives its processes the priority of background work (a niceness of 15). Beside a busy test
# that is next to nothing, and their start then takes a minute instead of a second.
RAY_PRIORITY = {"RAY_worker_niceness": "0"}

# A process of Dask that was lost is given up when the next one takes longer than 15 seconds to
# start, as it may beside a busy test.
PATIENT_DASK = {"distributed.deploy.lost-worker-timeout": "1 hour"}

ROOT = Path(__file__).resolve().parent.parent


def make_worker(liveness: Liveness, name: str) -> str:
    """A worker that may claim."""
    liveness.register(name, ["default"])
    liveness.move(name, WorkerState.ACTIVE)
    return name


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The first true value of `condition`; fails, saying what never came."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s, but never: {what}")
        time.sleep(pause)
        pause = min(pause * 1.2, 0.05)  # looks cost what others could use to get there
    return value


def database_url() -> str:
    """The address of the test database, for processes that a test starts."""
    db = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{db['NAME']}"
    user, password = quote(db["USER"], safe=""), quote(db["PASSWORD"], safe="")
    return f"postgres://{user}:{password}@{quote(db['HOST'], safe='')}:{db['PORT']}/{db['NAME']}"


def environment(**extra: str) -> dict[str, str]:
    """The environment of a process on the test database."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return {
        **keep,
        **RAY_PRIORITY,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "RAY_NUM_CPUS": "2",
        "RAY_OBJECT_STORE_MEMORY": "200000000",
        **extra,
    }


def manage(*arguments: str, cwd: Path = ROOT, **extra: str) -> "subprocess.CompletedProcess[str]":
    """Run a management command as a user would, in `cwd`."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=cwd, env=environment(**extra), capture_output=True, text=True, timeout=150,
    )  # fmt: skip


def manage_here(command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a management command as its command line does, in this process: what it says and its
    exit status are the same, and Python and Django need not start for it."""
    out, err, code = StringIO(), StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            found = load_command_class(get_commands()[command], command)
            found.run_from_argv(["manage.py", command, *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def lives(process: psutil.Process) -> bool:
    """One that nobody has waited for yet has ended all the same."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class WorkerProcess:
    """A real `run_ray_worker`, as a process; `within` is what its command begins with."""

    def __init__(
        self, log: Path, *arguments: str, within: Sequence[str] = (), **extra: str
    ) -> None:
        self.log = log
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [*within, sys.executable, "manage.py", "run_ray_worker", *arguments],
                cwd=ROOT, env=environment(**extra), stdout=file, stderr=file,
            )  # fmt: skip

    @property
    def row(self) -> Worker | None:
        """Its living boot."""
        return Worker.objects.living().filter(id__contains=f":{self.process.pid}:").last()

    def wait_until_active(self) -> Worker:
        def active() -> Worker | None:
            if self.process.poll() is not None:
                raise AssertionError(f"the worker ended: {self.log.read_text()}")
            row = self.row
            return row if row and row.state == WorkerState.ACTIVE else None

        return wait_until(active, "an active worker", 180)

    @property
    def family(self) -> list[psutil.Process]:
        """Its processes, the supervisor first."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def kill_whole(self) -> None:
        """kill -9 of all its processes at once, as when its machine dies: nobody is left to say
        so."""
        self.signal_whole(signal.SIGSTOP)
        for process in self.signal_whole(signal.SIGKILL)[1:]:
            process.wait()
        self.process.wait()

    def signal_whole(self, number: int) -> list[psutil.Process]:
        """Send a signal to all its processes, the supervisor first."""
        family = self.family
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return family

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)


@contextmanager
def worker_process(log: Path, *arguments: str, **extra: str) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(log, *arguments, **extra)
    try:
        worker.wait_until_active()
        yield worker
    finally:
        worker.stop()


def someone_waits_for_a_lock() -> bool:
    """Whether a session of this database waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees it once only
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])
