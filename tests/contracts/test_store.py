"""What every store must do. Runs on SQLite and on PostgreSQL."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ray_runtime.ids import uuid7
from django_ray_runtime.models import Attempt, QueuedTask, Worker
from django_ray_runtime.records import Claim, Failure, Outcome
from django_ray_runtime.states import State, WorkerState
from django_ray_runtime.store import Liveness, Store, get_store, get_waiting
from tests.support import make_worker

QUEUES = ["default"]
DEAD_AFTER = 12.0


def enqueue(store: Store, count: int = 1, **values: object) -> list[QueuedTask]:
    return [store.enqueue(QueuedTask(task_path="tests.tasks.add", **values)) for _ in range(count)]


def success(claim: Claim, value: str = "1") -> Outcome:
    return Outcome(id=claim.id, attempt=claim.attempt, state=State.SUCCESSFUL, return_value=value)


def make_silent(worker: str, seconds: float = 60) -> None:
    past = timezone.now() - timedelta(seconds=seconds)
    Worker.objects.filter(id=worker).update(last_beat=past)


def make_steady(worker: str, seconds: float = 60) -> None:
    past = timezone.now() - timedelta(seconds=seconds)
    Worker.objects.filter(id=worker).update(steady_since=past)


def test_a_claimed_task_is_running_and_names_its_worker(store: Store, worker: str) -> None:
    enqueue(store, args=[1, "é"], kwargs={"x": None})
    [claim] = store.claim(QUEUES, 10, worker)
    row = QueuedTask.objects.get()
    assert (row.state, row.worker, row.attempt, row.worker_ids) == ("RUNNING", worker, 1, [worker])
    assert row.started_at is not None
    assert claim.id == row.id
    assert claim.started_at == row.started_at == claim.last_attempted_at
    assert claim.enqueued_at == row.enqueued_at
    assert claim.worker_ids == (worker,)


def test_arguments_travel_as_json_text(store: Store, worker: str) -> None:
    import json

    enqueue(store, args=[1, "é\"'"], kwargs={"x": {"y": [None, True]}})
    [claim] = store.claim(QUEUES, 10, worker)
    assert json.loads(claim.args) == [1, "é\"'"]
    assert json.loads(claim.kwargs) == {"x": {"y": [None, True]}}


def test_a_claim_takes_no_more_than_its_limit(store: Store, worker: str) -> None:
    enqueue(store, 5)
    assert len(store.claim(QUEUES, 3, worker)) == 3
    assert len(store.claim(QUEUES, 3, worker)) == 2
    assert store.claim(QUEUES, 3, worker) == []


def test_urgent_tasks_come_first_then_the_oldest(store: Store, worker: str) -> None:
    low, normal, later, high = (
        enqueue(store, priority=priority)[0].id for priority in (-5, 0, 0, 100)
    )
    claims = store.claim(QUEUES, 10, worker)
    assert [claim.id for claim in claims] == [high, normal, later, low]


def test_urgent_tasks_come_first_across_queues(store: Store, worker: str) -> None:
    enqueue(store, 3, queue_name="bulk", priority=1)
    [urgent] = enqueue(store, queue_name="default", priority=2)
    claims = store.claim(["bulk", "default"], 2, worker)
    assert claims[0].id == urgent.id
    assert [claim.queue_name for claim in claims] == ["default", "bulk"]


def test_only_the_named_queues_are_claimed_from(store: Store, worker: str) -> None:
    enqueue(store, queue_name="bulk")
    assert store.claim(["default"], 10, worker) == []
    assert len(store.claim(["default", "bulk"], 10, worker)) == 1


def test_a_worker_that_is_not_active_gets_nothing(store: Store, liveness: Liveness) -> None:
    enqueue(store)
    liveness.register("starting", QUEUES)
    assert store.claim(QUEUES, 1, "starting") == []
    assert store.claim(QUEUES, 1, "unknown") == []
    dead = make_worker(liveness, "dead")
    liveness.declare_dead(dead)
    assert store.claim(QUEUES, 1, dead) == []


def test_a_task_with_a_later_run_after_waits_until_it_is_promoted(
    store: Store, worker: str
) -> None:
    [task] = enqueue(store, run_after=timezone.now() + timedelta(hours=1))
    assert task.state == State.SCHEDULED
    assert get_waiting().promote() == 0
    assert store.claim(QUEUES, 1, worker) == []
    QueuedTask.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    assert get_waiting().promote() == 1
    assert len(store.claim(QUEUES, 1, worker)) == 1


def test_an_outcome_is_stored(store: Store, worker: str) -> None:
    enqueue(store)
    [claim] = store.claim(QUEUES, 1, worker)
    assert set(store.finish_many(worker, [success(claim, '{"a": [1, null]}')])) == {claim.id}
    row = QueuedTask.objects.get()
    assert (row.state, row.worker, row.return_value) == ("SUCCESSFUL", None, {"a": [1, None]})
    assert row.finished_at is not None
    assert not Attempt.objects.exists()


def test_many_outcomes_are_one_statement(
    store: Store, worker: str, django_assert_max_num_queries: object
) -> None:
    enqueue(store, 50)
    claims = store.claim(QUEUES, 50, worker)
    with django_assert_max_num_queries(3):  # type: ignore[operator]  # SQLite: BEGIN and COMMIT
        assert len(store.finish_many(worker, [success(claim) for claim in claims])) == 50
    assert QueuedTask.objects.finished().count() == 50


def test_a_failure_is_recorded_with_its_attempt(store: Store, worker: str) -> None:
    enqueue(store)
    [claim] = store.claim(QUEUES, 1, worker)
    failure = Failure("builtins.ValueError", "Traceback\nValueError: é 'quoted'")
    failed = Outcome(id=claim.id, attempt=1, state=State.FAILED, failure=failure)
    assert set(store.finish_many(worker, [failed])) == {claim.id}
    assert store.failures(claim.id) == [failure]
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.worker) == (1, worker)
    assert attempt.started_at == claim.last_attempted_at


@pytest.mark.parametrize("stale", ["other worker", "other attempt", "finished", "unknown task"])
def test_an_outcome_that_is_no_longer_ours_touches_nothing(
    store: Store, liveness: Liveness, worker: str, stale: str
) -> None:
    enqueue(store)
    [claim] = store.claim(QUEUES, 1, worker)
    writer, outcome = worker, success(claim, '"stale"')
    if stale == "other worker":
        writer = make_worker(liveness, "host:2:b")
    elif stale == "other attempt":
        outcome = Outcome(id=claim.id, attempt=2, state=State.SUCCESSFUL, return_value='"stale"')
    elif stale == "finished":
        store.finish_many(worker, [success(claim, '"first"')])
    else:
        outcome = Outcome(id=uuid.uuid4(), attempt=1, state=State.SUCCESSFUL)
    before = QueuedTask.objects.values().get()
    assert set(store.finish_many(writer, [outcome])) == set()
    assert QueuedTask.objects.values().get() == before


def test_one_stale_outcome_does_not_hold_back_its_neighbours(store: Store, worker: str) -> None:
    enqueue(store, 3)
    claims = store.claim(QUEUES, 3, worker)
    store.finish_many(worker, [success(claims[1], '"first"')])
    accepted = store.finish_many(worker, [success(claim, '"second"') for claim in claims])
    assert set(accepted) == {claims[0].id, claims[2].id}
    values = dict(QueuedTask.objects.values_list("id", "return_value"))
    assert [values[claim.id] for claim in claims] == ["second", "first", "second"]


def test_what_did_not_start_goes_back_with_its_attempt_unspent(store: Store, worker: str) -> None:
    enqueue(store)
    [claim] = store.claim(QUEUES, 1, worker)
    back = Outcome(id=claim.id, attempt=1, state=State.READY, spends_attempt=False)
    assert set(store.finish_many(worker, [back])) == {claim.id}
    row = QueuedTask.objects.get()
    assert (row.state, row.worker, row.attempt, row.worker_ids) == ("READY", None, 0, [])
    assert row.finished_at is None
    assert store.claim(QUEUES, 1, worker)[0].attempt == 1


def test_a_lost_run_goes_back_and_is_counted(store: Store, worker: str) -> None:
    enqueue(store)
    [claim] = store.claim(QUEUES, 1, worker)
    failure = Failure("django_ray_runtime.exceptions.WorkerLost", "lost")
    lost = Outcome(id=claim.id, attempt=1, state=State.READY, failure=failure, lost=True)
    store.finish_many(worker, [lost])
    [again] = store.claim(QUEUES, 1, worker)
    assert (again.attempt, again.losses, again.worker_ids) == (2, 1, (worker, worker))


def test_enqueue_is_rolled_back_with_its_transaction(store: Store) -> None:
    with pytest.raises(RuntimeError, match="undo"), transaction.atomic():
        enqueue(store)
        raise RuntimeError("undo")
    assert not QueuedTask.objects.exists()


def test_enqueue_is_one_statement_and_notices_are_few(store: Store) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            enqueue(store)
    notices = [one for one in queries if one["sql"].startswith("NOTIFY")]
    assert len(queries) - len(notices) == 20
    assert len(notices) <= (10 if connection.vendor == "postgresql" else 0)


def test_identifiers_of_one_process_increase() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {one.version for one in made} == {7}


def test_the_table_refuses_a_running_task_without_worker(store: Store) -> None:
    enqueue(store)
    with pytest.raises(IntegrityError):
        QueuedTask.objects.update(state=State.RUNNING)


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


def test_an_outcome_moves_only_as_the_table_of_states_allows(store: Store) -> None:
    with pytest.raises(ValueError, match="no move from RUNNING to RUNNING"):
        Outcome(id=uuid7(), attempt=1, state=State.RUNNING)


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


def test_racing_claimers_get_every_task_once(store: Store, worker: str) -> None:
    enqueue(store, 200)
    got: list[list[uuid.UUID]] = []
    barrier = threading.Barrier(4)

    def race() -> None:
        mine: list[uuid.UUID] = []
        barrier.wait()
        while len(mine) < 200:
            claims = get_store().claim(QUEUES, 7, worker)
            mine += [claim.id for claim in claims]
            if not claims and not QueuedTask.objects.ready().exists():
                break
        got.append(mine)
        connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [task_id for mine in got for task_id in mine]
    assert len(everything) == 200
    assert len(set(everything)) == 200
