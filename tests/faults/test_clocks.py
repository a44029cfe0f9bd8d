"""Workers whose clocks are wrong: what is decided by time is decided by the database's."""

import os
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from django_ray_runtime.models import QueuedTask, Worker
from tests.faults.ledger import check_laws, runs, wait_until_final
from tests.faults.tasks import clock, work
from tests.support import wait_until, worker_process

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor == "sqlite", reason="its clock is its processes' own"),
    pytest.mark.skipif(not shutil.which("faketime"), reason="the program faketime is not there"),
    pytest.mark.usefixtures("a_ledger"),
]

OFF = 600  # seconds
SEQUENTIAL = ("--executor", "sequential", "--concurrency", "4")
LONG = 16.0  # seconds, longer than a worker may be silent


def off_by(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is wrong by so much."""
    told = subprocess.run(
        ["faketime", "-f", "+0", "env"], capture_output=True, text=True, check=True
    )
    [library] = [line for line in told.stdout.splitlines() if line.startswith("LD_PRELOAD=")]
    return {
        "LD_PRELOAD": library.partition("=")[2],
        "FAKETIME": f"{seconds:+d}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@pytest.mark.long
def test_clocks_that_are_minutes_off_change_nothing(tmp_path: Path) -> None:
    due = timezone.now() + timedelta(seconds=8)
    with (
        worker_process(tmp_path / "ahead", *SEQUENTIAL, **off_by(OFF)),
        worker_process(tmp_path / "behind", *SEQUENTIAL, **off_by(-OFF)),
    ):
        clocks = [clock.enqueue() for _ in range(12)]
        wait_until_final(12, 60)
        for result in clocks:
            result.refresh()
            assert not result.errors, result.errors[0].traceback
        wrong_by = {round((result.return_value - time.time()) / OFF) for result in clocks}
        assert wrong_by == {1, -1}, "the clocks are not off, so the test shows nothing"
        QueuedTask.objects.all().delete()

        work.enqueue_many([(LONG,)] * 2)
        wait_until(lambda: len(runs()) == 2, "both workers run a long task")
        work.enqueue_many([(0.01,)] * 300)
        later = [work.using(run_after=due).enqueue(0.01).id for _ in range(10)]
        wait_until_final(312, 120)
    ledger_of = check_laws(312)
    late_runs = [run for its_runs in ledger_of.values() for run in its_runs]
    early = [run for run in late_runs if str(run.task) in later and run.began < due.timestamp()]
    assert early == []
    assert len({run.worker for run in late_runs}) == 2
    assert not Worker.objects.filter(state="DEAD").exists(), "a false rescue"
    assert all(run.pid != os.getpid() for run in late_runs)
