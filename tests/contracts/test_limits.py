"""Limits per key, weights between queues, pause. Runs on SQLite and on PostgreSQL."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ray_runtime.control import pause_queue, resume_queue
from django_ray_runtime.exceptions import UnknownQueue
from django_ray_runtime.models import LimitKey, QueuedTask
from django_ray_runtime.records import Claim, Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store import Store, get_pruning, get_store, get_waiting
from django_ray_runtime.worker.shares import Shares
from tests import tasks

QUEUES = ["default"]


def take(store: Store, worker: str, limit: int = 10) -> list[Claim]:
    """What a worker does for its free slots."""
    store.admit(QUEUES, limit)
    return store.claim(QUEUES, limit, worker)


def finish(store: Store, worker: str, claims: list[Claim], state: State = State.SUCCESSFUL) -> None:
    store.finish_many(worker, [Outcome(id=c.id, attempt=c.attempt, state=state) for c in claims])


def numbers(claims: list[Claim]) -> list[str]:
    return [claim.args for claim in claims]


def age_buckets(seconds: float) -> None:
    LimitKey.objects.update(refilled_at=timezone.now() - timedelta(seconds=seconds))


def test_a_keyed_task_waits_blocked_until_it_is_admitted(store: Store, worker: str) -> None:
    result = tasks.add.using(concurrency_key="k", concurrency_limit=1).enqueue(1, 2)
    assert (result.status, result.state) == ("READY", "BLOCKED")
    assert store.claim(QUEUES, 10, worker) == []
    assert store.admit(QUEUES, 10) == 1
    assert len(store.claim(QUEUES, 10, worker)) == 1


def test_no_more_than_the_limit_run_at_once(store: Store, worker: str) -> None:
    limited = tasks.add.using(concurrency_key="k", concurrency_limit=2)
    limited.enqueue_many([(n, 0) for n in range(5)])
    first = take(store, worker)
    assert len(first) == 2
    assert take(store, worker) == []
    finish(store, worker, first[:1])
    assert len(take(store, worker)) == 1
    assert take(store, worker) == []


def test_a_key_is_made_from_the_arguments(store: Store, worker: str) -> None:
    for user in ("ann", "ann", "bob"):
        tasks.of_user.enqueue(user)
    assert sorted(numbers(take(store, worker))) == ['["ann"]', '["bob"]']


def test_without_a_key_the_limit_is_the_tasks_own(store: Store, worker: str) -> None:
    tasks.add.using(concurrency_limit=1).enqueue_many([(1, 0), (2, 0)])
    tasks.nothing.using(concurrency_limit=1).enqueue()
    assert len(take(store, worker)) == 2
    assert set(QueuedTask.objects.values_list("limit_key", flat=True)) == {
        "tests.tasks.add", "tests.tasks.nothing",
    }  # fmt: skip


def test_two_tasks_that_share_a_key_share_its_places(store: Store, worker: str) -> None:
    tasks.add.using(concurrency_key="k", concurrency_limit=3).enqueue_many([(n, 0) for n in "abc"])
    tasks.nothing.using(concurrency_key="k", concurrency_limit=3).enqueue()
    assert len(take(store, worker)) == 3


def test_keys_take_turns(store: Store, worker: str) -> None:
    """A key with a thousand waiting tasks does not keep out one with two."""
    busy = tasks.add.using(concurrency_key="busy", concurrency_limit=100)
    calm = tasks.add.using(concurrency_key="calm", concurrency_limit=100)
    busy.enqueue_many([("busy", n) for n in range(1000)])
    calm.enqueue_many([("calm", n) for n in range(2)])
    claims = take(store, worker, 4)
    assert Counter("busy" in claim.args for claim in claims) == {True: 2, False: 2}


def test_keys_take_turns_from_one_call_to_the_next(store: Store, worker: str) -> None:
    for key in "abc":
        limited = tasks.add.using(concurrency_key=key, concurrency_limit=100)
        limited.enqueue_many([(key, n) for n in range(10)])
    got = [take(store, worker, 1)[0].args[2] for _ in range(6)]
    assert sorted(got[:3]) == sorted(got[3:]) == ["a", "b", "c"]


def test_keys_beyond_one_look_get_their_turn(store: Store, worker: str) -> None:
    """More keys than are looked at together, all but the last one full."""
    for n in range(250):
        limited = tasks.add.using(concurrency_key=f"key {n:03}", concurrency_limit=1)
        limited.enqueue_many([(n, 0), (n, 1)])
    running: list[Claim] = []
    for _ in range(20):
        running += take(store, worker, 1000)
    assert len(running) == 250
    last = next(claim for claim in running if claim.args == "[249, 0]")
    finish(store, worker, [last])
    found = [claim for _ in range(4) for claim in take(store, worker, 1000)]
    assert numbers(found) == ["[249, 1]"]


def test_urgent_tasks_of_a_key_come_first(store: Store, worker: str) -> None:
    limited = tasks.add.using(concurrency_key="k", concurrency_limit=1)
    limited.enqueue("normal", 0)
    limited.using(priority=5).enqueue("urgent", 0)
    assert numbers(take(store, worker)) == ['["urgent", 0]']


def test_a_rate_lets_so_many_start_and_then_refills(store: Store, worker: str) -> None:
    tasks.add.using(rate_limit="3/m").enqueue_many([(n, 0) for n in range(10)])
    finish(store, worker, first := take(store, worker))
    assert len(first) == 3
    assert take(store, worker) == []
    age_buckets(21)  # a third of a minute: one more
    assert len(take(store, worker)) == 1
    assert take(store, worker) == []
    age_buckets(3600)  # a bucket holds no more than the rate
    assert len(take(store, worker)) == 3


def test_a_rate_over_a_day_is_remembered_while_nothing_waits(store: Store, worker: str) -> None:
    daily = tasks.add.using(rate_limit="1/d")
    daily.enqueue(1, 0)
    finish(store, worker, take(store, worker))
    age_buckets(7200)
    get_pruning().prune_leftovers()
    daily.enqueue(2, 0)
    assert take(store, worker) == []
    age_buckets(32 * 86400)
    QueuedTask.objects.all().delete()
    get_pruning().prune_leftovers()
    assert not LimitKey.objects.exists()


def test_a_rate_and_a_concurrency_limit_hold_together(store: Store, worker: str) -> None:
    both = tasks.add.using(concurrency_key="k", concurrency_limit=1, rate_limit="2/h")
    both.enqueue_many([(n, 0) for n in range(5)])
    for _ in range(2):
        claims = take(store, worker)
        assert len(claims) == 1
        finish(store, worker, claims)
    assert take(store, worker) == []


def test_a_retry_takes_its_place_anew(store: Store, worker: str) -> None:
    limited = tasks.add.using(concurrency_key="k", concurrency_limit=1)
    limited.enqueue_many([(1, 0), (2, 0)])
    finish(store, worker, take(store, worker), State.SCHEDULED)
    assert numbers(take(store, worker)) == ["[2, 0]"]
    get_waiting().promote()
    assert set(QueuedTask.objects.values_list("state", flat=True)) == {"RUNNING", "BLOCKED"}


def test_what_is_handed_back_keeps_its_place(store: Store, worker: str) -> None:
    tasks.add.using(concurrency_limit=1).enqueue_many([(1, 0), (2, 0)])
    [claim] = take(store, worker)
    back = Outcome(id=claim.id, attempt=1, state=State.READY, spends_attempt=False)
    store.finish_many(worker, [back])
    assert numbers(take(store, worker)) == ["[1, 0]"]


def test_a_deferred_keyed_task_is_blocked_when_it_is_due(store: Store) -> None:
    soon = timezone.now() + timedelta(hours=1)
    tasks.add.using(concurrency_limit=1, run_after=soon).enqueue(1, 2)
    QueuedTask.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    get_waiting().promote()
    assert QueuedTask.objects.get().state == "BLOCKED"


def test_a_claim_without_keys_never_reads_the_keys(store: Store, worker: str) -> None:
    tasks.nothing.enqueue()
    with CaptureQueriesContext(connection) as queries:
        assert store.admit(QUEUES, 10) == 0
        assert len(store.claim(QUEUES, 10, worker)) == 1
    assert "limitkey" not in " ".join(query["sql"] for query in queries)
    assert len(queries) == 2


@pytest.mark.slow
def test_sixteen_claimers_never_run_more_than_the_limit(store: Store, worker: str) -> None:
    tasks.add.using(concurrency_key="k", concurrency_limit=3).enqueue_many(
        [(n, 0) for n in range(60)]
    )
    seen: list[int] = []
    done: list[int] = []
    barrier = threading.Barrier(16)

    def race() -> None:
        mine = get_store()
        barrier.wait()
        try:
            while len(done) < 60:
                mine.admit(QUEUES, 4)
                claims = mine.claim(QUEUES, 4, worker)
                if not claims:
                    time.sleep(0.002)
                    continue
                seen.append(QueuedTask.objects.running().count())
                finish(mine, worker, claims)
                done.extend([1] * len(claims))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seen) <= 3
    assert QueuedTask.objects.finished(State.SUCCESSFUL).count() == 60


def test_nothing_is_claimed_from_a_paused_queue(store: Store, worker: str) -> None:
    tasks.add.using(queue_name="bulk").enqueue(1, 2)
    tasks.add.enqueue(3, 4)
    assert pause_queue("bulk") is True
    assert pause_queue("bulk") is False
    assert numbers(store.claim(["bulk", "default"], 10, worker)) == ["[3, 4]"]
    assert resume_queue("bulk") is True
    assert resume_queue("bulk") is False
    assert numbers(store.claim(["bulk", "default"], 10, worker)) == ["[1, 2]"]


def test_nothing_is_admitted_from_a_paused_queue(store: Store) -> None:
    tasks.add.using(concurrency_limit=1).enqueue(1, 2)
    pause_queue("default")
    assert store.admit(QUEUES, 10) == 0
    assert not store.has_outstanding(QUEUES)
    resume_queue("default")
    assert store.has_outstanding(QUEUES)


def test_an_unknown_queue_cannot_be_paused(store: Store) -> None:
    with pytest.raises(UnknownQueue, match=r"no queue 'bulq'\. Expected one of: bulk"):
        pause_queue("bulq")


@pytest.mark.parametrize("at_once", [1, 4, 7])
def test_queues_share_by_their_weights(store: Store, worker: str, at_once: int) -> None:
    for queue in QUEUES_SHARED:
        tasks.add.using(queue_name=queue).enqueue_many([(n, 0) for n in range(60)])
    shares = Shares({"default": 3, "bulk": 1})
    got: list[Claim] = []
    while len(got) < 56:
        claims = store.claim(QUEUES_SHARED, at_once, worker, shares.turns())
        shares.charge(claims)
        got += claims
    counts = Counter(claim.queue_name for claim in got[:56])
    assert abs(counts["default"] - 42) <= 2


QUEUES_SHARED = ["default", "bulk"]


def test_a_queue_that_is_empty_leaves_its_share_to_the_others(store: Store, worker: str) -> None:
    tasks.add.using(queue_name="bulk").enqueue_many([(n, 0) for n in range(10)])
    shares = Shares({"default": 3, "bulk": 1})
    shares.charge(claims := store.claim(QUEUES_SHARED, 6, worker, shares.turns()))
    assert len(claims) == 6
    # What was not used before does not give the other a run of turns now.
    tasks.add.using(queue_name="default").enqueue_many([(n, 0) for n in range(20)])
    counts = Counter(c.queue_name for c in store.claim(QUEUES_SHARED, 4, worker, shares.turns()))
    assert counts == {"default": 3, "bulk": 1}
