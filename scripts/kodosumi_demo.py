"""Run a flow under Kodosumi, all on loopback, and end everything again: make kodosumi-demo

It starts a Ray with a token of its own, deploys the flows with `koco`, runs Kodosumi's spooler and
panel, logs in, launches the flow over HTTP, waits for its result and prints it.
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FORMS = {
    "insights": {"dataset": "daily", "top": "3"},
    "games": {"quantity": "10000", "seed": "1", "min_odd": "2", "max_odd": "4"},
}
PATIENCE = 120.0


class Failed(Exception):
    """A step did not do what it should."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("flow", nargs="?", default="insights", choices=FORMS, help="(%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
    options = parser.parse_args(arguments)
    # A short path, for Ray's sockets.
    folder = Path(tempfile.mkdtemp(prefix="kodo-", dir="/tmp"))  # nosec
    try:
        with ExitStack() as running:
            report = launch(options.flow, folder, running)
    except (Failed, httpx.HTTPError, subprocess.CalledProcessError) as error:
        logs = [*folder.glob("*.log"), *folder.glob("ray/session_latest/logs/serve/*.log")]
        say(f"{error}\n" + "".join(f"\n{log.name}:\n{tail(log)}" for log in logs))
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say("Ended everything that was started.")
    if options.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return 0
    print(report["title"])
    for name, value in report["facts"].items():
        print(f"{name:22} {value}")
    for one in report.get("insights", []):
        print(f"{one['level']:7}{one['priority']:3}  {one['text']}")
    return 0


def launch(flow: str, folder: Path, running: ExitStack) -> dict[str, Any]:
    """Start what is needed, and return the flow's report."""
    gcs, client, dashboard, serving, panel = free_ports(5)
    password = secrets.token_urlsafe(24)
    site, address = f"http://127.0.0.1:{panel}", f"127.0.0.1:{gcs}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else it listens on all interfaces
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TMPDIR": str(folder),
        "RAY_DASHBOARD_ADDRESS": f"http://127.0.0.1:{dashboard}",
        # Kodosumi's own defaults are known to everybody.
        "KODO_SECRET_KEY": secrets.token_urlsafe(48),
        "KODO_ADMIN_PASSWORD": password,
        "KODO_CORS_ORIGINS": json.dumps([site]),
        "KODO_RAY_SERVER": address,
        "KODO_RAY_DASHBOARD": f"http://127.0.0.1:{dashboard}",
        "KODO_APP_SERVER": site,
        "KODO_EXEC_DIR": str(folder / "runs"),
        "KODO_UPLOAD_DIR": str(folder / "uploads"),
        "KODO_SPOOLER_LOG_FILE": str(folder / "spooler.log"),
        "KODO_APP_LOG_FILE": str(folder / "panel.log"),
        "KODO_ADMIN_DATABASE": f"sqlite+aiosqlite:///{folder}/admin.db",
        "KODO_YAML_BASE": str(folder / "deploy" / "config.yaml"),
    }

    def start(name: str, *command: str) -> None:
        running.enter_context(process(folder / f"{name}.out.log", environment, *command))

    say("Starting Ray ...")
    start(
        "ray", "ray", "start", "--head", "--block", "--node-ip-address=127.0.0.1",
        f"--port={gcs}", f"--ray-client-server-port={client}", "--num-cpus=4",
        "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}",
        "--object-store-memory=200000000", "--disable-usage-stats",
    )  # fmt: skip
    wait_until(lambda: listens(dashboard), "Ray's dashboard")
    say("Deploying the flows ...")
    config = deployment(folder, serving)
    koco = [str(BIN / "koco"), "deploy", "--run", "--file", str(config)]
    subprocess.run(koco, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    wait_until(lambda: listens(serving), "Ray Serve")
    forms = f"http://127.0.0.1:{serving}"
    wait_until(lambda: answers(f"{forms}/{flow}/openapi.json"), "the flow's form")
    say("Starting Kodosumi's spooler and panel ...")
    start("spooler", "koco", "spool", "--block")
    start("panel", "koco", "serve", "--register", f"{forms}/{flow}/openapi.json")
    wait_until(lambda: listens(panel), "the panel")
    with httpx.Client(base_url=site, timeout=30) as http:
        http.headers["KODOSUMI_API_KEY"] = login(http, password)
        say(f"Launching {flow} ...")
        answer = http.post(f"/-/127.0.0.1/{serving}/{flow}/-/", json=FORMS[flow])
        answer.raise_for_status()
        run = answer.json().get("result")
        if not run:
            raise Failed(f"The form was refused: {answer.json().get('errors')}")
        return result_of(http, run)


def deployment(folder: Path, port: int) -> Path:
    """The project's deployment, at a free port."""
    copy = folder / "deploy"
    shutil.copytree(ROOT / "workflows" / "kodosumi", copy)
    config = copy / "config.yaml"
    known = yaml.safe_load(config.read_text())
    known["http_options"]["port"] = port
    known.pop("grpc_options")
    config.write_text(yaml.safe_dump(known))
    return config


def login(http: httpx.Client, password: str) -> str:
    """A token of the panel; its default password must not open it."""
    name = {"name": "admin"}
    if http.post("/api/login", json={**name, "password": "admin"}).is_success:  # nosec
        raise Failed("The panel takes its default password.")
    answer = http.post("/api/login", json={**name, "password": password})
    answer.raise_for_status()
    return str(answer.json()["KODOSUMI_API_KEY"])


def result_of(http: httpx.Client, run: str) -> dict[str, Any]:
    """The report of a run. Events come in no strict order: the status says when it is over."""
    until = time.monotonic() + PATIENCE
    told = ""
    while time.monotonic() < until:
        answer = http.get(f"/outputs/status/{run}")
        known = answer.json() if answer.is_success else {}
        if (known.get("status") or told) != told:
            told = known["status"]
            say(f"  {told or 'waiting for the spooler'}")
        if told == "error":
            raise Failed(f"The flow failed: {known}")
        if told == "finished" and known.get("final"):
            final = known["final"]
            found: dict[str, Any] = json.loads(final) if isinstance(final, str) else final
            return found.get("dict", found)
        time.sleep(0.2)
    raise Failed(f"The flow did not end within {PATIENCE:g} s.")


@contextmanager
def process(log: Path, environment: dict[str, str], *command: str) -> Iterator[None]:
    """A program that runs meanwhile; it and all that it started are ended."""
    with log.open("w") as file:
        started = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=log.parent, env=environment, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        top = psutil.Process(started.pid) if started.poll() is None else None
        family = [*top.children(recursive=True), top] if top else []
        started.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=15)
        for one in left:
            one.kill()
        psutil.wait_procs(left, timeout=5)
        with suppress(ProcessLookupError):  # what its death has left to others
            os.killpg(started.pid, signal.SIGKILL)


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def wait_until(condition: Any, what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise Failed(f"Waited {PATIENCE:g} s for {what}.")
        time.sleep(0.2)


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) + "\n"


def say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
