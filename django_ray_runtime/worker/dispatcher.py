"""The worker's heart: claims what its slots can take, hands it to the executor, writes
outcomes back.

It never sleeps, reads no clock and knows no Ray: the store and the executor are given to
it, and tests drive it with an executor that they hold.
"""

import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import ExecutorLost
from django_ray_runtime.executors.base import Executor, Handle
from django_ray_runtime.records import Claim, Outcome, StopReason
from django_ray_runtime.store.base import Store
from django_ray_runtime.worker import outcomes
from django_ray_runtime.worker.books import Books
from django_ray_runtime.worker.entrypoint import failure_of, pack, run_task, run_task_once
from django_ray_runtime.worker.in_flight import InFlight, call_options
from django_ray_runtime.worker.shares import Shares

KEYLESS_FILLS = 8


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
        weights: Mapping[str, int] | None = None,
        max_tasks: int | None = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """Without `weights` urgency alone decides between queues; `max_tasks` bounds what is
        claimed in all."""
        self.store = store
        self.executor = executor
        self.worker = worker
        self.queues = tuple(queues)
        self.concurrency = concurrency
        self.draining = False
        self.left = max_tasks  # how many more may be claimed; None: any number
        self.books = Books(queues)
        self._shares = Shares(dict.fromkeys(queues, 1) | dict(weights or {}))
        self._wake = wake
        self._held: deque[Claim] = deque()
        self._packs = executor.packs(run_task, wake, concurrency)
        self._flight = InFlight(executor, self._packs, concurrency)
        self._told_open = False  # our row says that any task we hold may be with the executor
        self._stopping: dict[Handle, tuple[StopReason, float]] = {}  # until when it may take
        self._keyless = 0  # fills that may still leave out the look at limited keys
        self._done: deque[Handle] = deque()  # filled from the executor's threads
        self._unwritten: dict[uuid.UUID, tuple[Claim, Outcome]] = {}
        self._recalled = False

    @property
    def idle(self) -> bool:
        """Nothing is held, nothing runs and nothing waits to be written."""
        return not (self._held or self._flight.calls or self._unwritten)

    @property
    def in_flight(self) -> int:
        """Calls handed to the executor."""
        return len(self._flight.calls)

    @property
    def seconds_ahead(self) -> float:
        """How long lanes are busy with what they were given, about."""
        return self._flight.seconds_ahead

    @property
    def free_slots(self) -> int:
        """How many more tasks may be claimed."""
        if self.draining:
            return 0
        free = self._flight.free(len(self._held))
        return free if self.left is None else min(free, self.left)

    def fill(self) -> int:
        """Claim for the free slots and start what may start. Returns how many were claimed."""
        self.start()
        if self.free_slots <= 0:
            return 0
        if keyed := self.store.waits_for_keys:
            self._admit()
        claimed = self._claim()
        # Others need not wait for the look at keys.
        return claimed + (self._claim() if not keyed and self._admit() else 0)

    def _claim(self) -> int:
        """Claim for the free slots and start what may start. Returns how many came."""
        if (free := self.free_slots) <= 0:
            return 0
        claims = self.store.claim(self.queues, free, self.worker, self._shares.turns())
        self._shares.charge(claims)
        self.books.claimed(claims)
        self._held.extend(claims)
        if self.left is not None:
            self.left -= len(claims)
        if not claims:
            self._keyless = 0
        self._flight.note_claimed(claims, free)
        self.start()
        return len(claims)

    def _admit(self) -> int:
        """Let keyed tasks in. While there are none and others keep us busy, the look at them
        is left out now and then: it would be a statement for each claim. Returns how many."""
        if self._keyless:
            self._keyless -= 1
            return 0
        admitted = self.store.admit(self.queues, max(1, self.free_slots))
        if not admitted and self._flight.short:
            self._keyless = KEYLESS_FILLS  # a long task would make that a long time
        return admitted

    def flush(self) -> int:
        """Write what has finished, in one statement where it can carry all. Returns how many were
        still ours.

        When the database does not answer, the outcomes are kept for the next flush.
        """
        self.collect()
        ours = 0
        for batch in outcomes.portions(list(self._unwritten.values())):
            accepted = outcomes.write(self.store, self.worker, [outcome for _, outcome in batch])
            ours += len(accepted)
            for claim, _ in batch:
                del self._unwritten[claim.id]
                if claim.id not in accepted:
                    self.books.dropped(claim)
            self.books.settled([(c, o, accepted[c.id]) for c, o in batch if c.id in accepted])
        return ours

    def reconcile(self) -> None:
        """Give back claims whose answer never arrived here, as when the database failed."""
        known = {claim.id for claim in (*self._held, *self._flight.calls.values())}
        self.store.disown(self.worker, known | set(self._unwritten))

    def relieve(self) -> None:
        """Give back what waits behind a packed task that takes long. Call this now and then."""
        if self._packs is not None:
            self.collect()  # a slow database makes no lane slow
            self._packs.relieve()

    def stop_tasks(self, now: float, reasons: Mapping[uuid.UUID, StopReason]) -> None:
        """Interrupt what is to stop; after a grace it is ended by force. Call this now and
        then with the present time (seconds of any clock)."""
        for claim in [claim for claim in self._held if claim.id in reasons]:
            self._held.remove(claim)
            self._settle(claim, outcomes.told_to_stop(claim, reasons[claim.id]))
        for handle, claim in self._flight.calls.items():
            if claim.id in reasons and handle not in self._stopping:
                until = now + runtime_settings().cancel_grace_seconds
                self._stopping[handle] = (reasons[claim.id], until)
                self.executor.interrupt(handle)
        for handle, (reason, until) in list(self._stopping.items()):
            if now >= until:
                self.executor.cancel(handle)
                claim = self._forget(handle)
                self._settle(claim, outcomes.told_to_stop(claim, reason))

    @property
    def is_stopping_tasks(self) -> bool:
        """Whether a task was interrupted that has not ended."""
        return bool(self._stopping)

    def drain(self) -> None:
        """Claim no more, and hand back what was held back. What was started goes on."""
        self.draining = True
        self._hand_back(list(self._held))
        if self._packs is not None:
            self._packs.withdraw()

    def give_up(self) -> None:
        """The executor is gone: write what has ended, hand back what it never started."""
        self._recalled = True
        self.drain()
        self.flush()

    def recall(self) -> None:
        """The grace period is over: take back what the executor has not started, and interrupt
        the rest."""
        self._recalled = True
        for handle in list(self._flight.calls):
            self.executor.recall(handle)

    def abandon(self) -> bool:
        """Stop what still runs; it goes back to the queue, to run again elsewhere. Returns
        whether there was anything."""
        self.collect()
        left = bool(self._flight.calls)
        for handle in list(self._flight.calls):
            self.executor.cancel(handle)
            claim = self._forget(handle)
            self._settle(claim, outcomes.stopped(claim))
        return left

    def start(self) -> None:
        """Start of what is held what may start, and hand back what was claimed ahead in vain."""
        self._hand_back(self._flight.surplus(self._held))
        while True:
            if pack := self._flight.choose_pack(self._held):
                self._note_handed(pack)
                self._start_pack(pack)
            elif chosen := self._flight.choose(self._held):
                self._note_handed(chosen)
                for claim in chosen:
                    self._start(claim)
            else:
                break

    def _hand_back(self, claims: Sequence[Claim]) -> None:
        """These of the held go back to the queue, soon: others wait for them."""
        if claims:
            gone = {claim.id for claim in claims}
            self._held = deque(claim for claim in self._held if claim.id not in gone)
            for claim in claims:
                self._settle(claim, outcomes.not_started(claim))
            self._wake()

    def _note_handed(self, chosen: Sequence[Claim]) -> None:
        """Write down what is about to be given to the executor: if this worker is lost, only
        that is charged, and what it still held has never begun."""
        known = self._flight.known_with(chosen)
        if known is None and self._told_open:
            return
        if known is not None:  # a run that has ended counts as begun until that is written
            known += [claim for claim, _ in self._unwritten.values()]
        self._told_open = False
        runs = None if known is None else [(claim.id, claim.attempt) for claim in known]
        if not self.store.note_handed(self.worker, runs):
            raise ExecutorLost(f"Worker {self.worker} was declared dead.")
        self._told_open = known is None

    def _start(self, claim: Claim) -> None:
        """Give the first of those held to the executor."""
        try:
            options = call_options(claim.options)
            self.executor.demand_room(options)
            run = run_task_once if self.executor.may_start_again else run_task
            handle = self.executor.submit(
                run, pack(claim), options=options, on_done=self._note_done
            )
        except ExecutorLost:
            raise
        except Exception as error:  # what it asks for cannot be read, or had; others can
            self._held.popleft()
            self._settle(claim, outcomes.not_carried(claim, failure_of(error)))
            self._wake()
            return
        self._held.popleft()
        self._flight.add(handle, claim)
        self.books.started([claim])

    def _start_pack(self, claims: Sequence[Claim]) -> None:
        """Give those at the front of the held to a lane."""
        handles = self._packs.give([pack(claim) for claim in claims]) if self._packs else []
        for _ in claims:
            self._held.popleft()
        self._flight.add_packed(handles, claims)
        self.books.started(claims)

    def _forget(self, handle: Handle) -> Claim:
        """No longer count a call among the running ones."""
        self._stopping.pop(handle, None)
        return self._flight.remove(handle)

    def _note_done(self, handle: Handle) -> None:
        self._done.append(handle)
        self._wake()

    def collect(self) -> int:
        """Take what the executor tells. Returns how many outcomes wait to be written."""
        if self._packs is not None:
            self._done.extend(self._packs.collect())
        while self._done:
            handle = self._done.popleft()
            if handle in self._flight.calls:  # else it was abandoned before it ended
                reason, _ = self._stopping.get(handle, (None, 0.0))
                claim = self._forget(handle)
                call = partial(outcomes.ask, self.executor, handle, claim, self.store)
                outcome = outcomes.of_call(call, claim, self.worker, reason, self._recalled)
                if outcome.seconds is not None:
                    self._flight.note_seconds(claim, outcome.seconds)
                self._settle(claim, outcome)
        return len(self._unwritten)

    def _settle(self, claim: Claim, outcome: Outcome) -> None:
        if not outcome.spends_attempt and self.left is not None:
            self.left += 1
        self._unwritten[claim.id] = (claim, outcome)
