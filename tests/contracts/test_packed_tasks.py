"""Short tasks of the queue travel in packs: what that must not change."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.tasks import Task

from django_ray_runtime import control
from django_ray_runtime.executors import BackgroundExecutor, Executor
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.records import StopReason
from django_ray_runtime.states import State
from django_ray_runtime.store import Store
from django_ray_runtime.testing import HeldExecutor
from django_ray_runtime.worker.dispatcher import Dispatcher
from tests import tasks
from tests.support import wait_until

pytestmark = pytest.mark.slow

QUEUES = ["default"]


class Packing:
    """A dispatcher whose executor has a lane ready, and which knows tasks as short."""

    def __init__(self, store: Store, executor: Executor, worker: str) -> None:
        self.executor = executor
        self.dispatcher = Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=2)
        wait_until(self._has_lane, "a lane is ready")

    def knows_as_short(self, *known: Task) -> None:
        for one in known:
            self.dispatcher._flight._speeds.note(one.module_path, 0.0001)

    def turn(self) -> bool:
        self.dispatcher.flush()
        self.dispatcher.fill()
        return self.dispatcher.idle

    def finish(self) -> None:
        """Until nothing is left to do."""
        wait_until(self.turn, "all is done")

    def until(self, condition: Callable[[], Any], what: str) -> None:
        wait_until(lambda: self.turn() is not None and condition(), what)

    @property
    def packed(self) -> int:
        return len(self.dispatcher._flight._packed)

    def _has_lane(self) -> Any:
        packs = self.dispatcher._packs
        return packs is not None and packs.collect() is not None and packs.room(2)


@pytest.fixture(params=["background", "ray"])
def packing(request: pytest.FixtureRequest, store: Store, worker: str) -> Iterator[Packing]:
    made = _ray(request) if request.param == "ray" else BackgroundExecutor()
    yield Packing(store, made, worker)
    made.close()


@pytest.fixture
def on_ray(request: pytest.FixtureRequest, store: Store, worker: str) -> Iterator[Packing]:
    made = _ray(request)
    yield Packing(store, made, worker)
    made.close()


def _ray(request: pytest.FixtureRequest) -> Executor:
    request.getfixturevalue("ray_cluster_here")
    from django_ray_runtime.executors.ray import RayExecutor

    return RayExecutor()


def row(result: Any) -> QueuedTask:
    return QueuedTask.objects.get(id=result.id)


def test_short_tasks_travel_together_and_end_as_ever(packing: Packing) -> None:
    packing.knows_as_short(tasks.add, tasks.fail)
    results = tasks.add.enqueue_many([(n, 1) for n in range(40)])
    failing = tasks.fail.enqueue("no")
    packing.turn()
    assert packing.packed
    packing.finish()
    assert [row(one).return_value for one in results] == list(range(1, 41))
    assert (row(failing).state, row(failing).attempt) == (State.FAILED, 1)
    assert "ValueError: no" in Attempt.objects.get(task_id=failing.id).traceback


@pytest.mark.parametrize(
    "options",
    [{"timeout": 60}, {"num_cpus": 0.5}, {"memory": 1000}, {"resources": {"disk": 1}},
     {"runtime_env": {"env_vars": {"A": "1"}}}],
)  # fmt: skip
def test_what_declares_a_timeout_or_resources_travels_alone(
    store: Store, worker: str, options: dict[str, Any]
) -> None:
    executor = BackgroundExecutor()
    dispatcher = Dispatcher(store, executor, worker=worker, queues=QUEUES, concurrency=2)
    dispatcher._flight._speeds.note(tasks.nothing.module_path, 0.0001)
    tasks.nothing.enqueue()
    tasks.nothing.using(**options).enqueue()
    plain, special = store.claim(QUEUES, 2, worker)
    assert dispatcher._flight.choose_pack([plain, special]) == [plain]
    assert dispatcher._flight.choose_pack([special]) == []
    executor.close()


def test_what_is_not_known_as_short_travels_alone(packing: Packing) -> None:
    packing.knows_as_short(tasks.nothing)
    tasks.add.enqueue(1, 2)
    packed: list[int] = []

    def turn() -> bool:
        packed.append(packing.packed)
        return packing.turn()

    wait_until(turn, "all is done")
    assert set(packed) == {0}


def test_more_is_claimed_ahead_as_long_as_all_of_it_is_short(
    store: Store, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher = Dispatcher(
        store, BackgroundExecutor(), worker=worker, queues=QUEUES, concurrency=2
    )
    dispatcher._flight._speeds.note(tasks.nothing.module_path, 0.0001)
    monkeypatch.setattr(dispatcher._flight._speeds, "note", lambda path, seconds: None)
    tasks.nothing.enqueue_many([()] * 200)
    claimed = []
    while not dispatcher.idle or QueuedTask.objects.ready().exists():
        claimed.append(dispatcher.fill())
        dispatcher.flush()
    dispatcher.executor.close()
    assert claimed[0] == 2
    assert max(claimed) > 16


def test_what_was_claimed_ahead_and_is_not_short_goes_back_unspent(
    store: Store, worker: str
) -> None:
    dispatcher = Dispatcher(
        store, BackgroundExecutor(), worker=worker, queues=QUEUES, concurrency=1
    )
    dispatcher._flight._speeds.note(tasks.nothing.module_path, 0.0001)
    dispatcher._flight._ahead = 50
    tasks.add.enqueue_many([(n, n) for n in range(20)])
    assert dispatcher.fill() == 20
    dispatcher.flush()
    attempts = QueuedTask.objects.ready().values_list("attempt", flat=True)
    assert (len(attempts), set(attempts)) == (19, {0})
    dispatcher.executor.close()


def test_short_tasks_claimed_ahead_go_back_where_a_long_one_has_the_slot(
    store: Store, worker: str, tmp_path: Path
) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    dispatcher = Dispatcher(
        store, BackgroundExecutor(), worker=worker, queues=QUEUES, concurrency=1
    )
    dispatcher._flight._speeds.note(tasks.nothing.module_path, 0.0001)
    tasks.wait_for_file.enqueue(str(started), str(release))
    dispatcher.fill()
    wait_until(started.exists, "the long one runs")
    dispatcher._flight._ahead = 50
    tasks.nothing.enqueue_many([()] * 20)
    dispatcher.fill()
    dispatcher.flush()
    attempts = QueuedTask.objects.ready().values_list("attempt", flat=True)
    assert (len(attempts), set(attempts)) == (19, {0})  # others may take them meanwhile
    release.touch()
    wait_until(lambda: dispatcher.flush() is not None and dispatcher.start() is None
               and dispatcher.idle, "both have ended")  # fmt: skip
    dispatcher.executor.close()


def test_short_tasks_run_alone_beside_a_suspect(on_ray: Packing, tmp_path: Path) -> None:
    on_ray.knows_as_short(tasks.nothing)
    started, release = tmp_path / "started", tmp_path / "release"
    suspect = tasks.wait_for_file.enqueue(str(started), str(release))
    QueuedTask.objects.update(suspect=True)
    on_ray.until(started.exists, "the suspect runs")
    rest = tasks.nothing.enqueue_many([()] * 5)
    ended = {State.SUCCESSFUL}
    on_ray.until(lambda: {row(one).state for one in rest} == ended, "the others end")
    assert row(suspect).state == State.RUNNING
    release.touch()
    on_ray.finish()


def test_a_suspect_runs_beside_a_packed_task_that_takes_long(
    on_ray: Packing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_ray_runtime.executors.ray_lanes.SLOW_SECONDS", 0.0)
    on_ray.knows_as_short(tasks.wait_for_file)
    started, release = tmp_path / "started", tmp_path / "release"
    slow = tasks.wait_for_file.enqueue(str(started), str(release))
    on_ray.until(started.exists, "the slow one runs")
    assert on_ray.packed
    suspect = tasks.add.enqueue(1, 2)
    QueuedTask.objects.filter(id=suspect.id).update(suspect=True)
    on_ray.turn()
    assert on_ray.dispatcher.in_flight == 1  # what else runs is not known yet
    on_ray.dispatcher.relieve()
    on_ray.until(lambda: row(suspect).state == State.SUCCESSFUL, "the suspect ends")
    assert row(slow).state == State.RUNNING
    release.touch()
    on_ray.finish()


def test_of_a_pack_no_task_is_named_as_running(store: Store, worker: str) -> None:
    dispatcher = Dispatcher(
        store, BackgroundExecutor(), worker=worker, queues=QUEUES, concurrency=2
    )
    dispatcher._flight._speeds.note(tasks.nothing.module_path, 0.0001)
    tasks.nothing.enqueue_many([()] * 2)
    claims = store.claim(QUEUES, 2, worker)
    assert not dispatcher._flight.short  # so that what runs is told exactly, where it can be
    assert dispatcher._flight.known_with(claims[:1]) is None
    assert dispatcher._flight.known_with(claims) is None
    dispatcher.executor.close()


def test_a_crash_charges_only_the_task_that_ran(on_ray: Packing, tmp_path: Path) -> None:
    on_ray.knows_as_short(tasks.append_line, tasks.die_once)
    trace = tmp_path / "trace"
    before = tasks.append_line.enqueue_many([(str(trace), str(n)) for n in range(5)])
    poison = tasks.die_once.enqueue(str(tmp_path / "marker"))
    after = tasks.append_line.enqueue_many([(str(trace), str(n)) for n in range(5, 10)])
    on_ray.finish()
    assert row(poison).return_value == "survived"
    assert (row(poison).attempt, row(poison).losses) == (2, 1)
    for one in (*before, *after):
        assert (row(one).state, row(one).attempt, row(one).losses) == (State.SUCCESSFUL, 1, 0)
    assert sorted(map(int, trace.read_text().split())) == list(range(10))  # each ran once
    assert list(Attempt.objects.values_list("task_id", flat=True)) == [uuid.UUID(poison.id)]


def test_a_cancel_ends_the_task_that_runs_and_gives_back_the_rest(
    on_ray: Packing, tmp_path: Path
) -> None:
    on_ray.knows_as_short(tasks.wait_for_file, tasks.add)
    started, release = tmp_path / "started", tmp_path / "release"
    first = tasks.add.enqueue(1, 1)
    slow = tasks.wait_for_file.enqueue(str(started), str(release))
    rest = tasks.add.enqueue_many([(2, 2)] * 3)
    on_ray.until(started.exists, "the slow one runs")
    on_ray.until(lambda: row(first).state == State.SUCCESSFUL, "what ended before it is written")
    control.cancel(slow.id)
    reasons = {uuid.UUID(slow.id): StopReason.CANCEL}
    on_ray.dispatcher.stop_tasks(0.0, reasons)
    on_ray.finish()
    assert (row(slow).state, row(slow).attempt) == (State.CANCELLED, 1)
    assert [(row(one).state, row(one).attempt) for one in rest] == [(State.SUCCESSFUL, 1)] * 3


def test_what_was_packed_with_a_slow_task_does_not_wait_for_it(
    on_ray: Packing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_ray_runtime.executors.ray_lanes.SLOW_SECONDS", 0.0)
    on_ray.knows_as_short(tasks.wait_for_file, tasks.nothing)
    started, release = tmp_path / "started", tmp_path / "release"
    slow = tasks.wait_for_file.enqueue(str(started), str(release))
    rest = tasks.nothing.enqueue_many([()] * 5)
    on_ray.until(started.exists, "the slow one runs")
    on_ray.dispatcher.relieve()
    ended = {State.SUCCESSFUL}
    on_ray.until(lambda: {row(one).state for one in rest} == ended, "the others end")
    assert row(slow).state == State.RUNNING
    assert {row(one).attempt for one in rest} == {1}  # what went back was unspent
    release.touch()
    on_ray.finish()
    assert row(slow).state == State.SUCCESSFUL


def test_a_task_leaves_no_language_zone_context_or_transaction_to_the_next(
    packing: Packing,
) -> None:
    packing.knows_as_short(tasks.leave_traces, tasks.find_traces)
    tasks.leave_traces.enqueue()
    found = tasks.find_traces.enqueue()
    packing.turn()
    assert packing.packed
    packing.finish()
    assert row(found).return_value == ["en", "UTC", "unset", False]


def test_a_stop_gives_back_what_has_not_begun(packing: Packing, tmp_path: Path) -> None:
    packing.knows_as_short(tasks.wait_for_file, tasks.nothing)
    started, release = tmp_path / "started", tmp_path / "release"
    slow = tasks.wait_for_file.enqueue(str(started), str(release))
    rest = tasks.nothing.enqueue_many([()] * 5)
    packing.until(started.exists, "the slow one runs")
    packing.dispatcher.drain()
    packing.until(lambda: {row(one).state for one in rest} == {State.READY}, "they are given back")
    assert {row(one).attempt for one in rest} == {0}
    release.touch()
    packing.finish()
    assert row(slow).state == State.SUCCESSFUL


def test_an_executor_without_lanes_runs_each_alone(store: Store, worker: str) -> None:
    held = HeldExecutor(slots=2)
    dispatcher = Dispatcher(store, held, worker=worker, queues=QUEUES, concurrency=5)
    dispatcher._flight._speeds.note(tasks.nothing.module_path, 0.0001)
    tasks.nothing.enqueue_many([()] * 3)
    dispatcher.fill()
    assert len(held.calls) == 2
