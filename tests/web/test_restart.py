"""A new release under a service manager: it holds the socket that listens, as systemd does by
deploy/systemd/django-on-ray-web.socket, while the web part ends and starts with other code."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from tests.support import ROOT, environment, wait_until
from tests.web.served import ENVIRONMENT, WEB

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SOON = 60.0
ASKERS = 4
RELEASE = """
from project.asgi import application as site

async def application(scope, receive, send):
    if scope.get("path") != "/release":
        return await site(scope, receive, send)
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": b"{number}"}})
"""
# As sd_listen_fds(3) has it: the socket is number 3, and the process is named by its own number.
HANDED = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class Manager:
    """What systemd does: it holds the socket, and starts and stops the service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.service: subprocess.Popen[bytes]

    def deploy(self, number: int) -> None:
        (self._folder / "release.py").write_text(RELEASE.format(number=number))

    def start(self) -> None:
        config = ["--config", str(ROOT / "gunicorn.conf.py"), "release:application"]
        number = str(self._socket.fileno())
        path = os.pathsep.join((str(self._folder), str(ROOT)))
        # A source that changes within a second is not told from its compiled form.
        extra = ENVIRONMENT | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        with (self._folder / "log").open("a") as log:
            self.service = subprocess.Popen(
                [sys.executable, "-c", HANDED, number, *WEB, *config],
                cwd=self._folder, env=environment(**extra), pass_fds=[self._socket.fileno()],
                stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self) -> None:
        self.service.terminate()
        assert self.service.wait(SOON) == 0, (self._folder / "log").read_text()

    def close(self) -> None:
        if self.service.poll() is None:
            self.stop()
        self._socket.close()

    def release(self) -> int:
        with urlopen(f"{self.address}/release", timeout=SOON) as answer:  # noqa: S310
            return int(answer.read())

    def processes(self) -> set[int]:
        return {one.pid for one in psutil.Process(self.service.pid).children()}


class Visitors:
    """They ask without a pause, each time over a connection of its own."""

    def __init__(self, manager: Manager) -> None:
        self.answers: Counter[int] = Counter()
        self.failures: list[BaseException] = []
        self._manager, self._over = manager, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(ASKERS)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        while not self._over.is_set():
            try:
                self.answers[self._manager.release()] += 1
            except Exception as error:  # one that was refused, or cut off
                self.failures.append(error)
                return

    def met(self, release: int, times: int) -> None:
        wanted = self.answers[release] + times
        wait_until(
            lambda: self.failures or self.answers[release] >= wanted, f"release {release}", SOON
        )

    def leave(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_a_restart_brings_new_code_and_refuses_nobody(tmp_path: Path) -> None:
    manager = Manager(tmp_path)
    manager.deploy(1)
    manager.start()
    visitors = Visitors(manager)
    try:
        visitors.met(1, 20)
        manager.deploy(2)
        first = manager.processes()
        manager.service.send_signal(signal.SIGHUP)
        wait_until(lambda: not manager.processes() & first, "others have taken over", SOON)
        assert manager.release() == 1, "HUP brings processes of the same code"
        visitors.met(1, 20)
        manager.stop()
        manager.start()
        visitors.met(2, 20)
    finally:
        visitors.leave()
        manager.close()
    assert visitors.failures == []
