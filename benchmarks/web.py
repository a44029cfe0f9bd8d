"""The web part for benchmarks: gunicorn as it is served, as processes, and what they use."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from benchmarks.environment import ROOT, end
from tests.with_postgres import free_port

READY_SECONDS = 300.0
END_SECONDS = 90.0
# What users are held to is no part of what is measured.
UNLIMITED = {"API_RATE": "100000000/m", "JOB_RATE": "1000000/h", "MAX_ACTIVE_JOBS": "1000000"}


class Web:
    """`python -m gunicorn` on a loopback port; a context manager that waits until it answers, and
    after which nothing is left of it."""

    def __init__(self, log: Path, processes: int = 2, **environment: str) -> None:
        self.log = log
        self.port = free_port()
        self._environment = {
            **os.environ, **UNLIMITED, "SECRET_KEY": "of this run", "PORT": str(self.port),
            "WEB_CONCURRENCY": str(processes), "ACCESS_LOG": "off", **environment,
        }  # fmt: skip

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Web":
        began = time.perf_counter()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn"],
                cwd=ROOT, env=self._environment, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            while not self._answers():
                if self._process.poll() is not None:
                    raise RuntimeError(f"the web part ended at once:\n{self.log.read_text()}")
                if time.perf_counter() - began > READY_SECONDS:
                    raise RuntimeError(f"no answer within {READY_SECONDS:.0f} s: see {self.log}")
                time.sleep(0.05)
        except BaseException:
            self.__exit__()
            raise
        self.started_in = time.perf_counter() - began
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process, END_SECONDS)

    def reload(self) -> None:
        """Have other processes take over."""
        self._process.send_signal(signal.SIGHUP)

    @property
    def master(self) -> psutil.Process:
        """What starts the others, and listens to nobody."""
        return psutil.Process(self._process.pid)

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return self.master.children()

    def memory(self) -> int:
        """Bytes of all its processes together, what they share counted once."""
        return sum(one.memory_full_info().pss for one in [self.master, *self.workers])

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            return False
