"""What people were promised about tasks that run by the clock, with real workers."""

import json
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from django.db.models.functions import Now

from django_ray_runtime.models import PeriodicTask, QueuedTask
from tests.support import manage, wait_until, worker_process

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.acceptance,
    pytest.mark.slow,
]
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.periodic_settings"}
ARGUMENTS = ("--executor", "sequential")


def periodic_tasks(*arguments: str, **extra: str) -> str:
    done = manage("periodic_tasks", *arguments, **{**SETTINGS, **extra})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_workers_run_each_tick_once(tmp_path: Path) -> None:
    with ExitStack() as workers:
        for name in ("one", "two"):
            workers.enter_context(worker_process(tmp_path / name, *ARGUMENTS, **SETTINGS))
        first = QueuedTask.objects.count()
        wait_until(lambda: QueuedTask.objects.count() >= first + 5, "five more ticks are enqueued")
        wait_until(lambda: QueuedTask.objects.finished().count() >= first + 4, "they run")
    rows = list(QueuedTask.objects.filter(args=["tick"]).order_by("enqueued_at"))
    gaps = [(b.enqueued_at - a.enqueued_at).total_seconds() for a, b in pairwise(rows)]
    # Each tick twice would be twice as many as there were seconds.
    assert len(rows) <= sum(gaps) + 2
    assert 0.5 < median(gaps) < 1.5
    assert all(row.return_value == "tick" for row in rows if row.state == "SUCCESSFUL")
    kept = PeriodicTask.objects.get(name="each second")
    assert kept.last_task == rows[-1].id
    assert kept.next_run_at - rows[-1].enqueued_at <= timedelta(seconds=1)


@pytest.mark.postgresql_first
def test_people_see_and_switch_them(tmp_path: Path) -> None:
    table = periodic_tasks()
    assert "each second" in table
    assert "0 3 29 2 * Europe/Lisbon" in table
    assert max(map(len, table.splitlines())) <= 80
    periodic_tasks("--disable", "each second")
    with worker_process(tmp_path / "log", *ARGUMENTS, **SETTINGS):
        output = periodic_tasks("--run", "leap day")
        wait_until(lambda: QueuedTask.objects.finished().exists(), "it runs")
        leap = QueuedTask.objects.exclude(args=["tick"]).get()
        assert str(leap.id) in output
        # The worker was up meanwhile, and left alone what is off.
        assert not QueuedTask.objects.filter(args=["tick"]).exists()
        periodic_tasks("--enable", "each second")
        wait_until(lambda: QueuedTask.objects.filter(args=["tick"]).exists(), "it is on again")
    listed = {row["name"]: row for row in json.loads(periodic_tasks("--json"))}
    assert listed["leap day"]["last_task"] == str(leap.id)
    assert listed["each second"]["enabled"] is True


@pytest.mark.postgresql_first
def test_a_worker_that_was_down_makes_up_nothing(tmp_path: Path) -> None:
    periodic_tasks("--disable", "each second")
    periodic_tasks("--disable", "leap day")
    periodic_tasks("--enable", "leap day")
    due = PeriodicTask.objects.get(name="leap day").next_run_at
    PeriodicTask.objects.filter(name="leap day").update(next_run_at=Now() - timedelta(days=3))
    log = tmp_path / "log"
    with worker_process(log, *ARGUMENTS, **SETTINGS):
        wait_until(
            lambda: PeriodicTask.objects.get(name="leap day").next_run_at == due, "it is moved on"
        )
    assert not QueuedTask.objects.exists()
    assert "Periodic task leap day was not enqueued when it was due" in log.read_text()


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--run", "nowhere"), "No periodic task 'nowhere' here. This process declares: each"),
        (("--enable", "nowhere"), "No periodic task 'nowhere'"),
        (("--json", "--run", "leap day"), "not allowed with argument"),
    ],
)
def test_a_name_that_is_not_known_is_refused_in_one_line(
    arguments: tuple[str, ...], words: str
) -> None:
    done = manage("periodic_tasks", *arguments, **SETTINGS)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.any_database
def test_without_any_the_list_says_how_to_declare_one() -> None:
    assert "@periodic(cron=" in periodic_tasks(DJANGO_SETTINGS_MODULE="tests.runtime_settings")


@pytest.mark.any_database
def test_help_teaches() -> None:
    text = periodic_tasks("--help")
    for word in ("@periodic", "--disable", "--run NAME", "For instance"):
        assert word in text
