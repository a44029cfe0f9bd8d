"""manage.py up: web part and worker on this machine, with a first user; ends with Ctrl-C."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

NAME = "local"
READY_SECONDS = 300  # what services compile is loaded before the port is open
STOP_SECONDS = 60
WEB = ["-m", "gunicorn", "--log-level", "warning"]
KEY_FILE = ".secret-key"


class Command(BaseCommand):
    help = (
        "Start the web part and a worker on this machine and open to it alone. The first time a "
        "superuser is made, and its password printed once. Ctrl-C ends both."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the web part (8000)")
        parser.add_argument(
            "--worker", nargs="*", default=[], metavar="OPTION",
            help="further options of run_ray_worker, without their dashes: executor=sequential",
        )  # fmt: skip

    def handle(self, *args: Any, port: int, worker: list[str], **options: Any) -> None:
        _demand_free(port)
        call_command("migrate", verbosity=0)
        self._first_user()
        environment = {"ACCESS_LOG": "off", **os.environ, "SECRET_KEY": _secret_key()}
        web = [sys.executable, *WEB, "--bind", f"127.0.0.1:{port}"]
        work = [sys.executable, "manage.py", "run_ray_worker", *(f"--{one}" for one in worker)]
        for number in (signal.SIGTERM, signal.SIGHUP):  # the latter where the terminal closes
            signal.signal(number, signal.default_int_handler)
        started: list[subprocess.Popen[bytes]] = []
        try:
            started += [_start(command, environment) for command in (web, work)]
            self._wait_until_ready(port, started)
            self.stdout.write(self.style.SUCCESS(f"Open http://127.0.0.1:{port}"))
            self.stdout.write("Ctrl-C ends it.")
            code = _first_end(started)
            raise CommandError(f"A part of it ended with {code}; see above.", returncode=1)
        except KeyboardInterrupt:
            self.stdout.write("Ending ...")
        finally:
            _stop(started)

    def _first_user(self) -> None:
        users = get_user_model()._default_manager
        if users.exists():
            return
        password = secrets.token_urlsafe(12)
        users.create_superuser(NAME, "", password)
        self.stdout.write(f"Made the user {NAME!r} with the password {password}")
        self.stdout.write("It is shown this once; `manage.py changepassword local` sets another.")

    def _wait_until_ready(self, port: int, started: list["subprocess.Popen[bytes]"]) -> None:
        until = time.monotonic() + READY_SECONDS
        while not _answers(port):
            web, worker = started
            if web.poll() is not None:
                raise CommandError(f"The web part could not start on port {port}; see above.")
            if worker.poll() is not None:
                raise CommandError("The worker could not start; see above.")
            if time.monotonic() > until:
                raise CommandError(f"Nothing answered on port {port} within {READY_SECONDS} s.")
            time.sleep(0.1)


def _demand_free(port: int) -> None:
    try:
        with socket.create_server(("127.0.0.1", port)):
            pass
    except OSError as error:
        raise CommandError(
            f"Port {port} of 127.0.0.1 cannot be used ({error.strerror}): end what listens there,"
            " or choose another with --port (make up PORT=8080)."
        ) from None


def _secret_key() -> str:
    """That of the environment, or one that is kept beside the project for its user alone."""
    if os.environ.get("SECRET_KEY"):
        return os.environ["SECRET_KEY"]
    path = Path(settings.BASE_DIR) / KEY_FILE
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _start(command: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    # In a session of its own: Ctrl-C in a terminal would reach it, and us, at once.
    return subprocess.Popen(  # noqa: S603 - our own commands
        command, cwd=settings.BASE_DIR, env=environment, start_new_session=True
    )


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):  # nosec
            return True
    except (urllib.error.URLError, OSError):
        return False


def _first_end(started: list["subprocess.Popen[bytes]"]) -> int:
    """The exit code of the first that ends; it is waited for, and not looked for."""
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    return next(code for process in started if (code := process.poll()) is not None)


def _stop(started: list["subprocess.Popen[bytes]"]) -> None:
    """All of them, and wait: a worker lets running tasks finish."""
    for process in started:
        if process.poll() is None:
            process.terminate()
    for process in started:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
