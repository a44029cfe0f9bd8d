"""`scripts/audit.py` asks about every pin, fails on a finding, and says where it could not ask."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.audit import files
from tests.support import ROOT
from tests.with_postgres import free_port

NAMES = ("sentiment_analyzer", "garch_predictor", "portfolio_manager", "intraday_strategy")

pytestmark = pytest.mark.slow

ADVISORY = {
    "id": "GHSA-test-0001",
    "affected": [
        {
            "package": {"name": "leaky", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


@contextmanager
def advisories() -> Iterator[str]:
    """The address of a database that speaks OSV's protocol, and knows one thing of `leaky`."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if asked["package"]["name"] == "unanswered":
                self.send_error(503)
                return
            known = asked["package"]["name"] == "leaky"
            body = json.dumps({"vulns": [ADVISORY]} if known else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def audit(
    folder: Path, url: str, *pins: str, strict: bool = False
) -> "subprocess.CompletedProcess[str]":
    """Of as many files of pins."""
    files = [folder / f"requirements-{number}.txt" for number in range(len(pins))]
    for file, text in zip(files, pins, strict=True):
        file.write_text(text)
    options = ["--strict"] if strict else []
    command = [sys.executable, "scripts/audit.py", *options, "--files", *map(str, files), "--"]
    asked = ["--vulnerability-service=osv", f"--osv-url={url}"]
    return subprocess.run([*command, *asked], cwd=ROOT, capture_output=True, text=True)


def test_a_finding_is_named_and_fails(tmp_path: Path) -> None:
    with advisories() as url:
        told = audit(tmp_path, url, "sound==2.0\nleaky==1.0\n    # via sound\n")
    assert told.returncode == 1, told.stderr
    assert "leaky 1.0: GHSA-test-0001; fixed in: 1.1" in told.stdout
    assert "2 pinned versions, 1 known vulnerabilities" in told.stdout


def test_without_findings_it_passes(tmp_path: Path) -> None:
    with advisories() as url:
        told = audit(tmp_path, url, "sound==2.0\n")
    assert (told.returncode, told.stdout) == (
        0,
        "pip-audit: 1 pinned versions, 0 known vulnerabilities.\n",
    )


def test_where_nobody_can_be_asked_it_says_so_and_goes_on(tmp_path: Path) -> None:
    told = audit(tmp_path, f"http://127.0.0.1:{free_port()}/", "sound==2.0\n")
    assert told.returncode == 0
    assert "COULD NOT BE ASKED" in told.stderr


@pytest.mark.parametrize(("strict", "code"), [(True, 2), (False, 0)])
def test_a_database_that_fails_midway_does_not_pass_for_a_strict_audit(
    strict: bool, code: int, tmp_path: Path
) -> None:
    with advisories() as url:
        told = audit(tmp_path, url, "sound==2.0\n", "unanswered==1.0\n", strict=strict)
    assert told.returncode == code, told.stderr
    assert "not known to the advisory database: unanswered" in told.stdout


def test_every_file_of_pins_is_asked_about() -> None:
    made = {"requirements.txt", "requirements-dev.txt", "requirements-peers.txt"}
    made |= {f"ray_services/{one}/requirements.txt" for one in NAMES}
    made |= {f"workflows/{one}/requirements.txt" for one in ("kodosumi", "agents")}
    assert {str(path) for path in files()} >= made
