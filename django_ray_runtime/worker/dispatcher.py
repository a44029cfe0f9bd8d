"""The worker's heart: claims what its slots can take, hands it to the executor, writes
outcomes back.

It never sleeps, reads no clock and knows no Ray: the store and the executor are given to
it, and tests drive it with an executor that they hold.
"""

import logging
import uuid
from collections import ChainMap, deque
from collections.abc import Callable, Sequence

from django.db import DataError, IntegrityError

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import CallCancelled, CallLost
from django_ray_runtime.executors.base import CallOptions, Executor, Handle
from django_ray_runtime.records import Claim, Failure, Outcome
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.store.base import Store
from django_ray_runtime.worker import outcomes
from django_ray_runtime.worker.announce import announce_finished, announce_started
from django_ray_runtime.worker.entrypoint import failure_of, pack, read_report, run_task

logger = logging.getLogger(__name__)

# Tasks shorter than this are handed to the executor ahead of free slots, so that it never
# waits for us. Longer ones are held back here until a slot is free: a task that waits inside
# the executor cannot be told from one that runs, and could not be handed back on a stop.
SHORT_SECONDS = 0.05


class Dispatcher:
    """Runs the tasks of `queues` for the worker boot `worker`, `concurrency` claimed at once."""

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
        self._held: deque[Claim] = deque()
        self._running: dict[Handle, Claim] = {}
        self._done: deque[Handle] = deque()  # filled from the executor's threads
        self._unwritten: dict[uuid.UUID, tuple[Claim, Outcome]] = {}
        self._recalled = False
        self._mean_seconds = SHORT_SECONDS  # of the latest tasks; at first not known as short

    @property
    def idle(self) -> bool:
        """Nothing is held, nothing runs and nothing waits to be written."""
        return not (self._held or self._running or self._unwritten)

    @property
    def in_flight(self) -> int:
        """Calls handed to the executor."""
        return len(self._running)

    @property
    def free_slots(self) -> int:
        """How many more tasks may be claimed."""
        return 0 if self.draining else self.concurrency - len(self._running) - len(self._held)

    def fill(self) -> int:
        """Claim for the free slots and start what may start. Returns how many were claimed."""
        claimed = 0
        if self.free_slots > 0:
            claims = self.store.claim(self.queues, self.free_slots, self.worker)
            self._held.extend(claims)
            claimed = len(claims)
        self._start_held()
        return claimed

    def flush(self) -> int:
        """Write what has finished, all in one statement. Returns how many were still ours.

        When the database does not answer, the outcomes are kept for the next flush.
        """
        self._collect()
        if not self._unwritten:
            return 0
        batch = dict(self._unwritten)
        accepted = self._write([outcome for _, outcome in batch.values()])
        for task_id, (claim, outcome) in batch.items():
            del self._unwritten[task_id]
            if task_id not in accepted:
                logger.warning("Task %s is no longer ours; its outcome is dropped", task_id)
            elif outcome.state in FINAL:
                announce_finished(claim, outcome)
        return len(accepted)

    def reconcile(self) -> None:
        """After the database failed: give back claims whose answer never arrived here."""
        known = {claim.id for claim in (*self._held, *self._running.values())}
        self.store.disown(self.worker, known | set(self._unwritten))

    def drain(self) -> None:
        """Claim no more, and hand back what was held back. What was started goes on."""
        self.draining = True
        while self._held:
            self._settle(claim := self._held.popleft(), outcomes.not_started(claim))

    def recall(self) -> None:
        """The grace period is over: take back what the executor has not started, and interrupt
        the rest."""
        self._recalled = True
        for handle in list(self._running):
            self.executor.recall(handle)

    def abandon(self) -> bool:
        """Stop what still runs; it goes back to the queue, to run again elsewhere. Returns
        whether there was anything."""
        self._collect()
        left = bool(self._running)
        for handle in list(self._running):
            self.executor.cancel(handle)
            claim = self._running.pop(handle)
            self._settle(claim, outcomes.stopped(claim))
        return left

    def _start_held(self) -> None:
        options = CallOptions(max_retries=0, name="task")  # only the store retries
        while self._held and len(self._running) < self._window():
            claim = self._held.popleft()
            handle = self.executor.submit(
                run_task, pack(claim), options=options, on_done=self._note_done
            )
            self._running[handle] = claim
            announce_started(claim)

    def _window(self) -> int:
        """How many calls the executor may have at once."""
        if self._mean_seconds < SHORT_SECONDS:
            return self.concurrency
        return min(self.concurrency, self.executor.slots())

    def _note_done(self, handle: Handle) -> None:
        self._done.append(handle)
        self._wake()

    def _collect(self) -> None:
        while self._done:
            claim = self._running.pop(handle := self._done.popleft(), None)
            if claim is not None:  # None: abandoned before it ended
                self._settle(claim, self._outcome(handle, claim))

    def _settle(self, claim: Claim, outcome: Outcome) -> None:
        self._unwritten[claim.id] = (claim, outcome)

    def _outcome(self, handle: Handle, claim: Claim) -> Outcome:
        try:
            report = read_report(self.executor.outcome(handle))
        except CallCancelled as error:
            if self._recalled:
                return outcomes.not_started(claim)
            return outcomes.lost(claim, self.worker, error, runtime_settings().max_lost_reruns)
        except CallLost as error:
            return outcomes.lost(claim, self.worker, error, runtime_settings().max_lost_reruns)
        except Exception as error:  # the executor could not even carry the call
            return outcomes.failed(claim, failure_of(error))
        self._mean_seconds += (report.seconds - self._mean_seconds) / 8
        if report.failure is None:
            return outcomes.succeeded(claim, report.return_value)
        if self._recalled and report.failure.exception_class_path == "builtins.KeyboardInterrupt":
            return outcomes.stopped(claim)
        return outcomes.failed(claim, report.failure)

    def _write(self, batch: list[Outcome]) -> dict[uuid.UUID, State]:
        try:
            return self.store.finish_many(self.worker, batch)
        except (DataError, IntegrityError) as error:
            if len(batch) > 1:  # one of them is refused; its neighbours must not wait for it
                return dict(ChainMap(*(self._write([outcome]) for outcome in batch)))
            refusal = f"{type(error).__name__}: the database refuses this outcome: {error}"
            failure = Failure(f"{type(error).__module__}.{type(error).__qualname__}", refusal)
            poison = batch[0]
            refused = Outcome(
                id=poison.id, attempt=poison.attempt, state=State.FAILED, failure=failure
            )
            return self.store.finish_many(self.worker, [refused])
