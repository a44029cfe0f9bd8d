"""Ray loses a process, a daemon, a node or all of itself: the worker stays, its tasks run."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from django_ray_runtime.models import QueuedTask
from tests.faults.ledger import boots_of, check_laws, database_seconds, runs, wait_until_final
from tests.faults.tasks import work
from tests.ray_nodes import CLUSTER, head, kill_all, two_nodes
from tests.support import WorkerProcess, wait_until, worker_process

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.usefixtures("a_ledger")]

LOCAL = ("--executor", "ray", "--address", "local")


def started(quantity: int) -> bool:
    return sum(map(len, runs().values())) >= quantity


def test_the_loss_of_a_process_costs_its_own_task_seconds_and_the_others_nothing(
    tmp_path: Path,
) -> None:
    with worker_process(tmp_path / "log", *LOCAL) as worker:
        work.enqueue_many([(3.0,)] * 2)
        wait_until(lambda: started(2), "both run")
        victim = min((run for its in runs().values() for run in its), key=lambda run: run.began)
        os.kill(victim.pid, signal.SIGKILL)
        at = database_seconds()
        wait_until(lambda: started(3), "it runs again")
        assert runs()[victim.task][1].began - at <= 10.0  # five, on a machine with nothing else
        wait_until_final(2, 60)
        boots = boots_of(worker.process.pid)
    assert len(boots) == 1, "the worker itself went on"
    check_laws(2, boots)
    losses = dict(QueuedTask.objects.values_list("id", "losses"))
    assert losses.pop(victim.task) == 1
    assert list(losses.values()) == [0]


@pytest.mark.long  # tests/acceptance/test_worker.py has the short form
@pytest.mark.parametrize("daemon", ["raylet", "gcs_server"])
def test_a_local_ray_that_dies_is_followed_by_another(tmp_path: Path, daemon: str) -> None:
    with worker_process(tmp_path / "log", *LOCAL) as worker:
        work.enqueue_many([(0.3,)] * 40)
        wait_until(lambda: started(4), "some run")
        before = boots_of(worker.process.pid)
        [victim] = [process for process in worker.family if process.name() == daemon]
        victim.kill()
        at = database_seconds()
        wait_until(lambda: boots_of(worker.process.pid) > before, "another child", 60)
        (second,) = boots_of(worker.process.pid) - before
        its = lambda: [r for task in runs().values() for r in task if r.worker == second]  # noqa: E731
        wait_until(its, "it runs tasks", 60)
        assert min(run.began for run in its()) - at <= 60.0
        wait_until_final(40, 120)
        assert worker.process.poll() is None
        boots = boots_of(worker.process.pid)
    check_laws(40, boots)


def test_a_supervisor_killed_while_ray_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    worker = WorkerProcess(tmp_path / "log", *LOCAL)
    try:
        wait_until(lambda: any(p.name() == "gcs_server" for p in worker.family), "Ray is starting")
        family = worker.family
        worker.process.kill()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []
    finally:
        worker.stop()


@pytest.mark.long
def test_a_worker_finds_a_cluster_again_that_was_killed_whole(
    tmp_path: Path, short_folder: Path
) -> None:
    with head(short_folder) as cluster:
        worker = WorkerProcess(
            tmp_path / "log", "--executor", "ray", "--address", cluster.address, **CLUSTER
        )
        try:
            worker.wait_until_active()
            work.enqueue_many([(0.3,)] * 40)
            wait_until(lambda: started(4), "some run")
            cluster.kill()
            wait_until(lambda: "No Ray answers" in worker.log.read_text(), "it is missed")
            assert worker.process.poll() is None
            cluster.start()
            wait_until_final(40, 180)
            boots = boots_of(worker.process.pid)
        finally:
            worker.stop()
    check_laws(40, boots)


@pytest.mark.long
def test_the_loss_of_a_node_sends_its_tasks_to_the_others(
    tmp_path: Path, short_folder: Path
) -> None:
    with (
        two_nodes(short_folder) as (address, second),
        worker_process(
            tmp_path / "log", "--executor", "ray", "--address", address, **CLUSTER
        ) as worker,
    ):  # fmt: skip
        work.enqueue_many([(8.0,)] * 4)
        wait_until(lambda: started(4), "both nodes run two")
        pids = {child.pid for pid in second for child in psutil.Process(pid).children(True)}
        there = {run.task for its in runs().values() for run in its if run.pid in pids}
        assert len(there) == 2
        kill_all(second)
        wait_until_final(4, 120)
        boots = boots_of(worker.process.pid)
    assert len(boots) == 1, "the worker itself went on"
    ledger_of = check_laws(4, boots)
    assert {task for task, its_runs in ledger_of.items() if len(its_runs) == 2} == there
