"""The parent of the worker processes: starts them, beats for them, buries them.

It runs no user code and no Ray, so neither a task that holds the interpreter for a minute
nor a Ray driver that ends its process can stop the heartbeat.
"""

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connections

from django_ray_runtime.conf import RuntimeSettings
from django_ray_runtime.ids import new_worker_id
from django_ray_runtime.ray_folder import new_temp_dir
from django_ray_runtime.states import WorkerState
from django_ray_runtime.store import Liveness
from django_ray_runtime.worker.child import AWAY, CHANGED, LOST, UNUSABLE, Options
from django_ray_runtime.worker.releases import log_released
from django_ray_runtime.worker.wakeup import Wakeup

logger = logging.getLogger(__name__)

FIRST_BACKOFF = 0.1  # seconds before a child that died is started again
LONGEST_BACKOFF = 30.0
STEADY_SECONDS = 60.0  # a child that lived this long starts the backoff anew
OUTAGE_SECONDS = 1.0  # between attempts while the database does not answer
KILL_MARGIN = 10.0  # seconds beyond the grace before a child is killed

MakeOptions = Callable[[str, str], Options]  # (worker, temp_dir) -> options


@dataclass(slots=True)
class _Child:
    worker: str
    process: subprocess.Popen[bytes]
    temp_dir: str
    started: float


class Supervisor:
    """Keeps `processes` children running until it is told to stop."""

    def __init__(
        self,
        liveness: Liveness,
        settings: RuntimeSettings,
        make_options: MakeOptions,
        *,
        queues: Sequence[str],
        processes: int,
        grace: float,
        temp_root: str | None,
        finite: bool = False,
    ) -> None:
        """With `finite`, a child that ends in good order is not followed by another."""
        self._liveness = liveness
        self._settings = settings
        self._make_options = make_options
        self._queues = queues
        self._processes = processes
        self._grace = grace
        self._temp_root = temp_root
        self._finite = finite
        self._children: list[_Child] = []
        self._unburied: list[str] = []
        self._killed: set[str] = set()  # by us, at a stop
        self._wakeup = Wakeup()
        self._stops = 0
        self._told = 0  # how many of the stops the children were told of
        self._kill_at = float("inf")
        self._start_at = 0.0
        self._beat_at = 0.0
        self._database_at = 0.0  # not before, after an outage
        self._backoff = FIRST_BACKOFF
        self._exit_code = 0

    def run(self) -> int:
        """Returns the exit code: 0 after a stop; when a child found itself unusable 78, or 75
        where that may pass by itself."""
        handlers = {
            signal.SIGTERM: self._on_stop,
            signal.SIGINT: self._on_stop,
            signal.SIGHUP: self._on_stop,
            signal.SIGCHLD: lambda *_: self._wakeup.set(),
        }
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            while self._children or not (self._stops or self._is_done):
                self._turn()
                self._wakeup.wait(self._patience())
            self._with_database(self._bury)
            if self._stops and not self._exit_code:
                sys.stderr.write("Stopped.\n")
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for child in self._children:
                self._end(child)
            self._wakeup.close()
        return self._exit_code

    def _on_stop(self, *_: object) -> None:
        self._stops += 1
        if self._stops > 1:  # at once, also while the database keeps the main loop waiting
            self._kill_children()
        self._wakeup.set()

    def _kill_children(self) -> None:
        for child in self._children:
            if child.process.poll() is None:
                self._killed.add(child.worker)
                child.process.kill()

    def _turn(self) -> None:
        now = time.monotonic()
        self._reap(now)
        self._pass_on_stop(now)
        if now >= self._database_at:
            self._with_database(self._keep_books)

    def _keep_books(self) -> None:
        """What this process writes: the dead, the heartbeat, and the new."""
        self._bury()
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat()
            self._beat_at = now + self._settings.heartbeat_seconds
        while self._lacks_children and now >= self._start_at:
            self._start()

    @property
    def _is_done(self) -> bool:
        return self._finite and not self._processes

    @property
    def _lacks_children(self) -> bool:
        return not self._stops and len(self._children) < self._processes

    def _patience(self) -> float:
        if (self._stops or self._is_done) and not self._children:
            return 0.0
        books = min(self._beat_at, self._start_at) if self._lacks_children else self._beat_at
        return max(0.0, min(max(books, self._database_at), self._kill_at) - time.monotonic())

    def _with_database(self, action: Callable[[], None]) -> None:
        """An outage of the database ends nothing here: it is tried again a little later."""
        try:
            action()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The database does not answer, trying again: %s", error)
            connections[self._liveness.alias].close()
            self._database_at = time.monotonic() + OUTAGE_SECONDS

    def _start(self) -> None:
        worker = new_worker_id()
        self._liveness.register(worker, self._queues)
        temp_dir = new_temp_dir(self._temp_root)
        process = subprocess.Popen(  # noqa: S603
            [
                sys.executable,
                "-m",
                "django_ray_runtime.worker.child",
                self._make_options(worker, temp_dir).to_json(),
            ],
            stdin=subprocess.PIPE,  # closes with us: the child sees our end
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": _project_path()},
        )
        self._children.append(_Child(worker, process, temp_dir, time.monotonic()))

    def _beat(self) -> None:
        workers = [child.worker for child in self._children]
        if not workers:
            return
        dead = self._liveness.beat(workers, self._settings.dead_after_seconds)
        for child in self._children:
            if child.worker in dead:
                # It was declared dead: what it runs is run elsewhere, so it must end.
                logger.error("Worker %s was declared dead; ending it", child.worker)
                self._end(child)

    def _reap(self, now: float) -> None:
        for child in [child for child in self._children if child.process.poll() is not None]:
            self._children.remove(child)
            self._end(child)
            code = child.process.returncode
            if code == 0 and self._stops:
                continue
            if code == 0 and self._finite:  # it has done what it was started for
                self._processes -= 1
                continue
            if code == CHANGED:
                self._start_at = now
                continue
            self._unburied.append(child.worker)
            if code in {UNUSABLE, AWAY} and self._backoff == FIRST_BACKOFF:
                self._exit_code = LOST if code == AWAY else UNUSABLE
                self._on_stop()
                continue
            if self._stops:
                continue
            lived = now - child.started
            self._backoff = FIRST_BACKOFF if lived > STEADY_SECONDS else self._backoff
            logger.error(
                "Worker %s ended (exit code %s); another starts in %g s",
                child.worker, code, self._backoff,
            )  # fmt: skip
            self._start_at = now + self._backoff
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)

    def _bury(self) -> None:
        """Declare dead what is known to have ended: its tasks run again at once."""
        while self._unburied:
            # Ended by us, because we were told to stop at once: no fault of what it ran.
            stopped = self._unburied[0] in self._killed
            released = self._liveness.declare_dead(self._unburied[0], stopped=stopped)
            self._unburied.pop(0)
            log_released(released, by=f"supervisor {os.getpid()}")

    def _pass_on_stop(self, now: float) -> None:
        if self._told == 0 and self._stops:
            self._told = 1
            if self._children:
                sys.stderr.write(
                    f"Stopping: what runs has {self._grace:g} s to finish, the rest goes back to "
                    "the queue. Once more stops at once.\n"
                )
            self._kill_at = now + self._grace + KILL_MARGIN
            for child in self._children:
                child.process.terminate()
            for child in self._children:
                self._with_database(
                    lambda worker=child.worker: self._note_draining(worker)  # type: ignore[misc]
                )
        if now >= self._kill_at:
            self._kill_at = float("inf")
            self._kill_children()

    def _note_draining(self, worker: str) -> None:
        self._liveness.move(worker, WorkerState.DRAINING)

    def _end(self, child: _Child) -> None:
        """End a child and what it started, and remove its folder."""
        if child.process.poll() is None:
            child.process.kill()
        child.process.wait()
        try:
            os.killpg(child.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # nothing of it is left
        if child.process.stdin:
            child.process.stdin.close()
        shutil.rmtree(child.temp_dir, ignore_errors=True)


def _project_path() -> str:
    """Where this process finds the project's code, whatever folder it was started in; what
    belongs to Python itself is left to the child's own Python."""
    own = (sys.prefix, sys.base_prefix)
    return os.pathsep.join(path for path in sys.path if path and not path.startswith(own))
