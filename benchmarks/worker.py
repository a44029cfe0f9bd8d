"""A real worker for benchmarks, as a process, and what it uses."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
SAMPLE_SECONDS = 0.2


class Worker:
    """`manage.py run_ray_worker` with these arguments; a context manager that waits for it."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments

    def __enter__(self) -> "Worker":
        from django_ray_runtime.workers import active_workers

        command = [sys.executable, "manage.py", "run_ray_worker", *self._arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        while not any(f":{self._process.pid}:" in worker.id for worker in active_workers()):
            if self._process.poll() is not None:
                raise RuntimeError(f"the worker ended at once: {' '.join(command)}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

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
        parent = psutil.Process(self._process.pid)
        while not ended.wait(SAMPLE_SECONDS):
            for process in [parent, *parent.children(recursive=True)]:
                try:
                    key = f"{process.name()} {process.pid}"
                    peaks[key] = max(peaks.get(key, 0), process.memory_full_info().uss)
                except psutil.Error:
                    continue  # it ended meanwhile
