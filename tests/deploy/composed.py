"""The services of docker-compose.yml without an engine: a real PostgreSQL, and everything else by
its very command and health check, each in a network namespace with an address and a name.

    unshare --net --mount --pid … python -c COMMAND JSON

COMMAND is below. JSON has `app` (the folder of the code), `folder` (for all that is written),
`environment` and `command` (of the image), `nodes` (how many of Ray) and `thoroughly` (a worker
joins by a node, too). It prints what was found, as JSON.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import psycopg
from psycopg import sql

from tests.deploy import compose
from tests.support import RAY_PRIORITY, wait_until
from tests.with_postgres import Postgres

# What the helpers of tests need before they are imported.
COMMAND = "import django; django.setup(); from tests.deploy.composed import tell; tell()"
NETWORK = "10.99.0"
# Of the engine's host, where PostgreSQL is.
HOST = f"{NETWORK}.1"
# By which people ask for what the engine publishes.
PUBLISHED = "127.0.0.1"
# Beside other work a start takes its time.
PATIENCE = {**RAY_PRIORITY, "GUNICORN_CMD_ARGS": "-t 200"}
WITHIN = ("ip", "netns", "exec")
STOP_SECONDS = 60
QUANTITY = 20_000

type Ran = subprocess.CompletedProcess[str]


class Composed:
    """What is up, and how to ask it."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.folder = Path(given["folder"])
        self.values = compose.filled_in() | {"RAY_OBJECT_STORE_MEMORY": "100000000"}
        self.services = compose.services(self.values)
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts = 0

    def environment(self, name: str) -> dict[str, str]:
        return {
            **self.given["environment"], **self.services[name]["environment"], **PATIENCE,
            "RAY_TMPDIR": str(self.folder),
        }  # fmt: skip

    def containers(self) -> list[str]:
        """The names of all services, some several times."""
        counts = {"database": 0, "ray-node": self.given["nodes"]}
        return [
            f"{name}-{number}"
            for name in self.services for number in range(counts.get(name, 1))
        ]  # fmt: skip

    def run(self, container: str, *command: str, **extra: str) -> Ran:
        """A command within a service's container."""
        service = container.rpartition("-")[0]
        return subprocess.run(
            [*WITHIN, container, *command], cwd=self.given["app"],
            env=self.environment(service) | extra, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def start(self, name: str) -> None:
        """A service's containers, each once what it depends on is healthy."""
        service = self.services[name]
        for other, asked in service.get("depends_on", {}).items():
            if asked["condition"] == "service_healthy" and other != "database":
                self.wait_until_healthy(other)
        for container in self.containers_of(name):
            self.launch(container)

    def containers_of(self, name: str) -> list[str]:
        return [one for one in self.containers() if one.rpartition("-")[0] == name]

    def launch(self, container: str) -> None:
        name = container.rpartition("-")[0]
        command = self.services[name].get("command", self.given["command"])
        with self.log(container).open("a") as file:
            self.started[container] = subprocess.Popen(
                [*WITHIN, container, *command], cwd=self.given["app"],
                env=self.environment(name), stdout=file, stderr=file,
            )  # fmt: skip

    def finish(self, name: str) -> None:
        """A service that ends by itself, before what depends on its success."""
        self.start(name)
        process = self.started.pop(f"{name}-0")
        assert process.wait(300) == 0, self.log(f"{name}-0").read_text()

    def wait_until_healthy(self, name: str) -> None:
        check = self.services[name]["healthcheck"]
        if "disable" in check:
            return
        assert check["test"][0] == "CMD", check
        for container in self.containers_of(name):

            def healthy(container: str = container) -> bool:
                self.restart_if_ended(container)
                return self.run(container, *check["test"][1:]).returncode == 0

            wait_until(healthy, f"{container} is healthy", 400)

    def restart_if_ended(self, container: str) -> None:
        """As the engine does. Where the machine is busy a node of Ray gives up after 30 s."""
        if self.started[container].poll() is None:
            return
        assert self.services[container.rpartition("-")[0]]["restart"] == "unless-stopped"
        self.restarts += 1
        assert self.restarts < 5, self.log(container).read_text()
        left = subprocess.run(["ip", "netns", "pids", container], capture_output=True, text=True)
        for pid in left.stdout.split():  # a container ends with its first process
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        self.launch(container)

    def log(self, container: str) -> Path:
        return self.folder / f"{container}.log"

    def stop(self) -> dict[str, int]:
        """Asked to, all at once, as the engine does; their exit codes."""
        for process in self.started.values():
            process.terminate()
        return {name: process.wait(STOP_SECONDS) for name, process in self.started.items()}


def connect(composed: Composed) -> None:
    """A bridge, and at it each container with an address; one file of names for all."""

    def ip(command: str) -> None:
        subprocess.run(["ip", *command.split()], check=True)

    # `ip netns` keeps its namespaces there: here, not among those of the machine.
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    ip("link set lo up")
    ip("link add engine type bridge")
    ip(f"addr add {HOST}/24 dev engine")
    ip("link set engine up")
    names = [f"127.0.0.1 localhost\n{HOST} database"]
    for number, container in enumerate(composed.containers(), start=10):
        address = f"{NETWORK}.{number}"
        ip(f"netns add {container}")
        ip(f"link add veth{number} type veth peer name eth0 netns {container}")
        ip(f"link set veth{number} master engine up")
        ip(f"-n {container} link set lo up")
        ip(f"-n {container} addr add {address}/24 dev eth0")
        ip(f"-n {container} link set eth0 up")
        ip(f"-n {container} route add default via {HOST}")
        names.append(f"{address} {container} {container.rpartition('-')[0]}")
    # A server of names that refuses at once: gRPC asks it for what the file of names lacks.
    for name, text in {"hosts": "\n".join(names), "resolv.conf": "nameserver 127.0.0.1"}.items():
        (composed.folder / name).write_text(f"{text}\n")
        subprocess.run(["mount", "--bind", composed.folder / name, f"/etc/{name}"], check=True)


@contextmanager
def database(composed: Composed) -> Iterator[None]:
    """As the image of PostgreSQL makes it of its environment."""
    asked = composed.services["database"]["environment"]
    url = urlsplit(composed.services["web"]["environment"]["DATABASE_URL"])
    assert (url.username, unquote(url.password or "")) == (
        asked["POSTGRES_USER"], asked["POSTGRES_PASSWORD"],
    )  # fmt: skip
    server = Postgres({"listen_addresses": HOST})
    server.port = url.port or 5432
    with (server.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORK}.0/24 scram-sha-256\n")
    try:
        server.start()
        with psycopg.connect(server.url.replace("127.0.0.1", HOST), autocommit=True) as connection:
            user, name = (sql.Identifier(asked[f"POSTGRES_{one}"]) for one in ("USER", "DB"))
            password = sql.Literal(asked["POSTGRES_PASSWORD"])
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, password))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, user))
        yield
    finally:
        server.delete()


def status_of(address: str, token: str = "", body: Any = None) -> tuple[int, bytes]:
    headers = {"Host": PUBLISHED} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    if data:
        headers["Content-Type"] = "application/json"
    try:
        with urlopen(Request(address, data, headers), timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def drive(composed: Composed) -> dict[str, Any]:
    """A job over REST, from the order to the file; who may use the cluster."""
    manage = ("python", "manage.py")
    made = composed.run(
        "web-0", *manage, "createsuperuser", "--no-input", "--username=ana",
        "--email=ana@example.org", DJANGO_SUPERUSER_PASSWORD="of this test only",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    token = composed.run("web-0", *manage, "create_api_token", "ana", "--name=test").stdout.split()[
        -1
    ]
    site = "http://web:8000"
    ready = wait_until(lambda: _ready(site), "a worker is alive", 300)
    status, body = status_of(
        f"{site}/api/v1/generation/jobs",
        token,
        {"lottery": "mega-sena", "constraints": {}, "quantity": QUANTITY},
    )
    assert status == 202, body
    job = f"{site}/api/v1/generation/jobs/{json.loads(body)['id']}"
    ended = wait_until(lambda: _ended(job, token), "the job has ended", 300)
    assert ended["state"] == "SUCCESSFUL", ended
    games = status_of(f"{job}/download", token)[1].splitlines()
    ray = ("ray", "status", "--address=ray-head:6379")
    dashboard = "http://ray-head:8265/api/version"
    return {
        "ready": ready,
        "job": ended["state"],
        "games": len(games),
        "nodes": composed.run("ray-head-0", *ray).stdout.count(" node_"),
        "stranger": composed.run("ray-head-0", *ray, RAY_AUTH_TOKEN="x" * 32).returncode,
        "dashboard": [
            status_of(dashboard)[0], status_of(dashboard, composed.values["RAY_AUTH_TOKEN"])[0]
        ],
    }  # fmt: skip


def joined_by_a_node(composed: Composed) -> str:
    """What a worker says that joins where a node runs, by the head's address, until it is idle."""
    command = ("python", "manage.py", "run_ray_worker", "--address=ray-head:6379", "--batch")
    return composed.run("ray-node-0", *command).stderr


def _ready(site: str) -> Any:
    status, body = status_of(f"{site}/readyz")
    return json.loads(body) if status == 200 else None


def _ended(job: str, token: str) -> Any:
    found = json.loads(status_of(job, token)[1])
    return found if found["state"] in {"SUCCESSFUL", "FAILED", "CANCELLED", "EXPIRED"} else None


def main(given: dict[str, Any]) -> dict[str, Any]:
    """Up, driven, down. What is left when something fails ends with this process."""
    composed = Composed(given)
    connect(composed)
    began = time.monotonic()
    with database(composed):
        for name in compose.in_order(composed.services):
            if name == "migrate":
                composed.finish(name)
            elif name != "database":
                composed.start(name)
        for name in composed.services:
            if name not in {"database", "migrate"}:
                composed.wait_until_healthy(name)
        up = time.monotonic() - began
        found = drive(composed)
        if given.get("thoroughly"):
            found["by a node"] = joined_by_a_node(composed)
        codes = composed.stop()
    told = {"seconds until up": round(up, 1), "restarts": composed.restarts}
    return found | told | {"exit codes": codes}


def tell() -> None:
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
