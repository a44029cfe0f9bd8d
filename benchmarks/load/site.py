"""The whole of a site for a load: PostgreSQL, web processes, a worker, and Locust's users."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import ROOT, project
from benchmarks.web import Web
from benchmarks.web_site import Site, prepared, questions
from benchmarks.worker import Worker

LOCUST = ROOT / ".venv-load" / "bin" / "locust"
FILE = Path(__file__).with_name("locustfile.py")
STOP_SECONDS = 30
"""What users may take to finish what they have begun."""


@dataclass(frozen=True, slots=True)
class Running:
    """A site that answers, with a worker that works."""

    site: Site
    web: Web
    worker: Worker
    folder: Path

    @property
    def ledger(self) -> Path:
        """What users had accepted."""
        return self.folder / "ledger.jsonl"


@contextmanager
def running(executor: str, games: int, *, warm: bool = True) -> Iterator[Running]:
    """From an empty database on; nothing is left of it afterwards."""
    if not LOCUST.exists():
        raise SystemExit(f"Expected Locust at {LOCUST}: run `make setup-load` first.")
    os.environ |= {"RAY_ADDRESS": "local", "RAY_NUM_CPUS": "2"}
    os.environ["RAY_OBJECT_STORE_MEMORY"] = "200000000"
    with project("postgresql") as folder:
        site = prepared(games)
        worker = Worker("--executor", executor)
        with Web(folder / "web.log", WEB_WARM_UP=str(warm).lower()) as web, worker:
            yield Running(site, web, worker, folder)


def users(
    where: Running, kinds: Mapping[str, int], seconds: int, **values: str
) -> list[dict[str, Any]]:
    """Locust with so many users of each kind, for so many seconds at most: its statistics, a row
    for each kind of request. Raises RuntimeError where it could not run."""
    found = where.folder / "locust"
    count = str(sum(kinds.values()))
    command = [
        LOCUST, "--locustfile", FILE, "--headless", "--host", where.web.address, "--users", count,
        "--spawn-rate", count, "--run-time", f"{seconds}s", "--stop-timeout", str(STOP_SECONDS),
        "--json-file", found, "--csv", found, "--only-summary",
        "--exit-code-on-error", "0", "-L", "WARNING", *kinds,
    ]  # fmt: skip
    known = {
        "LOAD_TOKEN": where.site.token, "LOAD_STATUS": where.site.status,
        "LOAD_SHA256": where.site.job.sha256, "LOAD_LEDGER": str(where.ledger),
        "LOAD_SESSIONS": ",".join(where.site.sessions), "LOAD_SERVICES": json.dumps(questions()),
    }  # fmt: skip
    with (where.folder / "locust.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=where.folder, env=os.environ | known | values, stdout=log, stderr=log
        )
    try:
        process.wait(seconds + 2 * STOP_SECONDS + 60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    written = found.with_suffix(".json")
    if process.returncode or not written.exists():
        told = (where.folder / "locust.log").read_text()[-2000:]
        raise RuntimeError(f"Locust ended with {process.returncode}:\n{told}")
    rows: list[dict[str, Any]] = json.loads(written.read_text())
    if any(row["num_failures"] for row in rows):
        sys.stderr.write(found.with_name("locust_failures.csv").read_text())
    return rows
