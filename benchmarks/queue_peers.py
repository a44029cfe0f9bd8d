"""What people use instead: each with default settings and one worker command, on the same server.

They have an environment of their own (`make setup-peers`), and run under its Python.
"""

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.environment import ROOT, output_of

PYTHON = ROOT / ".venv-peers" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of a peer is measured: what takes it some ten seconds."""

    name: str
    version: str
    quantity: int
    warm_up: int = 100
    repeat: int = 3
    times_at_least: float | None = None
    """How many times as fast ours is to be."""

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


PEERS = (
    Asked("django-tasks-db", "0.13", 2_000),
    Asked("procrastinate", "3.10", 2_000),
    Asked("django-ray", "0.7.0", 500, times_at_least=150),
)


def are_there() -> bool:
    """Whether their environment is."""
    return PYTHON.exists()


def measured(asked: Asked, server: str) -> dict[str, float]:
    """Its rates by `enqueue`, `bulk` (where it has that) and `drain`. Raises RuntimeError."""
    amounts = map(str, (asked.quantity, asked.warm_up, asked.repeat))
    command = [str(PYTHON), "-m", "benchmarks.peers.measure", *amounts]
    with _database(server, asked.name) as url, tempfile.TemporaryDirectory(prefix="r") as folder:
        printed = output_of(command, _environment(asked.name, url, folder))
    rates: dict[str, float] = json.loads(printed.splitlines()[-1])
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
