"""Workers are killed, frozen and replaced while others live: nothing is lost."""

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from django_ray_runtime.models import QueuedTask, Worker
from tests import tasks as plain
from tests.faults.killing import Killed
from tests.faults.ledger import (
    boots_of,
    check_laws,
    database_seconds,
    has_run,
    runs,
    wait_until_final,
)
from tests.faults.tasks import work
from tests.support import WorkerProcess, wait_until, worker_process

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("a_ledger")]

HELD = 20  # tasks that a worker holds to run them each for itself
AHEAD = 20  # tasks of 10 ms beside these that are given in packs: what runs in 0.2 s
BACKLOG = 500
SEQUENTIAL = ("--executor", "sequential", "--concurrency", str(HELD))
RESTART_SECONDS = 20.0  # from the kill of a whole worker until its task runs again


@pytest.mark.parametrize(
    ("kills", "quantity", "pause"),
    [
        pytest.param(3, 1_500, 1.0, id="quick", marks=pytest.mark.brief),
        pytest.param(20, 10_000, 1.0, id="full", marks=pytest.mark.long),
    ],
)
def test_nothing_is_lost_when_a_worker_is_killed_again_and_again(
    tmp_path: Path, kills: int, quantity: int, pause: float
) -> None:
    work.enqueue_many([(0.01,)] * quantity)
    killed = Killed()

    def has_work_and_runs(boot: str) -> bool:
        nonlocal quantity
        if QueuedTask.objects.ready().count() < BACKLOG:  # the survivor may be quick
            work.enqueue_many([(0.01,)] * BACKLOG)
            quantity += BACKLOG
        return has_run(boot)

    with ExitStack() as stack:
        survivor = stack.enter_context(worker_process(tmp_path / "survivor", *SEQUENTIAL))
        for number in range(kills):
            victim = WorkerProcess(tmp_path / f"victim{number}", *SEQUENTIAL)
            stack.callback(victim.stop)
            boot = victim.wait_until_active()
            wait_until(lambda boot=boot: has_work_and_runs(boot.id), "it runs tasks")
            time.sleep(pause)  # not a wait for something: so long it may work
            has_work_and_runs(boot.id)
            killed.kill(victim)
        wait_until_final(quantity, 240)
        assert survivor.process.poll() is None
    ledger_of = check_laws(quantity, killed.boots)
    restarts = killed.restarts(ledger_of)
    assert len(restarts) >= kills, "the workers held nothing, so the test shows nothing"
    assert max(restarts) <= RESTART_SECONDS
    assert len(restarts) <= kills * (HELD + AHEAD)
    assert not QueuedTask.objects.filter(losses__gt=1).exists()


@pytest.mark.parametrize(
    "executor",
    ["sequential", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.long])],
)
def test_a_child_that_dies_under_its_supervisor_loses_its_tasks_for_seconds_only(
    tmp_path: Path, executor: str
) -> None:
    arguments = ("--executor", executor, "--address", "local")
    with worker_process(tmp_path / "log", *arguments) as worker:
        result = work.enqueue(3.0)
        wait_until(lambda: len(runs()) == 1, "the task starts")
        boots = boots_of(worker.process.pid)
        worker.family[1].kill()
        at = database_seconds()
        wait_until(lambda: QueuedTask.objects.ready().exists(), "it goes back", 5)
        wait_until(lambda: len(next(iter(runs().values()))) == 2, "it runs again", 60)
        [its_runs] = runs().values()
        # Two seconds, and five with a new Ray, on a machine that does nothing else.
        assert its_runs[1].began - at <= (20.0 if executor == "sequential" else 60.0)
        wait_until_final(1, 30)
    check_laws(1, boots)
    result.refresh()
    assert result.errors[0].exception_class.__name__ == "WorkerLost"
    assert next(iter(boots)) in result.errors[0].traceback


@pytest.mark.parametrize(
    ("rounds", "quantity"),
    [
        pytest.param(2, 600, id="quick", marks=pytest.mark.brief),
        pytest.param(10, 4_000, id="full", marks=pytest.mark.long),
    ],
)
def test_a_rolling_restart_fails_cancels_and_loses_nothing(
    tmp_path: Path, rounds: int, quantity: int
) -> None:
    work.enqueue_many([(0.02,)] * quantity)
    with ExitStack() as stack:
        fleet = [
            stack.enter_context(worker_process(tmp_path / f"first{n}", *SEQUENTIAL))
            for n in range(2)
        ]
        for number in range(rounds):
            old = fleet.pop(0)
            log = tmp_path / f"round{number}"
            fleet.append(stack.enter_context(worker_process(log, *SEQUENTIAL)))
            assert old.stop() == 0
        wait_until_final(quantity, 240)
        ends = [worker.stop() for worker in fleet]
    assert ends == [0, 0]
    ledger_of = check_laws(quantity)
    assert all(len(its_runs) == 1 for its_runs in ledger_of.values())
    assert set(QueuedTask.objects.values_list("attempt", "failures", "losses")) == {(1, 0, 0)}
    assert set(Worker.objects.values_list("state", flat=True)) == {"STOPPED"}


@pytest.mark.parametrize(
    "frozen",
    [
        pytest.param(20.0, id="quick", marks=pytest.mark.brief),
        pytest.param(60.0, id="full", marks=pytest.mark.long),
    ],
)
def test_a_worker_that_was_frozen_finds_its_outcomes_refused(tmp_path: Path, frozen: float) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    arguments = ("--executor", "sequential")
    with (
        worker_process(tmp_path / "frozen", *arguments) as victim,
        ExitStack() as stack,
    ):
        result = plain.wait_for_file.enqueue(str(started), str(release))
        wait_until(started.exists, "the task starts")
        first = victim.wait_until_active().id
        stack.enter_context(worker_process(tmp_path / "other", *arguments))
        victim.signal_whole(signal.SIGSTOP)
        until = time.monotonic() + frozen
        wait_until(lambda: len(started.read_text().split()) == 2, "it runs elsewhere", frozen)
        time.sleep(max(0.0, until - time.monotonic()))  # as long as it is to be frozen
        release.touch()  # both runs may end now
        wait_until_final(1, 30)
        row = QueuedTask.objects.values().get()
        victim.signal_whole(signal.SIGCONT)
        wait_until(lambda: victim.wait_until_active().id != first, "it starts anew", 30)
        assert QueuedTask.objects.values().get() == row, "its late outcome changed the row"
    result.refresh()
    assert (result.return_value, result.attempts) == ("released", 2)
    assert Worker.objects.get(id=first).state == "DEAD"
