"""Starting a service: its tables, a worker for what is large, and gunicorn."""

import ipaddress
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ray_services.alone.names import PORTS
from ray_services.alone.processes import run_together
from ray_services.common.errors import BadInput

LEAST_TOKEN = 20
DRAIN_SECONDS = 10
"""What a request or a calculation under way may take after a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a service is started; what is None is its usual value."""

    name: str
    host: str = "127.0.0.1"
    port: int | None = None
    processes: int = 2
    worker: bool = True
    """Whether a worker of its own runs what goes through the queue."""
    executor: str = "auto"

    def __post_init__(self) -> None:
        """Raises BadInput for a service that there is not, and where it must not be started."""
        if self.name not in PORTS:
            raise BadInput(
                f"expected one of {', '.join(PORTS)}, got {self.name!r}.", field="service"
            )
        demand_safe(self.host, os.environ.get("SERVICE_TOKENS", ""))

    def commands(self) -> list[list[str]]:
        """What is to be run."""
        port = self.port or PORTS[self.name]
        address = f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"
        web = [  # with these options alone: the folder it is started in may have others
            sys.executable, "-m", "gunicorn", "ray_services.alone.wsgi", "--bind", address,
            "--config", "python:ray_services.alone",
            "--workers", str(self.processes), "--threads", "8", "--no-control-socket",
            "--graceful-timeout", str(DRAIN_SECONDS), "--access-logfile", "-",
        ]  # fmt: skip
        worker = [
            *_django("run_ray_worker"), "--executor", self.executor, "--grace", str(DRAIN_SECONDS),
        ]  # fmt: skip
        return [web, worker] if self.worker else [web]


def launch(plan: Plan) -> int:
    """Serve a service until it is told to stop. Returns the code to exit with."""
    with _folder() as folder:
        environment = {
            **os.environ,
            "SERVICE_NAME": plan.name,
            "SERVICE_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "ray_services.alone.settings",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        # The worker makes the checks.
        migrate = [*_django("migrate"), "--verbosity", "0", "--skip-checks"]
        subprocess.run(migrate, env=environment, check=True)  # noqa: S603
        return run_together(plan.commands(), environment)


def main() -> int:
    """Serve what the environment says: SERVICE_NAME, SERVICE_HOST, SERVICE_PORT. Returns the code
    to exit with."""
    given = os.environ
    try:
        plan = Plan(
            name=given.get("SERVICE_NAME", ""),
            host=given.get("SERVICE_HOST", "127.0.0.1"),
            port=_port(given.get("SERVICE_PORT", "")),
            executor=given.get("SERVICE_EXECUTOR", "auto"),
            worker=not given.get("SERVICE_WITHOUT_WORKER"),
        )
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG
    return launch(plan)


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise BadInput(f"expected a port from 1 to 65535, got {text!r}.", field="SERVICE_PORT")
    return int(text)


def _django(command: str) -> list[str]:
    return [sys.executable, "-m", "django", command]


@contextmanager
def _folder() -> Iterator[str]:
    """The folder of the database and the files: SERVICE_DIR, or one that goes with this process."""
    given = os.environ.get("SERVICE_DIR", "")
    if given:
        os.makedirs(given, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="service-") as folder:
        yield folder


def demand_safe(host: str, tokens: str) -> None:
    """Raises BadInput where others could call without a token, or with one that can be guessed."""
    given = [one.strip() for one in tokens.split(",") if one.strip()]
    if short := [one for one in given if len(one) < LEAST_TOKEN]:
        raise BadInput(
            f"expected tokens of at least {LEAST_TOKEN} characters, got one of {len(short[0])}.",
            field="SERVICE_TOKENS",
            remedy='Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    if not given and not is_loopback(host):
        raise BadInput(
            f"{host} can be reached from elsewhere, and there are no tokens.",
            field="SERVICE_TOKENS",
            remedy="Set some, comma-separated, or listen on 127.0.0.1.",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, which may mean anything
        return False
