"""Each service by itself: started as a user does, driven over HTTP, refused where it is unsafe."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from ray_services.alone.launch import Plan, demand_safe, is_loopback, main
from ray_services.alone.middleware import ForeignPageMiddleware
from ray_services.alone.names import PORTS
from ray_services.common.errors import BadInput
from tests.services.serving import ASKED, ask, free_port, is_up, plain
from tests.support import RAY_PRIORITY, ROOT, lives, manage, wait_until

TOKEN = "a-token-of-the-tests-only"


@contextmanager
def served(name: str, log: Path, *arguments: str, **extra: str) -> Iterator[int]:
    port = free_port()
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "run_service", name, "--port", str(port),
             "--processes", "1", *arguments],
            env={**os.environ, **extra}, stdout=file, stderr=file,
        )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or is_up(port), "it answers")
        assert process.poll() is None, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.slow
@pytest.mark.parametrize("name", PORTS)
def test_each_answers_at_its_own_address(name: str, tmp_path: Path) -> None:
    path, body = ASKED[name]
    with served(name, tmp_path / "log", "--executor", "sequential") as port:
        assert ask(port, "/")[1]["service"] == name
        assert path in ask(port, "/")[1]["paths"]
        assert ask(port, "/status")[1]["status"] == "running"
        status, answer = ask(port, path, body)
        assert status == 200, answer
        status, through = ask(port, f"{path}?queued=true&wait=30", body)
        assert status == 200, through
        assert plain(through) == plain(answer)
        [calculation] = ask(port, "/calculations")[1]["items"]
        assert calculation["state"] == "SUCCESSFUL"
        status, answer = ask(port, path, {"nothing": 1})
        assert status == 422
        assert {one["field"] for one in answer["errors"]}


@pytest.mark.slow
def test_with_tokens_only_who_has_one_may_call(tmp_path: Path) -> None:
    path, body = ASKED["sentiment-analyzer"]
    tokens = f"{TOKEN},{TOKEN}-of-another"
    with served(
        "sentiment-analyzer", tmp_path / "log", "--no-worker", SERVICE_TOKENS=tokens
    ) as port:
        assert ask(port, path, body)[0] == 401
        assert ask(port, path, body, "another-token-altogether")[0] == 401
        assert ask(port, path, body, TOKEN)[0] == 200
        assert ask(port, "/status")[0] == 401
        status, waiting = ask(port, f"{path}?queued=true", body, TOKEN)
        assert (status, waiting["state"]) == (202, "READY")
        assert ask(port, waiting["address"], token=TOKEN)[0] == 200
        assert ask(port, waiting["address"], token=f"{TOKEN}-of-another")[0] == 404
        assert ask(port, waiting["address"])[0] == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_other_addresses_are_refused_without_tokens(host: str) -> None:
    with pytest.raises(BadInput, match="there are no tokens"):
        demand_safe(host, " , ")
    demand_safe(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_none(host: str) -> None:
    assert is_loopback(host)
    demand_safe(host, "")


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(BadInput, match="at least 20 characters, got one of 6"):
        demand_safe("127.0.0.1", f"{TOKEN},secret")


def test_a_service_that_there_is_not_is_told() -> None:
    with pytest.raises(BadInput, match="garch-predictor"):
        Plan(name="garch")


@pytest.mark.slow
def test_a_port_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVICE_NAME", "garch-predictor")
    monkeypatch.setenv("SERVICE_PORT", "http")
    assert main() == os.EX_CONFIG
    assert "SERVICE_PORT: expected a port from 1 to 65535, got 'http'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200), (None, 200)],
)
def test_pages_from_elsewhere_may_not_call(site: str | None, status: int) -> None:
    guarded = ForeignPageMiddleware(lambda request: HttpResponse())
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    assert guarded(RequestFactory().post("/x", headers=headers)).status_code == status


def test_the_command_says_why_it_does_not_start() -> None:
    run = manage("run_service", "garch-predictor", "--host", "0.0.0.0")  # noqa: S104
    assert run.returncode == 1
    assert "SERVICE_TOKENS: 0.0.0.0 can be reached from elsewhere" in run.stderr


@pytest.mark.slow
def test_a_stop_leaves_neither_processes_nor_files(tmp_path: Path) -> None:
    with served(
        "portfolio-manager", tmp_path / "log", "--executor", "sequential", TMPDIR=str(tmp_path)
    ) as port:
        [family] = [
            one for one in psutil.Process().children() if str(port) in " ".join(one.cmdline())
        ]
        wait_until(lambda: ask(port, "/status")[1]["workers"], "a worker")
        processes = [family, *family.children(recursive=True)]
        assert len(processes) >= 4  # itself, gunicorn and its process, the worker and its process
        assert list(tmp_path.glob("service-*"))
    assert not [one for one in processes if lives(one)]
    assert not list(tmp_path.glob("service-*"))


@pytest.mark.slow
@pytest.mark.ray
def test_large_work_is_done_on_ray_and_gives_the_same(tmp_path: Path) -> None:
    path, body = "/predict-volatility", {"assets": ["SPY", "QQQ", "AAPL"], "past": 60}
    with served(
        "garch-predictor", tmp_path / "log", "--executor", "ray", **RAY_PRIORITY, RAY_NUM_CPUS="2"
    ) as port:
        at_once = ask(port, f"{path}?queued=false", body)[1]
        wait_until(lambda: ask(port, "/status")[1]["workers"], "a worker")
        wait_until(lambda: ask(port, "/status")[1]["warm"], "all that is compiled")
        status, through = ask(port, f"{path}?queued=true&wait=30", body)
        assert status == 200, through
        assert plain(through) == plain(at_once)
