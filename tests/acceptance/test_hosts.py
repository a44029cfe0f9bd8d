"""A cluster of three hosts with a network between them, and what a cut cable does to a job."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.tasks import TaskResult

from django_ray_runtime.models import QueuedTask
from tests import tasks
from tests.hosts import HEAD_PORT, HUB, Host, hosts, why_not
from tests.relay import Relay
from tests.support import ROOT, WorkerProcess, database_url, wait_until

pytestmark = [
    pytest.mark.long, pytest.mark.ray, pytest.mark.acceptance,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]  # fmt: skip

# A node that is silent for a quarter of a minute is lost; with Ray's own figures it is four times
# that, in which the chunks that it had wait.
SOON = {
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "4",
}
ACCESS = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
QUANTITY = 60


class Cluster:
    """A head without CPUs, and two nodes of two; a worker on the head's host and on the last."""

    def __init__(self, folder: Path, temp_dir: Path, made: list[Host], database: str) -> None:
        self.head, self.near, self.far = made
        self.address = f"{self.head.address}:{HEAD_PORT}"
        self._folder = folder
        self._env = {
            **ACCESS, **SOON, "PYTHONPATH": str(ROOT), "DATABASE_URL": database,
            "RESULTS_SHARED": "true",
        }  # fmt: skip
        start = ("--head", f"--port={HEAD_PORT}", "--num-cpus=0", f"--temp-dir={temp_dir}")
        self.head.start_ray(
            folder / "head", *start, "--include-dashboard=false", **self._env
        )  # fmt: skip
        for host in (self.near, self.far):
            self.join(host)

    def join(self, host: Host) -> None:
        host.start_ray(
            self._folder / host.address, f"--address={self.address}", "--num-cpus=2", **self._env
        )

    def worker(self, host: Host) -> WorkerProcess:
        return WorkerProcess(
            self._folder / f"worker-{host.address}", "--executor", "ray", "--address", self.address,
            within=host.enter, **self._env,
        )  # fmt: skip


@pytest.fixture
def cluster(tmp_path: Path, short_folder: Path) -> Iterator[Cluster]:
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL, which other hosts can reach")
    url = urlsplit(database_url())
    assert url.hostname
    assert url.port
    with hosts(3) as made, Relay(url.hostname, url.port, at=HUB) as relay:
        reached = url._replace(netloc=f"{url.username}:{url.password}@{HUB}:{relay.port}").geturl()
        yield Cluster(tmp_path, short_folder, made, reached)


def test_a_job_outlives_a_cut_cable_and_the_host_serves_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    near, far = cluster.near.address, cluster.far.address
    workers = [cluster.worker(cluster.head)]
    try:
        workers[0].wait_until_active()
        ledger = tmp_path / "ledger"
        result = tasks.squares_and_nodes.enqueue(str(ledger), QUANTITY)
        assert nodes_of(result) == {near, far}, "it went over both nodes"

        workers.append(cluster.worker(cluster.far))
        first = workers[1].wait_until_active()
        result = tasks.squares_and_nodes.enqueue(str(ledger), QUANTITY)
        wait_until(lambda: runs(result), "the job has begun")
        cluster.far.cut()
        wait_until(lambda: not lives(first.id), "its worker is missed")
        assert near in nodes_of(result)
        assert ledger.read_text() == "done\n" * 2

        cluster.far.mend()
        cluster.far.end_ray()  # Ray does not take a node back that it has given up
        cluster.join(cluster.far)
        second = workers[1].wait_until_active()
        assert second.id != first.id
        result = tasks.squares_and_nodes.enqueue(str(ledger), QUANTITY)
        assert nodes_of(result) == {near, far}, "it goes over both again"
    finally:
        for worker in workers:
            worker.stop()


def nodes_of(result: TaskResult) -> set[str]:
    """The nodes that its chunks ran on, once it has ended as it should."""
    wait_until(lambda: row_of(result).finished_at, "the job is done", 180)
    result.refresh()
    assert [square for square, _ in result.return_value] == [x * x for x in range(QUANTITY)]
    return {node for _, node in result.return_value}


def row_of(result: TaskResult) -> QueuedTask:
    return QueuedTask.objects.get(id=result.id)


def runs(result: TaskResult) -> bool:
    return row_of(result).state == "RUNNING"


def lives(worker: str) -> bool:
    from django_ray_runtime.models import Worker

    return Worker.objects.living().filter(id=worker).exists()
