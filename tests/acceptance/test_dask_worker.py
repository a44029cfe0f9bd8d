"""A real worker with a Dask of its own. Everything else that a worker must do runs on it as well
in `test_worker.py` and `test_control.py`, which takes too long for every change."""

from pathlib import Path

import psutil
import pytest

from django_ray_runtime.control import cancel
from django_ray_runtime.exceptions import Cancelled, TaskTimeout, WorkerLost
from django_ray_runtime.models import Attempt, QueuedTask, Worker
from tests import tasks
from tests.acceptance.test_control import last_error
from tests.acceptance.test_worker import finished
from tests.support import lives, wait_until, worker_process

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.any_database,
    pytest.mark.slow,
]

LOCAL = ("--executor", "dask", "--address", "local")
GRACE = {"DJANGO_SETTINGS_MODULE": "tests.short_grace_settings"}


def test_a_worker_with_a_dask_of_its_own(tmp_path: Path) -> None:
    """What it runs, what fans out, what only force ends, a process that is lost; and its end."""
    with worker_process(tmp_path / "log", *LOCAL, **GRACE) as worker:
        row = worker.wait_until_active()
        assert (row.executor, row.concurrency) == ("dask", 2)
        several = [tasks.add_async.enqueue(3, 4), tasks.fan_out.enqueue([1, 2, 3])]
        said, failed = tasks.print_and_log.enqueue(), tasks.fail.enqueue("no")
        stubborn = tasks.ignore_everything.using(timeout=0.5).enqueue(str(tmp_path / "stubborn"))
        finished([*several, said, failed, stubborn])
        assert [result.return_value for result in several] == [7, [10, 20, 30]]
        assert Attempt.objects.get(task_id=said.id).output == (
            "line 0\nto stderr\nWARNING tests.tasks: logged é\n"
        )
        assert last_error(failed) is ValueError
        assert (stubborn.state, last_error(stubborn)) == ("FAILED", TaskTimeout)
        process = int((tmp_path / "stubborn").read_text())
        wait_until(lambda: not psutil.pid_exists(process), "its process ends")

        dies = tasks.die_once.enqueue(str(tmp_path / "marker"))
        waits = tasks.fan_out_and_wait.enqueue(str(tmp_path / "chunk"), str(tmp_path / "never"))
        finished([dies])
        assert (dies.return_value, dies.attempts, last_error(dies)) == ("survived", 2, WorkerLost)
        wait_until((tmp_path / "chunk").exists, "the chunk of the other runs")
        cancel(waits.id)
        finished([waits])
        assert (waits.state, last_error(waits)) == ("CANCELLED", Cancelled)
        family = worker.family
        assert worker.stop() == 0
        assert [process for process in family if lives(process)] == []
    assert Worker.objects.get().state == "STOPPED"
    assert QueuedTask.objects.get(id=stubborn.id).losses == 0
