"""The store against a model of it, in any order of what can happen to a queue.

Hypothesis picks the steps; each moves a row at most once. After each, the laws of the tables
must hold and the rows must be as the model foresees. At the end everything must come to an
end. `QUEUE_MACHINE_EXAMPLES=2000` looks longer than the 60 examples of the ordinary run.
"""

import os
import sys
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.states import FINAL, WAITING, State, WorkerState
from django_ray_runtime.store import (
    get_control,
    get_liveness,
    get_pruning,
    get_store,
    get_waiting,
)
from tests.properties import queue_laws as laws
from tests.properties.queue_enqueueing import MOST_TASKS, WEEK
from tests.properties.queue_model import (
    DEAD_AFTER,
    MAX_LOST_RERUNS,
    QUEUES,
    SILENT_TICKS,
    TICK,
    Task,
    until,
)
from tests.properties.queue_running import Running

STEPS = 40
EXAMPLES = int(os.environ.get("QUEUE_MACHINE_EXAMPLES", "60"))


class QueueMachine(Running):
    """The third part: workers, time, what people do, and the end."""

    # Workers

    @rule(
        data=st.data(),
        state=st.sampled_from([WorkerState.ACTIVE, WorkerState.DRAINING, WorkerState.STOPPED]),
    )
    def move_worker(self, data: st.DataObject, state: WorkerState) -> None:
        """One that stops in good order may still hold what it should not."""
        self.move(self.any_worker(data), state)

    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        """Those that are left out are silent: crashed, or cut off from the database."""
        workers = data.draw(st.sets(st.sampled_from(sorted(self.model.boots))))
        self.beat_of(sorted(workers))

    def beat_of(self, workers: list[str]) -> None:
        assert get_liveness().beat(workers, DEAD_AFTER) == self.model.beat(workers)

    @precondition(lambda self: self.model.of(State.RUNNING))
    @rule(data=st.data())
    def rescue(self, data: st.DataObject) -> None:
        self.rescue_by(self.any_worker(data))

    def rescue_by(self, rescuer: str) -> None:
        fit = self.model.may_judge(rescuer)
        released = get_liveness().rescue(rescuer, DEAD_AFTER)
        for worker, boot in self.model.boots.items():
            if fit and self.model.is_silent(boot):
                self.model.end(worker, WorkerState.DEAD)
        self.check_released(released)
        living = Worker.objects.living().values("id")
        assert not QueuedTask.objects.running().exclude(worker__in=living).exists()

    @precondition(lambda self: self.model.of(State.RUNNING))
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        """One falls silent and the others go on; what it held and tells later is void."""
        crashed = self.any_worker(data)
        others = [name for name in sorted(self.model.boots) if name != crashed]
        for _ in range(SILENT_TICKS):
            self.pass_time(1)
            self.beat_of(others)
        self.rescue_by(data.draw(st.sampled_from(others or [crashed]), label="rescuer"))

    @precondition(lambda self: self.model.of(State.RUNNING))
    @rule(data=st.data())
    def outage(self, data: st.DataObject) -> None:
        """The database is away: all look silent, and who comes back first judges nobody."""
        self.pass_time(SILENT_TICKS)
        first = self.any_worker(data)
        self.beat_of([first])
        self.rescue_by(first)

    @precondition(lambda self: self.model.of(State.RUNNING))
    @rule(data=st.data())
    def declare_dead(self, data: st.DataObject) -> None:
        """A supervisor saw its child end."""
        self.end_boot(self.any_worker(data))

    def end_boot(self, worker: str) -> None:
        self.model.end(worker, WorkerState.DEAD)
        self.check_released(get_liveness().declare_dead(worker), only_to_run_again=True)

    def check_released(self, released: Any, only_to_run_again: bool = False) -> None:
        orphans = self.model.release(only_to_run_again)
        ended = {task.id for task in orphans if task.state in FINAL}
        assert (released.tasks, set(released.failed)) == (len(orphans), ended)

    # Time, and what people do

    @rule(ticks=st.sampled_from([1, 1, 1, 1, 2, 2, 2, 3, 3, 40, WEEK + 1]))
    def pass_time(self, ticks: int) -> None:
        laws.make_older(ticks * TICK)
        self.model.now += ticks

    @precondition(lambda self: self.model.of(State.SCHEDULED))
    @rule()
    def promote(self) -> None:
        assert get_waiting().promote() == self.model.promote()

    @precondition(lambda self: any(t.expires for t in self.model.of(*WAITING)))
    @rule()
    def expire(self) -> None:
        assert set(get_waiting().expire()) == self.model.expire()

    @precondition(lambda self: self.model.tasks)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.cancel_these(self.some_of(data, self.model.of(*State)))

    @precondition(lambda self: self.model.of(State.RUNNING))
    @rule(data=st.data(), then=st.sampled_from(["die", "hand back", "retry", "stop"]))
    def cancel_and_end(self, data: st.DataObject, then: str) -> None:
        """Whatever comes of a run that is to stop, it does not run again."""
        ids = self.some_of(data, self.model.of(State.RUNNING))
        holders = {str(self.model.tasks[task_id].worker) for task_id in ids}
        self.cancel_these(ids)
        self.check()
        for worker in sorted(holders):
            if then == "stop":
                self.stop_those_of(worker)
            elif then == "die":
                self.end_boot(worker)
            else:
                claims = [claim for claim in self.held[worker].values() if claim.id in ids]
                self.settle(worker, [(claim, then) for claim in claims])

    def cancel_these(self, ids: set[uuid.UUID]) -> None:
        done = get_control().cancel([*ids, uuid.uuid4()])
        assert (done.at_once, done.asked) == self.model.cancel(ids)

    @precondition(lambda self: self.model.of(State.FAILED, State.CANCELLED, State.EXPIRED))
    @rule(data=st.data())
    def requeue(self, data: st.DataObject) -> None:
        ids = self.some_of(data, self.model.of(*State)) | self.some_of(
            data, self.model.of(State.FAILED, State.CANCELLED, State.EXPIRED)
        )
        assert get_control().requeue(ids) == self.model.requeue(ids)
        self.requeued = True

    @precondition(lambda self: self.held_uniques())
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        """Another task takes the unique key of a cancelled one, which may want it back."""
        task = data.draw(st.sampled_from(self.held_uniques()))
        assert get_control().cancel([task.id]).at_once == self.model.cancel([task.id])[0]
        self.check()
        self.enqueue_unique("mail", None, None, [str(task.unique)[-1]], None, undone=False)

    def held_uniques(self) -> list[Task]:
        waiting = self.model.of(*WAITING)
        return [task for task in waiting if str(task.unique).startswith("while")]

    @precondition(lambda self: not self.model.paused)
    @rule(queue=st.sampled_from(QUEUES))
    def pause(self, queue: str) -> None:
        assert get_control().pause(queue) == (queue not in self.model.paused)
        self.model.paused.add(queue)

    @precondition(lambda self: self.model.paused)
    @rule(queue=st.sampled_from(QUEUES))
    def resume(self, queue: str) -> None:
        assert get_control().resume(queue) == (queue in self.model.paused)
        self.model.paused.discard(queue)

    @precondition(lambda self: self.model.of(*FINAL))
    @rule(ticks=st.fixed_dictionaries({}, optional=dict.fromkeys(FINAL, st.integers(1, 3))))
    def prune(self, ticks: dict[State, int]) -> None:
        ages: dict[State, float | None] = {state: until(age) for state, age in ticks.items()}
        assert get_pruning().prune(ages) == self.model.prune(ticks)

    @rule()
    def prune_leftovers(self) -> None:
        """What it forgets was of no use: the buckets of the model stay as they are."""
        get_pruning().prune_leftovers()
        model = self.model
        model.uniques = {
            key: (holder, expiry) for key, (holder, expiry) in model.uniques.items()
            if expiry is None or expiry > model.now
        }  # fmt: skip
        for worker, boot in list(model.boots.items()):
            if boot.ended is not None and model.now - boot.ended > WEEK:
                del model.boots[worker]
        if not model.boots:
            self.boot_worker(starts=True)

    @precondition(lambda self: "slow" in self.model.buckets)
    @rule(data=st.data())
    def quiet_hour(self, data: st.DataObject) -> None:
        """What is forgotten meanwhile lets nothing start too early afterwards."""
        self.pass_time(40)
        self.prune_leftovers()
        self.enqueue("mail", 0, "slow", None, None, undone=False)
        self.check()
        self.let_in(get_store(), list(QUEUES), 6)

    # The end

    def teardown(self) -> None:
        if sys.exception() is None:
            self.check()
            self.bring_to_an_end()

    def bring_to_an_end(self) -> None:
        """With one fresh worker and enough time, nothing is stuck."""
        for queue in QUEUES:
            self.resume(queue)
        for worker in sorted(self.model.boots):
            if self.model.is_living(worker):
                self.end_boot(worker)
        self.boot_worker(starts=True)
        [fresh] = [name for name in self.model.boots if self.model.is_living(name)]
        for _ in range(
            SILENT_TICKS
        ):  # long enough to judge those that stopped with tasks in their hands
            self.pass_time(1)
            self.beat_of([fresh])
        self.rescue_by(fresh)
        self.check()
        for _ in range(len(self.model.tasks) + 1):
            if not self.model.counts():
                break
            self.pass_time(128)  # the slowest key may start one more
            self.promote()
            self.check()
            self.expire()
            self.let_in(self.stores[fresh], list(QUEUES), MOST_TASKS)
            self.check()
            self.take(fresh, list(QUEUES), MOST_TASKS, {})
            self.check()
            self.settle(fresh, [(claim, "succeed") for claim in self.held[fresh].values()])
            self.check()
        stuck = QueuedTask.objects.exclude(state__in=FINAL)
        assert not stuck.exists(), list(stuck.values_list("state", flat=True))


@pytest.mark.slow
def test_the_store_is_as_its_model_in_any_order_of_events(
    transactional_db: None, settings: Any
) -> None:
    settings.DJANGO_RAY_RUNTIME = {
        "MAX_LOST_RERUNS": MAX_LOST_RERUNS,
        "DEAD_AFTER_SECONDS": DEAD_AFTER,
    }
    run_state_machine_as_test(
        QueueMachine,
        settings=hypothesis_settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
