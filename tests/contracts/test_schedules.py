"""What the store of periodic tasks and a worker's ticker must do, on both databases."""

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F

from django_ray_runtime import periodic as module
from django_ray_runtime.exceptions import UnknownSchedule
from django_ray_runtime.models import PeriodicTask, QueuedTask
from django_ray_runtime.periodic import disable, enable, overview, run_now
from django_ray_runtime.schedule import Schedule
from django_ray_runtime.store import Schedules, get_schedules
from django_ray_runtime.ticks import Cron, Every, Missed
from django_ray_runtime.worker.periodic import LOOK_SECONDS, Ticker
from tests import tasks

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def schedule(name: str = "hourly", task: Any = tasks.nothing, **values: Any) -> Schedule:
    return Schedule(name, task, **{"ticks": Every(HOUR), **values})


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ticker(*schedules: Schedule, clock: Clock | None = None) -> Ticker:
    made = Ticker(get_schedules(), {s.name: s for s in schedules}, clock or Clock())
    made.schedules.declare(schedules)
    made._made_known = True
    return made


def make_due(name: str = "hourly", seconds: float = 1) -> datetime:
    """Its tick was so many seconds ago."""
    tick = get_schedules().now() - timedelta(seconds=seconds)
    PeriodicTask.objects.filter(name=name).update(next_run_at=tick)
    return tick


def row(name: str = "hourly") -> PeriodicTask:
    return PeriodicTask.objects.get(name=name)


def test_the_clock_is_the_databases() -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    now = get_schedules().now()
    assert before < now < before + timedelta(seconds=10)


def test_a_declared_schedule_is_enabled_and_due_at_its_next_tick() -> None:
    get_schedules().declare([schedule()])
    kept = row()
    assert kept.enabled is True
    assert (kept.task_path, kept.schedule) == ("tests.tasks.nothing", "every 1 h")
    assert kept.next_run_at == schedule().next_tick(get_schedules().now())
    assert (kept.last_run_at, kept.last_task) == (None, None)


def test_declaring_again_changes_nothing_and_deletes_nothing() -> None:
    get_schedules().declare([schedule(), schedule("other")])
    make_due(seconds=-5)
    before = list(PeriodicTask.objects.values())
    get_schedules().declare([schedule()])
    assert list(PeriodicTask.objects.values()) == before


def test_a_changed_declaration_has_a_new_next_tick_and_stays_as_it_was_switched() -> None:
    get_schedules().declare([schedule(), schedule("off")])
    get_schedules().disable("off")
    changed = {"ticks": Cron("0 3 * * *", "Europe/Lisbon"), "missed": Missed.ONCE}
    get_schedules().declare([schedule(**changed), schedule("off", **changed)])
    assert row().schedule == row("off").schedule == "0 3 * * * Europe/Lisbon"
    assert row().next_run_at == schedule(**changed).next_tick(get_schedules().now())
    assert row().missed == "once"
    assert (row("off").enabled, row("off").next_run_at) == (False, None)


def test_a_tick_is_enqueued_with_its_arguments_and_noted() -> None:
    worker = ticker(schedule(task=tasks.add.using(queue_name="bulk"), args=(1,), kwargs={"b": 2}))
    make_due()
    assert worker.run() == 1
    queued = QueuedTask.objects.get()
    assert (queued.task_path, queued.args, queued.kwargs) == ("tests.tasks.add", [1], {"b": 2})
    assert queued.queue_name == "bulk"
    assert row().last_task == queued.id
    assert row().last_run_at is not None
    assert row().next_run_at == schedule().next_tick(get_schedules().now())


def test_nothing_is_enqueued_before_its_tick() -> None:
    worker = ticker(schedule())
    make_due(seconds=-30)
    assert worker.run() == 0
    assert get_schedules().due(["hourly"]) == []
    assert not QueuedTask.objects.exists()


def race(action: Any, count: int = 8) -> list[Any]:
    """`action` in so many threads at once; what each returned."""
    barrier, results = threading.Barrier(count), []

    def run() -> None:
        try:
            barrier.wait()
            results.append(action())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


def test_each_tick_is_enqueued_once_however_many_workers_run() -> None:
    names = [f"s{n}" for n in range(5)]
    schedules = [schedule(name) for name in names]
    workers = iter([ticker(*schedules) for _ in range(8)])
    for name in names:
        make_due(name)
    assert sum(race(lambda: next(workers).run())) == 5
    assert QueuedTask.objects.count() == 5


def test_one_of_many_that_read_the_same_row_enqueues_it() -> None:
    ticker(schedule())
    make_due()
    [seen] = get_schedules().due(["hourly"])

    def tick() -> bool:
        return get_schedules().tick(
            seen, seen.now + HOUR, lambda: uuid.UUID(tasks.nothing.enqueue().id)
        )

    assert sorted(race(tick)) == [False] * 7 + [True]
    assert QueuedTask.objects.count() == 1


def test_many_workers_may_declare_at_once() -> None:
    schedules = [schedule(f"s{n}") for n in range(20)]
    race(lambda: get_schedules().declare(schedules))
    assert PeriodicTask.objects.count() == 20


def test_an_enqueue_that_fails_leaves_the_tick_due_and_the_others_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    bad = schedule("bad")
    worker = ticker(bad, schedule("good"), clock=clock)
    tick = make_due("bad", seconds=2)
    make_due("good")
    object.__setattr__(bad, "kwargs", {"x": object()})
    assert worker.run() == 1
    assert "Periodic task bad could not be enqueued" in caplog.text
    kept = row("bad")
    assert (kept.next_run_at, kept.last_run_at) == (tick, None)
    # It is not tried again at once: a second later on the database's clock.
    object.__setattr__(bad, "kwargs", {})
    clock.now = worker._quiet_until
    assert 0.5 < clock.now <= LOOK_SECONDS
    assert worker.run() == 0
    worker._failures["bad"] = (1, get_schedules().now() - timedelta(seconds=1))
    clock.now = worker._quiet_until
    assert worker.run() == 1
    assert worker._failures == {}


def test_the_enqueued_row_is_undone_with_the_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = ticker(schedule())
    tick = make_due()

    def fail(*_: object) -> None:
        raise RuntimeError("after the enqueue")

    monkeypatch.setattr(Schedules, "_note_run", fail)
    assert worker.run() == 0
    assert not QueuedTask.objects.exists()
    assert row().next_run_at == tick


def test_an_outage_is_for_the_loop_to_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = ticker(schedule())
    make_due()

    def fail(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(Schedules, "tick", fail)
    with pytest.raises(OperationalError):
        worker.run()


@pytest.mark.parametrize(
    ("missed", "late", "enqueued"),
    [
        (Missed.SKIP, 50, 1),  # a worker may take that long to be restarted
        (Missed.SKIP, 70, 0),
        (Missed.SKIP, 100_000, 0),
        (Missed.ONCE, 70, 1),
        (Missed.ONCE, 100_000, 1),
    ],
)
def test_what_becomes_of_missed_ticks(missed: Missed, late: float, enqueued: int) -> None:
    # Once a year, so that no other tick lies within the last minute whenever this runs.
    far = get_schedules().now() + timedelta(days=90)
    yearly = schedule(ticks=Cron(f"0 0 {min(far.day, 28)} {far.month} *", "UTC"), missed=missed)
    worker = ticker(yearly)
    make_due(seconds=late)
    assert worker.run() == enqueued
    assert QueuedTask.objects.count() == enqueued
    assert row().next_run_at == yearly.next_tick(get_schedules().now())
    worker._quiet_until = 0.0
    assert worker.run() == 0


def test_of_many_missed_ticks_the_latest_is_not_missed_while_it_is_fresh() -> None:
    worker = ticker(schedule(ticks=Every(timedelta(seconds=30))))
    make_due(seconds=3600)
    assert worker.run() == 1


def test_a_disabled_schedule_is_not_due_and_makes_nothing_up() -> None:
    worker = ticker(schedule(missed=Missed.ONCE))
    make_due(seconds=5000)
    assert get_schedules().disable("hourly") is True
    assert worker.run() == 0
    assert get_schedules().enable("hourly", schedule()) is True
    assert row().next_run_at == schedule().next_tick(get_schedules().now())
    worker._quiet_until = 0.0
    assert worker.run() == 0
    assert not QueuedTask.objects.exists()


def test_a_schedule_switched_off_between_the_look_and_the_tick_is_not_enqueued() -> None:
    ticker(schedule())
    make_due()
    [seen] = get_schedules().due(["hourly"])
    get_schedules().disable("hourly")
    assert get_schedules().tick(seen, seen.now + HOUR, lambda: None) is False


def test_enabled_where_it_is_not_known_a_worker_computes_the_tick() -> None:
    worker = ticker(schedule(missed=Missed.ONCE))
    get_schedules().disable("hourly")
    enable("hourly")
    assert (row().enabled, row().next_run_at) == (True, None)
    assert worker.run() == 0
    assert row().next_run_at == schedule().next_tick(get_schedules().now())


def test_enabling_what_is_enabled_keeps_its_tick() -> None:
    ticker(schedule())
    tick = make_due()
    assert get_schedules().enable("hourly", schedule()) is True
    assert row().next_run_at == tick


def test_a_worker_leaves_alone_what_another_version_declares(
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = ticker(schedule(), schedule("mine"))
    new = ticker(schedule(ticks=Every(2 * HOUR)), schedule("unknown"))
    for name in ("hourly", "unknown"):
        make_due(name)
    assert old.run() == 0
    assert "leaves it alone" in caplog.text
    assert new.run() == 2


def test_a_quiet_ticker_asks_the_database_nothing_until_a_tick_has_come(
    django_assert_num_queries: Any,
) -> None:
    clock = Clock()
    worker = ticker(schedule("soon"), schedule("later"), clock=clock)
    make_due("soon", seconds=-3)
    make_due("later", seconds=-4000)
    worker.run()
    assert 2 < worker._quiet_until <= 3
    clock.now = 1.9
    with django_assert_num_queries(0):
        worker.run()
    PeriodicTask.objects.update(next_run_at=F("next_run_at") + HOUR)
    clock.now = 3.0
    with django_assert_num_queries(1):
        worker.run()
    assert worker._quiet_until == 3.0 + LOOK_SECONDS


def test_run_now_enqueues_even_what_is_disabled_and_keeps_the_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_declared", {"hourly": schedule(task=tasks.add, args=(1, 2))})
    result = run_now("hourly")
    assert (row().last_task, result.args) == (uuid.UUID(result.id), [1, 2])
    next_run_at = row().next_run_at
    disable("hourly")
    run_now("hourly")
    assert QueuedTask.objects.count() == 2
    assert (row().enabled, row().next_run_at) == (False, None)
    enable("hourly")
    assert row().next_run_at == next_run_at


def test_names_that_are_not_known_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_declared", {"mine": schedule("mine")})
    get_schedules().declare([schedule("foreign")])
    with pytest.raises(UnknownSchedule, match=r"'foreign'.* declares: mine.*known to this process"):
        run_now("foreign")
    for switch in (enable, disable):
        switch("foreign")
        with pytest.raises(UnknownSchedule, match="'nowhere'"):
            switch("nowhere")
    assert not QueuedTask.objects.exists()


def test_the_overview_has_what_workers_keep_and_what_only_this_process_declares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_declared", {"mine": schedule("mine")})
    get_schedules().declare([schedule("foreign")])
    found = {status.name: status for status in overview()}
    assert list(found) == ["foreign", "mine"]
    assert (found["foreign"].declared_here, found["mine"].declared_here) == (False, True)
    assert found["mine"].enabled is True
    assert found["mine"].next_run_at == schedule().next_tick(get_schedules().now())
    assert not PeriodicTask.objects.filter(name="mine").exists()  # looking changes nothing
