"""A database that was copied while a worker ran, and restored elsewhere."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from django_ray_runtime.models import QueuedTask
from tests import tasks
from tests.acceptance.executors import SEQUENTIAL
from tests.copies import dump, restored, rows
from tests.support import WorkerProcess, manage, wait_until, worker_process

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.postgresql_first,
]

HASTY = {"DJANGO_SETTINGS_MODULE": "tests.hasty_settings"}
STATES = "SELECT state, count(*) FROM django_ray_runtime_queuedtask GROUP BY state"
TASKS = (
    "SELECT task_path, state, attempt, finished_at FROM django_ray_runtime_queuedtask ORDER BY id"
)


def work_off(url: str) -> None:
    """A worker until nothing is left that could run now."""
    done = manage("run_ray_worker", *SEQUENTIAL, "--batch", DATABASE_URL=url, **HASTY)
    assert done.returncode == 0, done.stderr


def test_a_copy_of_a_queue_at_work_loses_nothing_and_ends_what_was_running(tmp_path: Path) -> None:
    lines, started, release = tmp_path / "lines", tmp_path / "started", tmp_path / "release"
    copy = tmp_path / "copy"
    with worker_process(tmp_path / "log", *SEQUENTIAL, **HASTY) as worker:
        before = [tasks.append_line.enqueue(str(lines), f"before {n}") for n in range(3)]
        wait_until(lambda: QueuedTask.objects.finished().count() == 3, "three end")
        running = tasks.wait_for_file.enqueue(str(started), str(release))
        wait_until(started.exists, "one runs")
        waiting = [tasks.append_line.enqueue(str(lines), f"after {n}") for n in range(4)]
        tomorrow = timezone.now() + timedelta(days=1)
        tasks.append_line.using(run_after=tomorrow).enqueue(str(lines), "tomorrow")
        dump(copy)
        worker.kill_whole()
    release.touch()
    with restored(copy) as url:
        at_the_dump = rows(url, TASKS)
        assert len(at_the_dump) == len(before) + 1 + len(waiting) + 1

        # Looked at first: nothing is taken from a paused queue, and the lost worker is found out.
        assert manage("pause_queues", "--all", DATABASE_URL=url).returncode == 0
        worker = WorkerProcess(tmp_path / "log2", *SEQUENTIAL, DATABASE_URL=url, **HASTY)
        try:
            wait_until(lambda: "RUNNING" not in dict(rows(url, STATES)), "what ran is given back")
        finally:
            assert worker.stop() == 0, worker.log.read_text()
        assert dict(rows(url, STATES)) == {"SUCCESSFUL": 3, "READY": 5, "SCHEDULED": 1}
        assert len(lines.read_text().split("\n")) == 3 + 1

        assert manage("pause_queues", "--all", "--resume", DATABASE_URL=url).returncode == 0
        work_off(url)
        assert dict(rows(url, STATES)) == {"SUCCESSFUL": 8, "SCHEDULED": 1}
        after = rows(url, TASKS)
        assert after[:3] == at_the_dump[:3], "what had ended is as it was"
        assert [row[2] for row in after] == [1, 1, 1, 2, 1, 1, 1, 1, 0]
    assert len(started.read_text().split()) == 2, "what ran at the dump runs again"
    done = lines.read_text().split("\n")[:-1]
    assert done == [f"before {n}" for n in range(3)] + [f"after {n}" for n in range(4)]
    running.refresh()
    assert running.status == "RUNNING", "in the database that was left behind"
