"""Starting a service: gunicorn in this process's place."""

import ipaddress
import os
import sys

from ray_services.alone.names import PORTS
from ray_services.common.errors import BadInput

LEAST_TOKEN = 20


def launch(name: str, host: str, port: int, workers: int) -> None:
    """Serve a service; does not return. Raises BadInput where it must not be started."""
    arguments, environment = plan(name, host, port, workers)
    os.execve(sys.executable, arguments, environment)  # noqa: S606  (our own interpreter)


def plan(name: str, host: str, port: int, workers: int) -> tuple[list[str], dict[str, str]]:
    """The command and its environment. Raises BadInput."""
    if name not in PORTS:
        raise BadInput(f"expected one of {', '.join(PORTS)}, got {name!r}.", field="service")
    demand_safe(host, os.environ.get("SERVICE_TOKENS", ""))
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [
        sys.executable, "-m", "gunicorn", "ray_services.alone.wsgi", "--bind", address,
        "--workers", str(workers), "--threads", "4", "--no-control-socket", "--preload",
        "--access-logfile", "-",
    ]  # fmt: skip
    found = os.pathsep.join(path for path in sys.path if path)
    return command, {**os.environ, "SERVICE_NAME": name, "PYTHONPATH": found}


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
