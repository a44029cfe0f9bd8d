"""The worker's heart: claims what its slots can take, hands it to the executor, writes
outcomes back.

It never sleeps, reads no clock and knows no Ray: the store and the executor are given to
it, and tests drive it with an executor that they hold.
"""

import logging
import uuid
from collections import deque
from collections.abc import Callable, Sequence

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import CallCancelled, CallLost
from django_ray_runtime.executors.base import CallOptions, Executor, Handle
from django_ray_runtime.records import Claim, Failure, Outcome
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.store.base import Store
from django_ray_runtime.worker.announce import announce_finished, announce_started
from django_ray_runtime.worker.entrypoint import Report, failure_of, pack, run_task

logger = logging.getLogger(__name__)


class Dispatcher:
    """Runs the tasks of `queues` for the worker boot `worker`, `concurrency` at once."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        *,
        worker: str,
        queues: Sequence[str],
        concurrency: int,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.executor = executor
        self.worker = worker
        self.queues = tuple(queues)
        self.concurrency = concurrency
        self.draining = False
        self._wake = wake
        self._running: dict[Handle, Claim] = {}
        self._done: deque[Handle] = deque()  # filled from the executor's threads
        self._unwritten: dict[uuid.UUID, tuple[Claim, Outcome]] = {}

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing waits to be written."""
        return not self._running and not self._unwritten

    @property
    def in_flight(self) -> int:
        return len(self._running)

    @property
    def free_slots(self) -> int:
        return 0 if self.draining else self.concurrency - len(self._running)

    def fill(self) -> int:
        """Claim for the free slots and start what was claimed. Returns how many."""
        if self.free_slots < 1:
            return 0
        claims = self.store.claim(self.queues, self.free_slots, self.worker)
        options = CallOptions(max_retries=0, name="task")  # only the store retries
        for claim in claims:
            handle = self.executor.submit(
                run_task, pack(claim), options=options, on_done=self._note_done
            )
            self._running[handle] = claim
            announce_started(claim)
        return len(claims)

    def flush(self) -> int:
        """Write what has finished, all in one statement. Returns how many were still ours.

        When the database does not answer, the outcomes are kept for the next flush.
        """
        self._collect()
        if not self._unwritten:
            return 0
        batch = dict(self._unwritten)
        accepted = self.store.finish_many(self.worker, [o for _, o in batch.values()])
        for task_id, (claim, outcome) in batch.items():
            del self._unwritten[task_id]
            if task_id not in accepted:
                logger.warning("Task %s is no longer ours; its outcome is dropped", task_id)
            elif outcome.state in FINAL:
                announce_finished(claim, outcome)
        return len(accepted)

    def drain(self) -> None:
        """Claim no more. What has not started comes back and is handed back to the queue."""
        self.draining = True
        for handle in list(self._running):
            self.executor.recall(handle)

    def abandon(self) -> None:
        """Stop what still runs; it goes back to the queue, to run again elsewhere."""
        for handle in list(self._running):
            self.executor.cancel(handle)
            claim = self._running.pop(handle)
            self._unwritten[claim.id] = (claim, _stopped(claim))

    def _note_done(self, handle: Handle) -> None:
        self._done.append(handle)
        self._wake()

    def _collect(self) -> None:
        while self._done:
            claim = self._running.pop(handle := self._done.popleft(), None)
            if claim is not None:  # None: abandoned before it ended
                self._unwritten[claim.id] = (claim, self._outcome(handle, claim))

    def _outcome(self, handle: Handle, claim: Claim) -> Outcome:
        try:
            return _reported(claim, self.executor.outcome(handle))
        except CallCancelled:
            return Outcome(
                id=claim.id, attempt=claim.attempt, state=State.READY, spends_attempt=False
            )
        except CallLost as error:
            return _lost(claim, self.worker, error)
        except Exception as error:  # the executor could not even carry the call
            return _reported(claim, failure_of(error))


def _reported(claim: Claim, report: Report) -> Outcome:
    if isinstance(report, Failure):
        return Outcome(id=claim.id, attempt=claim.attempt, state=State.FAILED, failure=report)
    return Outcome(id=claim.id, attempt=claim.attempt, state=State.SUCCESSFUL, return_value=report)


def _lost(claim: Claim, worker: str, error: CallLost) -> Outcome:
    final = claim.losses >= runtime_settings().max_lost_reruns
    trace = f"WorkerLost: the process that ran this task for worker {worker} ended: {error}\n"
    return Outcome(
        id=claim.id,
        attempt=claim.attempt,
        state=State.FAILED if final else State.READY,
        failure=Failure("django_ray_runtime.exceptions.WorkerLost", trace),
        lost=True,
    )


def _stopped(claim: Claim) -> Outcome:
    trace = "WorkerLost: the worker was asked to stop and its grace period ended.\n"
    return Outcome(
        id=claim.id,
        attempt=claim.attempt,
        state=State.READY,
        failure=Failure("django_ray_runtime.exceptions.WorkerLost", trace),
    )
