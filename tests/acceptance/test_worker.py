"""Real workers, as processes, on a real database and a real Ray."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from django.db import transaction
from django.tasks import TaskResult

from django_ray_runtime.models import QueuedTask, Worker
from tests import tasks
from tests.acceptance.executors import RAY, each_executor
from tests.support import WorkerProcess, manage, wait_until, worker_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def finished(results: list[TaskResult]) -> list[TaskResult]:
    def all_finished() -> bool:
        for result in results:
            if not result.is_finished:
                result.refresh()
        return all(result.is_finished for result in results)

    wait_until(all_finished, "all tasks finish", 90)
    return results


@each_executor
def test_a_worker_runs_what_was_enqueued_and_ends_in_good_order(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with worker_process(tmp_path / "log", *arguments) as worker:
        results = finished(
            [
                tasks.add.enqueue(1, b=2),
                tasks.add_async.enqueue(3, 4),
                tasks.attempt_number.enqueue(),
                tasks.fan_out.enqueue([1, 2, 3]),
            ]
        )
        failed = finished([tasks.fail.enqueue("no"), tasks.not_json.enqueue()])
        failed += finished([tasks.leave.enqueue(), tasks.add.enqueue(1)])
        assert worker.stop() == 0
    assert [result.return_value for result in results] == [3, 7, 1, [10, 20, 30]]
    row = Worker.objects.get()
    assert row.state == "STOPPED"
    assert results[0].worker_ids == [row.id]
    assert [result.errors[0].exception_class for result in failed] == [
        ValueError, TypeError, SystemExit, TypeError,
    ]  # fmt: skip
    assert "ValueError: no" in failed[0].errors[0].traceback


@each_executor
def test_a_stop_lets_the_running_task_finish_and_hands_back_the_rest(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    with worker_process(tmp_path / "log", *arguments, "--concurrency", "6") as worker:
        results = [tasks.wait_for_file.enqueue(str(started), str(release)) for _ in range(6)]
        running = 1 if "sequential" in arguments else 2
        wait_until(
            lambda: started.exists() and len(started.read_text().split()) == running,
            "as many tasks start as there are CPUs",
        )
        wait_until(lambda: QueuedTask.objects.running().count() == 6, "all are claimed")
        worker.process.send_signal(signal.SIGTERM)
        wait_until(lambda: QueuedTask.objects.ready().count() == 6 - running, "the rest goes back")
        release.touch()
        assert worker.process.wait(timeout=60) == 0
    states = Counter(QueuedTask.objects.values_list("state", "attempt"))
    assert states == {("SUCCESSFUL", 1): running, ("READY", 0): 6 - running}
    assert len(started.read_text().split()) == running
    assert results


def test_what_outlasts_the_grace_period_goes_back_to_the_queue(tmp_path: Path) -> None:
    started = tmp_path / "started"
    arguments = ("--executor", "sequential", "--grace", "0.2")
    with worker_process(tmp_path / "log", *arguments) as worker:
        tasks.wait_for_file.enqueue(str(started), str(tmp_path / "never"))
        wait_until(started.exists, "the task starts")
        began = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - began < 30
    row = QueuedTask.objects.get()
    assert (row.state, row.attempt) == ("READY", 1)


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with worker_process(tmp_path / "log", "--executor", "sequential") as worker:
        tasks.wait_for_file.enqueue(str(started), str(tmp_path / "never"))
        wait_until(started.exists, "the task starts")
        worker.process.send_signal(signal.SIGINT)
        wait_until(lambda: Worker.objects.get().state == "DRAINING", "it drains")
        worker.process.send_signal(signal.SIGINT)
        worker.process.wait(timeout=20)
    row = QueuedTask.objects.get()
    assert (row.state, row.attempt, row.losses) == ("READY", 1, 0), "nobody is to blame"
    assert Worker.objects.get().state == "STOPPED"
    told = worker.log.read_text()
    assert "Stopping: what runs has 30 s to finish" in told
    assert told.rstrip().endswith("Stopped.")


@each_executor
def test_a_task_that_kills_its_process_runs_again_within_seconds(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with worker_process(tmp_path / "log", *arguments) as worker:
        [result] = finished([tasks.die_once.enqueue(str(tmp_path / "marker"))])
        assert result.return_value == "survived"
        assert result.attempts == 2
        assert result.errors[0].exception_class.__name__ == "WorkerLost"
        assert worker.process.poll() is None


@pytest.mark.postgresql_first
@pytest.mark.ray
def test_a_killed_worker_leaves_nothing_running_and_the_next_takes_over(tmp_path: Path) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    with worker_process(tmp_path / "log", *RAY) as worker:
        result = tasks.wait_for_file.enqueue(str(started), str(release))
        wait_until(started.exists, "the task starts")
        running = int(started.read_text())
        worker.process.kill()
        worker.process.wait()
        wait_until(lambda: not _alive(running), "the process of the task ends")
    with worker_process(tmp_path / "log2", *RAY):
        wait_until(lambda: len(started.read_text().split()) == 2, "the task starts again")
        release.touch()
        finished([result])
    assert result.return_value == "released"
    assert result.attempts == 2
    assert len(started.read_text().split()) == 2


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_workers_racing_run_every_task_once(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    ledger.touch()
    arguments = ("--executor", "sequential", "--concurrency", "20")
    with (
        worker_process(tmp_path / "one", *arguments),
        worker_process(tmp_path / "two", *arguments),
    ):
        with transaction.atomic():  # both see all of them at once
            for number in range(2_000):
                tasks.append_line.enqueue(str(ledger), number)
        wait_until(lambda: QueuedTask.objects.finished().count() == 2_000, "all are done", 120)
    lines = ledger.read_text().split()
    assert len(lines) == 2_000
    assert Counter(lines) == Counter(map(str, range(2_000)))
    rows = QueuedTask.objects.values_list("state", "attempt", "worker_ids")
    assert {(state, attempt) for state, attempt, _ in rows} == {("SUCCESSFUL", 1)}
    assert len({workers[0] for _, _, workers in rows}) == 2


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        (1, ["--queues", "nowhere"], "No queue 'nowhere'. TASKS lists: bulk, default."),
        (2, ["--concurrency", "0"], "expected a whole number of at least 1, got '0'"),
        (2, ["--grace", "-1"], "expected a number of seconds of at least 0, got '-1'"),
        (75, ["--executor", "ray", "--address", "127.0.0.1:1"], "No Ray answers at 127.0.0.1:1"),
        (75, ["--address", "ray://127.0.0.1:1"], "No Ray answers at ray://127.0.0.1:1"),
        (
            78,
            ["--address", "nonsense"],
            "A Ray address is auto, local, HOST:PORT or ray://HOST:PORT",
        ),
        (1, ["--processes", "2", "--address", "local"], "Several processes need a Ray"),
        (75, ["--executor", "dask", "--address", "127.0.0.1:1"], "No Dask answers at 127.0.0.1:1"),
        (1, ["--executor", "dask", "--processes", "2"], "Several processes need a Dask"),
    ],
)
def test_what_cannot_work_is_told_in_one_line(
    code: int, arguments: list[str], message: str
) -> None:
    run = manage("run_ray_worker", *arguments)
    assert run.returncode == code  # 75 is for what a restart may mend, as after a reboot
    assert message in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.any_database
def test_a_database_without_tables_is_told_in_one_line(tmp_path: Path) -> None:
    run = manage("run_ray_worker", DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")
    assert run.returncode == 78
    assert "Run `manage.py migrate`" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.any_database
def test_a_database_that_does_not_answer_is_told_in_one_line() -> None:
    run = manage("run_ray_worker", DATABASE_URL="postgres://u:p@127.0.0.1:1/x")
    assert run.returncode == 1
    assert "does not answer" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.any_database
@pytest.mark.ray
def test_a_dashboard_port_in_use_is_told_by_its_setting(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = manage(
            "run_ray_worker", "--executor", "ray", "--address", "local",
            RAY_DASHBOARD="true", RAY_DASHBOARD_PORT=port,
        )  # fmt: skip
    assert run.returncode != 0
    assert f"Port {port} of 127.0.0.1 (RAY_DASHBOARD_PORT) cannot be used" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_worker_whose_child_is_killed_starts_another(tmp_path: Path) -> None:
    with worker_process(tmp_path / "log", "--executor", "sequential") as worker:
        first = worker.wait_until_active()
        os.kill(_child_of(worker), signal.SIGKILL)
        wait_until(lambda: (row := worker.row) and row.id != first.id, "a new boot")
        [result] = finished([tasks.add.enqueue(1, 1)])
        assert result.return_value == 2
    assert Worker.objects.get(id=first.id).state == "DEAD"


def _child_of(worker: WorkerProcess) -> int:
    [child] = psutil.Process(worker.process.pid).children()
    return int(child.pid)


@pytest.mark.any_database
@pytest.mark.ray
def test_a_stop_lets_a_task_that_fans_out_finish(tmp_path: Path) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    with worker_process(tmp_path / "log", *RAY) as worker:
        result = tasks.fan_out_and_wait.enqueue(str(started), str(release))
        wait_until(started.exists, "its chunk runs, and the task waits for it in Ray")
        worker.process.send_signal(signal.SIGTERM)
        wait_until(lambda: Worker.objects.get().state == "DRAINING", "it drains")
        time.sleep(2)  # Ray interrupts the waits of a call it was told to cancel within a second
        release.touch()
        assert worker.process.wait(timeout=60) == 0
    result.refresh()
    assert result.return_value == ["released"]
    assert Worker.objects.get().state == "STOPPED"
    assert "ERROR" not in worker.log.read_text()


@pytest.mark.postgresql_first
@pytest.mark.ray
def test_a_worker_whose_raylet_dies_starts_anew_and_loses_nothing(tmp_path: Path) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    with worker_process(tmp_path / "log", *RAY) as worker:
        first = worker.wait_until_active()
        result = tasks.wait_for_file.enqueue(str(started), str(release))
        wait_until(started.exists, "the task starts")
        [raylet] = [p for p in _family_of(worker) if p.name() == "raylet"]
        raylet.kill()
        wait_until(lambda: len(started.read_text().split()) == 2, "it starts again", 60)
        release.touch()
        finished([result])
        assert result.return_value == "released"
        assert result.attempts == 2
        assert worker.wait_until_active().id != first.id


def test_a_child_whose_supervisor_is_killed_ends_and_its_task_runs_elsewhere(
    tmp_path: Path,
) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    arguments = ("--executor", "sequential")
    with worker_process(tmp_path / "log", *arguments) as worker:
        result = tasks.wait_for_file.enqueue(str(started), str(release))
        wait_until(started.exists, "the task starts")
        worker.process.kill()
        worker.process.wait()
        running = int(started.read_text())
        wait_until(lambda: not _alive(running), "the child ends", 20)
    with worker_process(tmp_path / "log2", *arguments):
        wait_until(lambda: len(started.read_text().split()) == 2, "the task starts again")
        release.touch()
        finished([result])
    assert result.return_value == "released"


@pytest.mark.any_database
def test_settings_that_cannot_be_used_are_told_in_one_line() -> None:
    for name, value in (("DATABASE_URL", "foo"), ("RAY_NUM_CPUS", "x")):
        run = manage("run_ray_worker", **{name: value})
        assert run.returncode != 0
        assert name in run.stderr
        assert "Traceback" not in run.stderr


def _family_of(worker: WorkerProcess) -> list[psutil.Process]:
    return psutil.Process(worker.process.pid).children(recursive=True)
