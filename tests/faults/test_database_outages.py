"""The database restarts or is away while workers run tasks. Each test stops a server of its own."""

import itertools
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from django_ray_runtime.models import QueuedTask, Worker
from tests import tasks as plain
from tests.faults.ledger import boots_of, check_laws, wait_until_final
from tests.faults.tasks import work
from tests.support import WorkerProcess, wait_until, worker_process
from tests.with_postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEQUENTIAL = ("--executor", "sequential", "--concurrency", "20")


def fleet(stack: ExitStack, folder: Path, size: int) -> list[WorkerProcess]:
    started = [WorkerProcess(folder / f"worker{n}", *SEQUENTIAL) for n in range(size)]
    for worker in started:
        stack.callback(worker.stop)
    for worker in started:
        worker.wait_until_active()
    return started


@pytest.mark.parametrize(
    ("restarts", "quantity"),
    [
        pytest.param(2, 1_500, id="quick", marks=pytest.mark.brief),
        pytest.param(8, 8_000, id="full", marks=pytest.mark.long),
    ],
)
def test_a_server_that_crashes_and_returns_loses_nothing(
    tmp_path: Path, own_postgres: Postgres, restarts: int, quantity: int
) -> None:
    work.enqueue_many([(0.01,)] * quantity)
    with ExitStack() as stack:
        workers = fleet(stack, tmp_path, 2)
        boots = {worker.wait_until_active().id for worker in workers}
        for number in range(1, restarts + 1):
            share = quantity * number // (restarts + 2)
            wait_until(lambda n=share: QueuedTask.objects.finished().count() >= n, "some ran")
            own_postgres.restart(immediate=True)
            connection.close()
        wait_until_final(quantity, 240)
        assert [worker.process.poll() for worker in workers] == [None, None]
    # What the server forgot in the crash may have run, and the run was not acknowledged.
    check_laws(quantity, boots)
    assert not QueuedTask.objects.filter(losses__gt=0).exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("seconds", "quantity"),
    # The first is short of DEAD_AFTER_SECONDS: whoever beat last looks younger than the others.
    [(10.0, 800), (30.0, 4_000)],
)
def test_five_workers_through_an_outage_rescue_nobody(
    tmp_path: Path, own_postgres: Postgres, seconds: float, quantity: int
) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    plain.wait_for_file.enqueue(str(started), str(release), seconds=300)
    work.enqueue_many([(0.01,)] * quantity)
    with ExitStack() as stack:
        workers = fleet(stack, tmp_path, 5)
        boots = {worker.wait_until_active().id for worker in workers}
        wait_until(started.exists, "the long task starts")
        wait_until(lambda: QueuedTask.objects.finished().count() >= quantity // 4, "some ran")
        connection.close()
        own_postgres.stop(immediate=True)
        time.sleep(seconds / 2)  # the outage itself
        release.touch()  # the long task ends in the middle of it: its outcome must wait
        time.sleep(seconds / 2)
        own_postgres.start()
        wait_until_final(quantity + 1, 240)
        assert [worker.process.poll() for worker in workers] == [None] * 5
        assert set(Worker.objects.living().values_list("id", flat=True)) == boots
    [long_task] = QueuedTask.objects.filter(task_path="tests.tasks.wait_for_file").values()
    assert (long_task["state"], long_task["attempt"]) == ("SUCCESSFUL", 1)
    assert len(started.read_text().split()) == 1, "it ran again although its worker lived"
    QueuedTask.objects.filter(id=long_task["id"]).delete()
    check_laws(quantity, boots)
    assert not Worker.objects.filter(released__gt=0).exists(), "somebody was rescued"
    assert not QueuedTask.objects.filter(losses__gt=0).exists()


def test_in_an_outage_a_worker_that_lives_waits_and_one_that_begins_says_why_not(
    tmp_path: Path, own_postgres: Postgres
) -> None:
    with worker_process(tmp_path / "log", *SEQUENTIAL) as worker:
        first = worker.wait_until_active().id
        connection.close()
        own_postgres.stop(immediate=True)
        worker.family[1].kill()  # a child cannot begin without the database
        late = WorkerProcess(tmp_path / "late", *SEQUENTIAL)
        assert late.process.wait(timeout=60) == 1
        assert "does not answer" in late.log.read_text()
        own_postgres.start()
        result = plain.add.enqueue(1, 2)
        wait_until(lambda: result.refresh() or result.is_finished, "the next child runs it", 60)
        assert worker.process.poll() is None
        assert boots_of(worker.process.pid) > {first}


def test_many_claimers_take_each_row_once_and_never_lock_each_other_out(
    own_postgres: Postgres,
) -> None:
    from tests.faults.claimers import race

    claimed = race(rows=20_000, claimers=16, batch=50)
    assert sum(map(len, claimed)) == 20_000
    assert len(set(itertools.chain(*claimed))) == 20_000
    assert "deadlock" not in own_postgres.log.read_text()
