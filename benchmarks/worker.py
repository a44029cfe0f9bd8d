"""A real worker for benchmarks, as a process, and what it uses."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.environment import ROOT, end

SAMPLE_SECONDS = 0.2
END_SECONDS = 60.0
CHILD = "django_ray_runtime.worker.child"


class Worker:
    """`manage.py run_ray_worker` with these arguments; a context manager that waits for it, and
    after which nothing is left of it."""

    def __init__(self, *arguments: str, database: str | None = None) -> None:
        """`database` is a DATABASE_URL other than ours."""
        self._arguments = arguments
        self._environment = os.environ | ({"DATABASE_URL": database} if database else {})

    def __enter__(self) -> "Worker":
        from django_ray_runtime.workers import active_workers

        command = [sys.executable, "manage.py", "run_ray_worker", *self._arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL
        )
        try:
            while not any(f":{self._process.pid}:" in worker.id for worker in active_workers()):
                if self._process.poll() is not None:
                    raise RuntimeError(f"the worker ended at once: {' '.join(command)}")
                time.sleep(0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process, END_SECONDS)

    @property
    def supervisor(self) -> psutil.Process:
        """The process that looks after the other."""
        return psutil.Process(self._process.pid)

    @property
    def child(self) -> psutil.Process:
        """The process that claims tasks and has them run."""
        found = [one for one in self.supervisor.children() if CHILD in one.cmdline()]
        if len(found) != 1:
            raise RuntimeError(f"Expected one worker process, found {len(found)}.")
        return found[0]

    @contextmanager
    def peak_memory(self) -> Iterator[dict[str, int]]:
        """Samples the unshared bytes (USS) of every process below the worker; yields the
        largest of each, by name and pid."""
        peaks: dict[str, int] = {}
        ended = threading.Event()
        thread = threading.Thread(target=self._sample, args=(peaks, ended))
        thread.start()
        try:
            yield peaks
        finally:
            ended.set()
            thread.join()

    def _sample(self, peaks: dict[str, int], ended: threading.Event) -> None:
        parent = self.supervisor
        while not ended.wait(SAMPLE_SECONDS):
            for process in [parent, *parent.children(recursive=True)]:
                try:
                    key = f"{process.name()} {process.pid}"
                    peaks[key] = max(peaks.get(key, 0), process.memory_full_info().uss)
                except psutil.Error:
                    continue  # it ended meanwhile
