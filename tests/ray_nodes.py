"""Ray clusters on this machine that can be killed: one node by `ray start`, or two."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.support import ROOT, environment, wait_until
from tests.with_postgres import free_port

# On loopback only, which Ray rewrites otherwise; among themselves without a token. The server of
# Ray's client forks while gRPC runs: with gRPC's own handlers one client in ten is refused.
CLUSTER = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "GRPC_ENABLE_FORK_SUPPORT": "0",
}
STORE_BYTES = 100_000_000


def kill_all(pids: Iterable[int]) -> None:
    """kill -9 of these processes and all that they started."""
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            top = psutil.Process(pid)
            for process in [top, *top.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()


class Head:
    """A cluster of one node with two CPUs."""

    def __init__(self, folder: Path, **extra: str) -> None:
        """`folder` needs a short path: Ray keeps sockets in it. `extra` is its environment."""
        self.folder = folder
        self._extra = {"PYTHONPATH": str(ROOT), **extra}
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.client_port = free_port()
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is there."""
        self._starts += 1
        command = [
            str(Path(sys.executable).with_name("ray")), "start", "--head", "--block",
            f"--port={self.port}", f"--ray-client-server-port={self.client_port}",
            "--include-dashboard=false", "--disable-usage-stats",
            "--node-ip-address=127.0.0.1", "--num-cpus=2", f"--object-store-memory={STORE_BYTES}",
        ]  # fmt: skip
        log = self.folder / f"start{self._starts}.log"
        with log.open("w") as file:
            self._process = subprocess.Popen(
                command, stdout=file, stderr=file, start_new_session=True,
                env=environment(**CLUSTER | {"RAY_TMPDIR": str(self.folder)} | self._extra),
            )  # fmt: skip
        wait_until(lambda: self._has_started(log), "the cluster is there", 180)

    def kill(self) -> None:
        """kill -9 of all its processes."""
        if self._process is not None:
            kill_all([self._process.pid])
            self._process.wait()
            self._process = None

    def _has_started(self, log: Path) -> bool:
        text = log.read_text()
        assert self._process, "start() comes first"
        assert self._process.poll() is None, f"the cluster ended: {text}"
        return "Ray runtime started" in text


@contextmanager
def head(folder: Path, **extra: str) -> Iterator[Head]:
    """A cluster of one node, killed at the end."""
    made = Head(folder, **extra)
    try:
        made.start()
        yield made
    finally:
        made.kill()


@contextmanager
def two_nodes(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """A cluster of two nodes with two CPUs each: its address, and the second's processes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.two_nodes", str(STORE_BYTES)],
        cwd=ROOT, env=environment(**CLUSTER, RAY_TMPDIR=str(folder)), start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        yield told["address"], told["second"]
        process.communicate(timeout=60)
    finally:
        kill_all([process.pid])
