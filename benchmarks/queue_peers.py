"""What people use instead: each with default settings and one worker command, on the same server.

They have an environment of their own (`make setup-peers`), and run under its Python.
"""

import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.worker import ROOT

PYTHON = ROOT / ".venv-peers" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of a peer is measured: what takes it some ten seconds."""

    name: str
    version: str
    quantity: int
    warm_up: int = 100
    repeat: int = 3

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


PEERS = (
    Asked("django-tasks-db", "0.13", 2_000),
    Asked("procrastinate", "3.10", 2_000),
    Asked("django-ray", "0.7.0", 500),
)


def are_there() -> bool:
    """Whether their environment is."""
    return PYTHON.exists()


def measured(asked: Asked, server: str) -> dict[str, float]:
    """Its rates by `enqueue`, `bulk` (where it has that) and `drain`. Raises RuntimeError."""
    command = [PYTHON, "-m", "benchmarks.peers.measure"]
    command += map(str, (asked.quantity, asked.warm_up, asked.repeat))
    with _database(server, asked.name) as url, tempfile.TemporaryDirectory(prefix="r") as folder:
        run = subprocess.run(
            command, cwd=ROOT, env=_environment(asked.name, url, folder),
            capture_output=True, text=True,
        )  # fmt: skip
    if run.returncode:
        raise RuntimeError(f"{asked.title}: {run.stderr.strip()[-2000:]}")
    rates: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return rates


def _environment(name: str, url: str, folder: str) -> dict[str, str]:
    """Ours without our project; where it starts a Ray, on loopback and in that folder."""
    ours = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "RAY_ADDRESS"}
    return {name: value for name, value in os.environ.items() if name not in ours} | {
        "PEER": name,
        "PEER_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.settings",
        "PYTHONPATH": str(ROOT),
        "RAY_TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else it listens on all interfaces
    }


@contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    """An empty database on the server, gone afterwards: its address."""
    import psycopg
    from psycopg import sql

    quoted = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))
