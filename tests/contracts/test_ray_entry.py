"""Getting into a Ray: what refuses a visitor says what to set, and a Ray of ours takes nobody."""

import json
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from tests import tasks
from tests.ray_nodes import Head, head
from tests.support import ROOT, WorkerProcess, environment, manage, wait_until, worker_process
from tests.with_postgres import free_port

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.any_database]

TOKEN = secrets.token_hex(16)
WRONG = {"RAY_AUTH_TOKEN": secrets.token_hex(16)}
SET_IT = "Set RAY_AUTH_TOKEN to the cluster's token, or RAY_AUTH_TOKEN_PATH to a file"


def visit(home: Path, **request: Any) -> dict[str, Any]:
    """What `tests.visitors` was answered, with `home` as its home directory."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.visitors", json.dumps({"visits": []} | request)],
        cwd=ROOT, env=environment(HOME=str(home)), capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def guarded(django_db_setup: None, django_db_blocker: Any) -> Iterator[Head]:
    """A cluster with a token."""
    with (
        django_db_blocker.unblock(),
        TemporaryDirectory(prefix="drr-", ignore_cleanup_errors=True) as folder,
        head(Path(folder), RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=TOKEN) as made,
    ):
        yield made


@pytest.mark.django_db
def test_whoever_is_refused_is_told_what_to_set(guarded: Head, tmp_path: Path) -> None:
    client = f"ray://127.0.0.1:{guarded.client_port}"
    missing = {"RAY_AUTH_TOKEN_PATH": str(tmp_path / "missing")}
    expected: list[tuple[str, dict[str, str], list[str]]] = []
    for address in (guarded.address, client):
        nobody = f"Ray at {address} takes nobody without its token, and"
        expected += [
            (address, {}, [f"{nobody} this process has none.", SET_IT]),
            (address, WRONG, [f"{nobody} the one of RAY_AUTH_TOKEN is another.", SET_IT]),
            (
                address,
                {"RAY_AUTH_MODE": "disabled"},
                ["RAY_AUTH_MODE is disabled here. Set RAY_AUTH_MODE=token", SET_IT],
            ),
            (address, {"RAY_AUTH_MODE": "token"}, ["there is none", SET_IT]),
            (address, missing, ["RAY_AUTH_TOKEN_PATH: expected a file", str(tmp_path / "missing")]),
        ]
    ours = {"RAY_AUTH_TOKEN": TOKEN}
    plain = client.removeprefix("ray://")
    expected += [
        (plain, ours, [f"is joined as ray://{plain}."]),
        (f"ray://{guarded.address}", ours, [f"is joined as {guarded.address}."]),
    ]
    found = visit(tmp_path, visits=[(address, env) for address, env, _ in expected])["visits"]
    for (_, _, parts), told in zip(expected, found, strict=True):
        assert all(part in told for part in parts), told
        assert "\n" not in told


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_refused_ends_with_what_no_restart_mends(guarded: Head) -> None:
    run = manage("run_ray_worker", "--address", guarded.address, **WRONG)
    assert run.returncode == 78
    assert "the one of RAY_AUTH_TOKEN is another." in run.stderr


@pytest.mark.django_db
def test_with_its_token_a_cluster_is_joined_unless_versions_differ(
    guarded: Head, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    by_file = [(guarded.address, {"RAY_AUTH_TOKEN_PATH": str(file)})]
    assert visit(tmp_path, visits=by_file)["visits"] == ["joined"]
    from ray import __version__ as ours

    here = ".".join(map(str, sys.version_info[:3]))
    versions = {"ray_version": ours, "python_version": here}
    for other, told in [
        ({"ray_version": "2.50.0"}, f"Install ray==2.50.0 here, or ray=={ours} on every node."),
        ({"python_version": "3.12.1"}, "Run the same Python on both sides"),
    ]:
        claims = versions | other
        request = {"head": guarded.address, "token": TOKEN, "claims": claims, "visits": by_file}
        [found] = visit(tmp_path, **request)["visits"]
        ray_there, python_there = claims["ray_version"], claims["python_version"]
        assert f"runs Ray {ray_there} on Python {python_there}, this process Ray {ours}" in found
        assert told in found
    visit(tmp_path, head=guarded.address, token=TOKEN, claims=versions)


SECRETS = {"SECRET_KEY": secrets.token_hex(20), "PRIVATE_THING": secrets.token_hex(20)}


@pytest.mark.django_db(transaction=True)
def test_a_ray_of_a_worker_is_on_loopback_and_its_own(tmp_path: Path) -> None:
    """With the dashboard, which listens too. What it keeps of us has no secret."""
    home = tmp_path / "home"
    home.mkdir()
    port = free_port()
    started = {
        "HOME": str(home), "RAY_DASHBOARD": "true", "RAY_DASHBOARD_PORT": str(port), **SECRETS,
    }  # fmt: skip
    with worker_process(
        tmp_path / "log", "--executor", "ray", "--address", "local", **started
    ) as worker:
        result = tasks.fan_out.enqueue([1, 2, 3])
        listening = wait_until(lambda: listeners(worker, with_port=port), "the dashboard listens")
        elsewhere = [one for one in listening if one[1] not in {"127.0.0.1", "::ffff:127.0.0.1"}]
        assert elsewhere == []
        wait_until(lambda: finished(result), "the task is done")
        token = token_of(worker)
        assert not any(token in " ".join(process.cmdline()) for process in worker.family)
        assert answer_of(port, "another") == 403
        assert answer_of(port, token) == 200
        [gcs] = {port for name, _, port in listening if name == "gcs_server"}
        address = f"127.0.0.1:{gcs}"
        answer = visit(home, head=address, token=token, told=True, visits=[(address, {})])
        assert "takes nobody without its token" in answer["visits"][0]
        assert "run_task" in answer["told"] or "invoke" in answer["told"], "we look where it is"
        for secret in (*SECRETS.values(), token):
            assert secret not in answer["told"]
        [folder] = {session_of(worker)}
        assert folder.stat().st_mode & 0o077 == 0, "others cannot read its files"
    assert not (home / ".ray").exists()


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_code_is_shipped_where_that_is_set_and_no_secret_goes_along(
    tmp_path: Path, short_folder: Path
) -> None:
    access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    with head(short_folder, PYTHONPATH="", WHOSE="the node's", **access) as cluster:
        ours = access | SECRETS | {"RAY_WORKING_DIR": str(ROOT), "WHOSE": "the worker's"}
        to = ("--executor", "ray", "--address", cluster.address)
        with worker_process(tmp_path / "log", *to, **ours):
            result = tasks.where_it_runs.enqueue()
            wait_until(lambda: finished(result), "the task is done", 180)
            file, whose = result.return_value
            assert "working_dir_files" in file
            assert whose == "the node's"
            told = visit(tmp_path, head=cluster.address, token=TOKEN, told=True)["told"]
    assert "working_dir" in told, "we look where it is"
    for secret in (*SECRETS.values(), TOKEN):
        assert secret not in told


def listeners(worker: WorkerProcess, with_port: int) -> list[tuple[str, str, int]]:
    """Where its processes listen: name, address, port; [] until `with_port` is among them."""
    found = [
        (process.name(), one.laddr.ip, one.laddr.port)
        for process in worker.family
        for one in process.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN
    ]
    return found if any(port == with_port for _, _, port in found) else []


def token_of(worker: WorkerProcess) -> str:
    """The token of its Ray, as its processes have it."""
    [raylet] = [process for process in worker.family if process.name() == "raylet"]
    return raylet.environ()["RAY_AUTH_TOKEN"]


def session_of(worker: WorkerProcess) -> Path:
    """The folder of its Ray."""
    [gcs] = [process for process in worker.family if process.name() == "gcs_server"]
    [folder] = re.findall(r"(/\S*?/ray-\d+-\w+)/session", " ".join(gcs.cmdline()))[:1]
    return Path(folder)


def answer_of(port: int, token: str) -> int:
    """The status with which the dashboard answers."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(
            f"GET /api/version HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()
        )
        return int(connection.recv(4096).split()[1])


def finished(result: Any) -> bool:
    result.refresh()
    return bool(result.is_finished)
