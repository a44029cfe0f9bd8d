"""The machine's second part: tasks are admitted, claimed and finished."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import Claim, Failure, Outcome, StopReason
from django_ray_runtime.states import WAITING, State
from django_ray_runtime.store import (
    Store,
)
from django_ray_runtime.worker import outcomes
from django_ray_runtime.worker.entrypoint import Report
from tests.properties.queue_enqueueing import Enqueueing, some_queues, turns_of_queues
from tests.properties.queue_model import (
    LIMITS,
    TIMEOUT,
    until,
)


def succeeded(claim: Claim, value: str, output: str = "") -> Outcome:
    return outcomes.of_report(claim, Report(0.1, value, output=output))


def failed(claim: Claim, retry_in: float | None) -> Outcome:
    report = Report(0.1, failure=Failure("x.Y", "no"), retry_in=retry_in)
    return outcomes.of_report(claim, report)


ENDINGS: dict[str, Callable[[Claim, str], Outcome]] = {
    "succeed": lambda claim, value: succeeded(claim, value, "printed"),
    "succeed in silence": lambda claim, value: succeeded(claim, value),
    "fail": lambda claim, _: failed(claim, None),
    "retry": lambda claim, _: failed(claim, until(1)),
    "retry at once": lambda claim, _: failed(claim, 0.0),
    "hand back": lambda claim, _: outcomes.not_started(claim),
    "stop": lambda claim, _: outcomes.stopped(claim, Report(0.1, output="printed")),
    "lose its process": lambda claim, _: outcomes.lost(claim, "it", OSError("gone")),
}
endings = st.lists(st.sampled_from(list(ENDINGS)), min_size=1, max_size=4)


class Running(Enqueueing):
    """Tasks run."""

    @precondition(lambda self: self.model.of(State.BLOCKED))
    @rule(data=st.data(), queues=some_queues, limit=st.integers(1, 6))
    def admit(self, data: st.DataObject, queues: list[str], limit: int) -> None:
        self.let_in(self.stores[self.any_worker(data)], queues, limit)

    def let_in(self, store: Store, queues: list[str], limit: int) -> None:
        number = store.admit(queues, limit)
        blocked = [task.id for task in self.model.of(State.BLOCKED)]
        ready = QueuedTask.objects.ready().filter(id__in=blocked)
        chosen = Counter(ready.values_list("limit_key", flat=True))
        assert number == chosen.total() <= limit
        open_queues = set(queues) - self.model.paused
        left: dict[str, float] = {}
        for key in LIMITS:
            waiting = [t for t in self.model.of(State.BLOCKED) if t.key == key]
            waiting = [t for t in waiting if t.queue in open_queues]
            room = min(self.model.room(key), len(waiting))
            assert chosen[key] <= room, f"{key} has room for {room}, admitted {chosen[key]}"
            left[key] = room - chosen[key]
            for task in waiting[: chosen[key]]:  # the most urgent, then the oldest
                self.model.admit(task)
        assert number == limit or not any(left.values()), "there was room left"
        hungry = [chosen[key] for key, n in left.items() if n]
        assert not hungry or max(chosen.values(), default=0) - min(hungry) <= 1, "unfair"

    @precondition(lambda self: self.model.of(State.READY))
    @rule(data=st.data(), queues=some_queues, limit=st.integers(1, 6), turns=turns_of_queues)
    def claim(
        self, data: st.DataObject, queues: list[str], limit: int, turns: dict[str, Any]
    ) -> None:
        self.take(self.claimer(data), queues, limit, turns)

    @precondition(lambda self: self.model.of(*WAITING))
    @rule(data=st.data(), queues=some_queues, limit=st.integers(1, 6))
    def work(self, data: st.DataObject, queues: list[str], limit: int) -> None:
        """What a worker does in one go, each step looked at."""
        worker = self.claimer(data)
        self.promote()
        self.check()
        self.let_in(self.stores[worker], queues, limit)
        self.check()
        self.take(worker, queues, limit, {})

    def take(self, worker: str, queues: list[str], limit: int, turns: dict[str, Any]) -> None:
        expected = self.model.claimable(queues, limit, worker, turns)
        claims = self.stores[worker].claim(queues, limit, worker, turns or None)
        assert [claim.id for claim in claims] == [task.id for task in expected]
        for claim, task in zip(claims, expected, strict=True):
            self.model.claim(task, worker)
            assert (claim.attempt, claim.failures, claim.losses) == (
                task.attempt, task.failures, task.losses,
            )  # fmt: skip
            assert list(claim.worker_ids) == task.worker_ids
            self.held[worker][claim.id] = claim
        again = {claim.id for claim in claims}
        for old_worker, old in self.late():
            if old.id in again:  # what came of the run before is told once more
                stale = succeeded(old, '"stale"')
                assert self.stores[old_worker].finish_many(old_worker, [stale]) == {}

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        worker, claim = data.draw(st.sampled_from(self.believed()))
        ours = self.model.holds(worker, claim.id, claim.attempt)
        assert self.stores[worker].note_started(claim, TIMEOUT) == ours
        cancelled = not ours or self.model.tasks[claim.id].cancel_asked
        assert self.stores[worker].is_cancelled(claim.id, claim.attempt) == cancelled
        if ours:
            self.model.tasks[claim.id].deadline = self.model.now + 2

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), everything=st.booleans())
    def hand_over(self, data: st.DataObject, everything: bool) -> None:
        """A worker says what it is about to give to its executor, or that it may be anything."""
        worker, _ = data.draw(st.sampled_from(self.believed()))
        held = self.held[worker]
        given = data.draw(st.sets(st.sampled_from(sorted(held))))
        runs = None if everything else {(one, held[one].attempt) for one in given}
        living = self.model.is_living(worker)
        assert self.stores[worker].note_handed(worker, runs) == living
        if living:
            self.model.boots[worker].handed = runs

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), how=endings)
    def finish(self, data: st.DataObject, how: list[str]) -> None:
        worker, _ = data.draw(st.sampled_from(self.believed()))
        claims = list(self.held[worker].values())
        self.settle(worker, list(zip(claims, how, strict=False)))

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), how=st.sampled_from(["succeed", "fail", "fail", "retry", "retry"]))
    def finish_one(self, data: st.DataObject, how: str) -> None:
        worker, claim = data.draw(st.sampled_from(self.believed()))
        self.settle(worker, [(claim, how)])

    @precondition(lambda self: any(self.held.values()))
    @rule(how=st.sampled_from(list(ENDINGS)))
    def finish_all(self, how: str) -> None:
        for worker, held in self.held.items():
            self.settle(worker, [(claim, how) for claim in held.values()])

    def settle(self, worker: str, ended: list[tuple[Claim, str]]) -> None:
        told = []
        for claim, how in ended:
            self.number += 1
            outcome = ENDINGS[how](claim, json.dumps(self.number))
            told.append((outcome, self.number if how.startswith("succeed") else None))
        found = self.stores[worker].finish_many(worker, [outcome for outcome, _ in told])
        expected = {
            outcome.id: self.model.settle(worker, outcome, value) for outcome, value in told
        }  # fmt: skip
        assert found == {task_id: state for task_id, state in expected.items() if state}
        for (claim, _), (outcome, _) in zip(ended, told, strict=True):
            self.forget(worker, claim, accepted=outcome.id in found, spent=outcome.spends_attempt)

    def forget(self, worker: str, claim: Claim, accepted: bool, spent: bool = True) -> None:
        """The worker has told what became of a claim."""
        del self.held[worker][claim.id]
        if accepted and spent:
            assert (claim.id, claim.attempt) not in self.accepted, "two outcomes of one run"
            self.accepted.add((claim.id, claim.attempt))
        self.past.append((worker, claim))

    @precondition(lambda self: self.late())
    @rule(data=st.data(), how=st.sampled_from(list(ENDINGS)))
    def finish_again(self, data: st.DataObject, how: str) -> None:
        """An outcome that comes late, or twice."""
        worker, claim = data.draw(st.sampled_from(self.late()))
        outcome = ENDINGS[how](claim, '"stale"')
        assert self.stores[worker].finish_many(worker, [outcome]) == {}

    @precondition(lambda self: any(map(self.model.to_stop, self.model.boots)))
    @rule(data=st.data())
    def stop_what_is_to_stop(self, data: st.DataObject) -> None:
        self.stop_those_of(self.any_worker(data))

    def stop_those_of(self, worker: str) -> None:
        reasons = self.stores[worker].to_stop(worker)
        assert reasons == self.model.to_stop(worker)
        for task_id, reason in reasons.items():
            if (claim := self.held[worker].get(task_id)) is not None:
                self.stop(worker, claim, reason)

    def stop(self, worker: str, claim: Claim, reason: StopReason) -> None:
        outcome = outcomes.told_to_stop(claim, reason)
        found = self.stores[worker].finish_many(worker, [outcome])
        state = self.model.settle(worker, outcome, None)
        assert found == {claim.id: state}
        self.forget(worker, claim, accepted=True)

    @precondition(lambda self: self.model.of(State.RUNNING))
    @rule(data=st.data())
    def lose_an_answer(self, data: st.DataObject) -> None:
        """The database failed: what a worker does not know of goes back."""
        worker = self.any_worker(data)
        held = self.held[worker]
        known = data.draw(st.sets(st.sampled_from(sorted(held)))) if held else set()
        lost = [t for t in self.model.of(State.RUNNING) if t.worker == worker]
        lost = [task for task in lost if task.id not in known]
        assert self.stores[worker].disown(worker, known) == len(lost)
        for task in lost:
            self.model.settle(worker, outcomes.not_started(held.pop(task.id)), None)
