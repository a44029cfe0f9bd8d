"""Hosts of a network of our own: network namespaces on a bridge, with a link each that can be cut.

A namespace lives as long as the process that holds it: nothing has a name, nothing is left. Only
within `python -m tests.with_network`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ray_nodes import STORE_BYTES, kill_all
from tests.support import environment, wait_until
from tests.with_network import OWN

NETWORK = "10.77.0"
HUB = f"{NETWORK}.1"
BRIDGE = "hub"
HEAD_PORT = 6379
# Ray waits for those that it chooses itself, and a busy machine is slow to choose.
PORTS = (
    "--metrics-export-port=7001", "--dashboard-agent-listen-port=7002",
    "--dashboard-agent-grpc-port=7003", "--runtime-env-agent-port=7004",
)  # fmt: skip

# A namespace of its own, until its input closes.
_HOLD = "import os, sys; os.unshare(os.CLONE_NEWNET); print(flush=True); sys.stdin.read()"


def why_not() -> str:
    """Why there can be no hosts here; "" where they can be."""
    if os.environ.get(OWN) != "own":
        return "needs a network of its own: make test-cluster, as root, on Linux, with iproute2"
    return ""


def _ip(*words: str, within: int | None = None) -> None:
    enter = ["nsenter", "-t", str(within), "-n"] if within else []
    subprocess.run([*enter, "ip", *words], check=True)


class Host:
    """One with an address and a Ray, if it is told to start one."""

    def __init__(self, number: int) -> None:
        self.address = f"{NETWORK}.{number}"
        self._link = f"link{number}"
        self._ray: subprocess.Popen[bytes] | None = None
        self._attempts: list[bool] = []
        self._holder = subprocess.Popen(
            [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._holder.stdout
        self._holder.stdout.readline()
        pid = self._holder.pid
        peer = ("type", "veth", "peer", "name", "eth0", "netns", str(pid))
        _ip("link", "add", self._link, *peer)
        _ip("link", "set", self._link, "master", BRIDGE, "up")
        _ip("addr", "add", f"{self.address}/24", "dev", "eth0", within=pid)
        _ip("link", "set", "lo", "up", within=pid)
        _ip("link", "set", "eth0", "up", within=pid)
        # It leads nowhere: by it Ray finds out which address is this host's own.
        _ip("route", "add", "default", "via", HUB, within=pid)

    @property
    def enter(self) -> list[str]:
        """What a command begins with that runs here."""
        return ["nsenter", "-t", str(self._holder.pid), "-n"]

    def cut(self) -> None:
        """The link is down: nobody is told, nothing gets through."""
        _ip("link", "set", self._link, "down")

    def mend(self) -> None:
        _ip("link", "set", self._link, "up")

    def start_ray(self, log: Path, *arguments: str, **env: str) -> None:
        """A node of Ray, until the end; waits until it is there."""
        command = [
            *self.enter, str(Path(sys.executable).with_name("ray")), "start", "--block",
            f"--node-ip-address={self.address}", f"--object-store-memory={STORE_BYTES}",
            "--disable-usage-stats", *PORTS, *arguments,
        ]  # fmt: skip

        def there() -> bool:
            if self._ray is None or self._ray.poll() is not None:
                # On a busy machine Ray gives itself up after half a minute.
                assert self._attempts.pop(), log.read_text()
                self.end_ray()
                with log.open("w") as file:
                    self._ray = subprocess.Popen(
                        command, stdout=file, stderr=file, start_new_session=True,
                        stdin=subprocess.DEVNULL, env=environment(**env),
                    )  # fmt: skip
            return "Ray runtime started" in log.read_text()

        self._attempts = [False, True, True, True, True]
        wait_until(there, f"Ray on {self.address}", 400)

    def end_ray(self) -> None:
        """kill -9 of what is left of it."""
        if self._ray:
            kill_all([self._ray.pid])
            self._ray.wait()
            self._ray = None

    def close(self) -> None:
        self.end_ray()
        self._holder.communicate()


@contextmanager
def hosts(quantity: int) -> Iterator[list[Host]]:
    """So many hosts that reach each other and, at HUB, this process."""
    made: list[Host] = []
    _ip("link", "add", BRIDGE, "type", "bridge")
    try:
        _ip("addr", "add", f"{HUB}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for number in range(2, 2 + quantity):
            made.append(Host(number))
        yield made
    finally:
        for host in made:
            host.close()
        _ip("link", "del", BRIDGE)
