"""Workers that fall silent, and what becomes of their tasks, on the real store."""

from datetime import timedelta

from django.utils import timezone

from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.states import WorkerState
from django_ray_runtime.store import Liveness, Store
from tests.contracts.steps import QUEUES, enqueue, make_silent, success
from tests.support import make_worker

DEAD_AFTER = 12.0


def make_steady(worker: str, seconds: float = 60) -> None:
    past = timezone.now() - timedelta(seconds=seconds)
    Worker.objects.filter(id=worker).update(steady_since=past)


def test_a_silent_worker_is_declared_dead_and_its_tasks_run_again(
    store: Store, liveness: Liveness, worker: str
) -> None:
    enqueue(store, 2)
    claims = store.claim(QUEUES, 2, worker)
    assert store.note_handed(worker, [(claim.id, 1) for claim in claims])
    rescuer = make_worker(liveness, "host:2:b")
    make_steady(rescuer)
    make_silent(worker)
    assert liveness.rescue(rescuer, DEAD_AFTER).tasks == 2
    assert Worker.objects.get(id=worker).state == WorkerState.DEAD
    assert set(store.finish_many(worker, [success(claim) for claim in claims])) == set()
    again = store.claim(QUEUES, 2, rescuer)
    assert [claim.attempt for claim in again] == [2, 2]
    assert "host:1:a was lost" in store.failures(again[0].id)[0].traceback


def test_a_worker_with_a_fresh_heartbeat_is_left_alone(
    store: Store, liveness: Liveness, worker: str
) -> None:
    enqueue(store)
    store.claim(QUEUES, 1, worker)
    # A long task: claimed an hour ago, and its worker alive.
    QueuedTask.objects.update(last_attempted_at=timezone.now() - timedelta(hours=1))
    rescuer = make_worker(liveness, "host:2:b")
    make_steady(rescuer)
    assert liveness.rescue(rescuer, DEAD_AFTER).tasks == 0
    assert QueuedTask.objects.running().count() == 1


def test_a_rescuer_that_was_silent_itself_judges_nobody(
    store: Store, liveness: Liveness, worker: str
) -> None:
    enqueue(store)
    store.claim(QUEUES, 1, worker)
    rescuer = make_worker(liveness, "host:2:b")
    make_steady(rescuer)
    make_silent(worker)
    make_silent(rescuer)
    assert liveness.rescue(rescuer, DEAD_AFTER).tasks == 0
    # Its first beat after the gap starts a new steady time, so it must wait once more.
    assert liveness.beat([rescuer], DEAD_AFTER) == set()
    assert liveness.rescue(rescuer, DEAD_AFTER).tasks == 0
    assert QueuedTask.objects.running().count() == 1


def test_a_rescuer_that_has_not_beaten_since_an_outage_judges_nobody(
    store: Store, liveness: Liveness, worker: str
) -> None:
    # The outage was just short of DEAD_AFTER: the row of one that beat right before it looks young.
    rescuer = make_worker(liveness, "host:2:b")
    make_steady(rescuer)
    make_silent(worker, DEAD_AFTER + 1)
    make_silent(rescuer, DEAD_AFTER - 1)
    assert liveness.rescue(rescuer, DEAD_AFTER).tasks == 0
    assert Worker.objects.living().count() == 2


def test_beats_without_a_gap_keep_the_steady_time(liveness: Liveness, worker: str) -> None:
    make_steady(worker)
    before = Worker.objects.get(id=worker)
    liveness.beat([worker], DEAD_AFTER)
    after = Worker.objects.get(id=worker)
    assert after.steady_since == before.steady_since
    assert after.last_beat >= before.last_beat


def test_a_gap_of_half_the_dead_after_time_starts_a_new_steady_time(
    liveness: Liveness, worker: str
) -> None:
    make_steady(worker)
    before = Worker.objects.get(id=worker).steady_since
    make_silent(worker, DEAD_AFTER / 2 + 1)
    liveness.beat([worker], DEAD_AFTER)
    assert Worker.objects.get(id=worker).steady_since > before


def test_a_heartbeat_that_comes_before_the_judgement_prevents_it(
    store: Store, liveness: Liveness, worker: str
) -> None:
    rescuer = make_worker(liveness, "host:2:b")
    make_steady(rescuer)
    make_silent(worker)
    enqueue(store)
    store.claim(QUEUES, 1, worker)
    liveness.beat([worker], DEAD_AFTER)
    assert liveness.rescue(rescuer, DEAD_AFTER).tasks == 0
    assert liveness.move(worker, WorkerState.ACTIVE)


def test_a_dead_worker_learns_it_from_its_heartbeat(liveness: Liveness, worker: str) -> None:
    other = make_worker(liveness, "host:2:b")
    liveness.declare_dead(worker)
    assert liveness.beat([worker, other], DEAD_AFTER) == {worker}
    assert liveness.move(worker, WorkerState.ACTIVE) is False


def test_a_worker_that_stopped_in_good_order_is_not_told_that_it_is_dead(
    liveness: Liveness, worker: str
) -> None:
    liveness.move(worker, WorkerState.STOPPED)
    assert liveness.beat([worker], DEAD_AFTER) == set()


def test_what_a_worker_does_not_know_of_is_disowned(store: Store, worker: str) -> None:
    enqueue(store, 3)
    claims = store.claim(QUEUES, 3, worker)
    assert store.disown(worker, known={claims[0].id}) == 2
    states = dict(QueuedTask.objects.values_list("id", "state"))
    assert [states[claim.id] for claim in claims] == ["RUNNING", "READY", "READY"]
    assert set(QueuedTask.objects.ready().values_list("attempt", flat=True)) == {0}


def test_a_task_that_lost_too_many_workers_fails(
    store: Store, liveness: Liveness, settings: object
) -> None:
    settings.DJANGO_RAY_RUNTIME = {"MAX_LOST_RERUNS": 2}  # type: ignore[attr-defined]
    enqueue(store)
    for number in range(1, 4):
        name = make_worker(liveness, f"host:{number}:x")
        [claim] = store.claim(QUEUES, 1, name)
        assert claim.attempt == number
        store.note_handed(name, [(claim.id, number)])
        assert liveness.declare_dead(name).tasks == (number < 3)
    rescuer = make_worker(liveness, "host:9:x")
    assert liveness.rescue(rescuer, DEAD_AFTER).failed == [claim.id]
    row = QueuedTask.objects.get()
    assert (row.state, row.losses) == ("FAILED", 3)
    assert row.finished_at is not None
    assert [a.number for a in row.attempts.all()] == [1, 2, 3]


def test_tasks_of_a_worker_whose_row_is_gone_are_rescued(
    store: Store, liveness: Liveness, worker: str
) -> None:
    enqueue(store)
    store.claim(QUEUES, 1, worker)
    Worker.objects.all().delete()
    rescuer = make_worker(liveness, "host:2:b")
    make_steady(rescuer)
    assert liveness.rescue(rescuer, DEAD_AFTER).tasks == 1
