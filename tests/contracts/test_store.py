"""What every store must do. Runs on SQLite and on PostgreSQL."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ray_runtime.ids import uuid7
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.records import Failure, Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store import Liveness, Store, get_store, get_waiting
from tests.contracts.steps import QUEUES, enqueue, success
from tests.support import make_worker


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


def test_an_outcome_moves_only_as_the_table_of_states_allows() -> None:
    with pytest.raises(ValueError, match="no move from RUNNING to RUNNING"):
        Outcome(id=uuid7(), attempt=1, state=State.RUNNING)
