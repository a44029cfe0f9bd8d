"""A small simulation of workers, one database and its disk: what `simulate_scaling` computes with.

The database has some cores, each of which serves one statement at a time, first come first served,
and one disk that flushes for all commits that wait. Workers turn as the real loop does: write what
has finished, claim for the free slots, wait.
"""

import heapq
import math
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from itertools import batched
from typing import Any

import numpy as np

from benchmarks.scaling_engine import Bell, Engine, Process, Request

GATHER_FROM = 16  # as in the worker's loop
PRUNE_BATCH = 500  # as in the store
ENQUEUE_THREADS = 8
DUTIES_SECONDS = 2.0
SLICE_SECONDS = 0.001  # for which other programs have a core


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of the database's CPU, where nothing else is said."""

    claim: float = 0.0  # a claim that finds something, without its rows
    claim_row: float = 0.0
    empty_claim: float = 0.0
    skipped_row: float = 0.0  # a row that somebody else has locked
    finish: float = 0.0
    finish_row: float = 0.0
    enqueue: float = 0.0
    enqueue_row: float = 0.0
    prune_row: float = 0.0
    admit: float = 0.0  # the look at limited keys, where there are none
    admit_prepared: float = 0.0  # the same, with a plan that is kept
    handed: float = 0.0  # a note in the worker's row
    duties: float = 0.0  # other statements of a worker that is busy, for each second
    idle_duties: float = 0.0  # and of one that is idle
    notice: float = 0.0  # a NOTIFY, in the session that sends it
    notice_listener: float = 0.0  # a NOTIFY, in each session that listens
    flush: float = 0.0  # of the disk
    client_claim: float = 0.0  # of the worker's CPU, as are the next three
    client_claim_row: float = 0.0
    client_finish: float = 0.0
    client_finish_row: float = 0.0


@dataclass(frozen=True, slots=True)
class Setup:
    """A fleet, and what is asked of it."""

    workers: int
    slots: int = 16
    task_seconds: float = 1.0
    spread: float = 0.5  # tasks take up to this share more or less
    rate: float | None = None  # tasks enqueued a second; None: there is always enough to do
    cores: int = 8
    enqueue_batch: int = 1
    enqueuers: int = 4  # processes; each sends at most a notice every `poll_min`
    poll_min: float = 0.02
    poll_max: float = 15.0  # as where notices arrive
    gather: float = 0.01
    round_trip: float = 0.0002
    prunes: bool = True  # delete as many rows as finish
    bare: bool = False  # claims and finishes only, on cores that workers and database share
    others: float = 0.0  # cores that other programs take, where bare
    seconds: float = 6.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, over the last two thirds of the time."""

    throughput: float  # tasks finished a second
    utilisation: float  # of the database's cores
    statements: float  # a second
    flushes: float  # a second
    empty: float  # claims that found nothing, a second
    latencies: tuple[float, float]  # median and 95th percentile of ready until claimed


class Model:
    """The workers, those who enqueue, and what they share."""

    def __init__(self, setup: Setup, costs: Costs) -> None:
        self.setup, self.costs = setup, costs
        self.engine = Engine(setup.cores, costs.flush, setup.seconds)
        self._random = np.random.default_rng(setup.seed)
        self._ready: deque[tuple[float, int]] = deque()  # since when, and how many
        self._locked = self._finished = self._empty = self._to_enqueue = self._to_prune = 0
        self._waited: list[tuple[float, int]] = []
        self._bells = [Bell(self.engine) for _ in range(setup.workers)]
        # Some sessions hear of a notice together: exact enough, and fewer events.
        self._groups = list(batched(self._bells, 1 + setup.workers // 50, strict=False))
        self._hearing: set[int] = set()
        self._told = [-1.0] * setup.enqueuers
        self._sending = [0] * setup.enqueuers

    def run(self) -> Outcome:
        """Simulate all of it."""
        for bell in self._bells:
            self.engine.spawn(self._work(bell))
            if not self.setup.bare:
                self.engine.spawn(self._duties())
        programs = math.ceil(self.setup.others)
        for _ in range(programs):
            self.engine.spawn(self._disturb(self.setup.others / programs))
        if self.setup.rate is not None:
            for number in range(self.setup.enqueuers):
                self.engine.spawn(self._arrive(number, self.setup.rate / self.setup.enqueuers))
        self.engine.run()
        counted = self.setup.seconds * 2 / 3
        return Outcome(
            throughput=self._finished / counted,
            utilisation=self.engine.busy / counted / self.setup.cores,
            statements=self.engine.statements / counted,
            flushes=self.engine.flushes / counted,
            empty=self._empty / counted,
            latencies=self._percentiles(),
        )

    def _percentiles(self) -> tuple[float, float]:
        if not self._waited:
            return math.nan, math.nan
        seconds, counts = np.array(self._waited).T
        median, high = np.percentile(np.repeat(seconds, counts.astype(int)), [50, 95])
        return float(median), float(high)

    def _work(self, bell: Bell) -> Process:
        """A worker's loop."""
        engine, setup = self.engine, self.setup
        ends: list[float] = []
        pause = setup.poll_min
        if not setup.bare:
            yield engine.sleep(self._random.uniform(0, min(0.5, setup.seconds / 6)))
        while True:
            done = 0
            while ends and ends[0] <= engine.now:
                heapq.heappop(ends)
                done += 1
            if done:
                yield from self._finish(done)
            if bell.rung:
                bell.rung, pause = False, setup.poll_min
            if free := setup.slots - len(ends):
                taken = yield from self._claim(free)
                for _ in range(taken):
                    heapq.heappush(ends, engine.now + self._duration())
                pause = setup.poll_min if taken else min(2 * pause, setup.poll_max)
            patience = math.inf if len(ends) == setup.slots else pause
            if ends:
                patience = min(patience, ends[0] - engine.now)
            if patience > 0:
                yield bell.wait(patience)
            if len(ends) >= GATHER_FROM and setup.gather and not setup.bare:
                yield engine.sleep(setup.gather)

    def _duration(self) -> float:
        share = self.setup.spread
        return self.setup.task_seconds * (1 + share * self._random.uniform(-1, 1))

    def _client(self, seconds: float) -> Process:
        """What a worker computes itself, and the way to the database and back."""
        if self.setup.bare:
            yield self.engine.compute(lambda: seconds, statement=False)
            seconds = 0.0
        yield self.engine.sleep(seconds + self.setup.round_trip)

    def _claim(self, limit: int) -> Generator[Request, Any, int]:
        costs, taken = self.costs, 0
        parts: list[tuple[float, int]] = []

        def cost() -> float:
            nonlocal taken
            skipped = self._locked * costs.skipped_row
            parts.extend(self._take(limit))
            taken = sum(part for _, part in parts)
            self._locked += taken
            if not taken:
                return costs.empty_claim + skipped
            return costs.claim + taken * costs.claim_row + skipped

        if not self.setup.bare:
            yield from self._client(0.0)
            yield self.engine.compute(lambda: costs.admit)
        yield from self._client(costs.client_claim)
        yield self.engine.compute(cost)
        if not taken:
            self._empty += self.engine.counts
            return 0
        yield self.engine.flush
        self._locked -= taken
        if self.engine.counts and self.setup.rate is not None:
            self._waited.extend((self.engine.now - since, part) for since, part in parts)
        if self.setup.bare:
            yield self.engine.compute(lambda: taken * costs.client_claim_row, statement=False)
            return taken
        yield self.engine.sleep(taken * costs.client_claim_row)
        yield self.engine.compute(lambda: costs.handed)  # which tasks the executor is given
        yield self.engine.flush
        return taken

    def _take(self, limit: int) -> list[tuple[float, int]]:
        """Rows from the front of the queue, which nobody else sees from now on: since when they
        are ready, and how many."""
        if self.setup.rate is None:
            return [(self.engine.now, limit)]
        left, parts = limit, []
        while left and self._ready:
            since, rows = self._ready.popleft()
            part = min(rows, left)
            left -= part
            if part < rows:
                self._ready.appendleft((since, rows - part))
            parts.append((since, part))
        return parts

    def _finish(self, rows: int) -> Process:
        costs = self.costs
        yield from self._client(costs.client_finish + rows * costs.client_finish_row)
        yield self.engine.compute(lambda: costs.finish + rows * costs.finish_row)
        yield self.engine.flush
        self._finished += rows * self.engine.counts
        if not self.setup.bare:
            self._follow(rows)

    def _follow(self, rows: int) -> None:
        """In the long run as many rows are deleted as finish, and as many are enqueued."""
        setup, costs = self.setup, self.costs
        self._to_prune += rows * setup.prunes
        while self._to_prune >= PRUNE_BATCH:
            self._to_prune -= PRUNE_BATCH
            self.engine.spawn(self._write(PRUNE_BATCH * costs.prune_row))
        self._to_enqueue += rows * (setup.rate is None)
        while self._to_enqueue >= setup.enqueue_batch:
            self._to_enqueue -= setup.enqueue_batch
            self.engine.spawn(self._enqueue(int(self._random.integers(setup.enqueuers))))

    def _write(self, seconds: float) -> Process:
        yield self.engine.compute(lambda: seconds)
        yield self.engine.flush

    def _arrive(self, number: int, rate: float) -> Process:
        """A process that enqueues, with some threads. While all of them wait for the database,
        more does not come."""
        between = self.setup.enqueue_batch / rate
        while True:
            yield self.engine.sleep(between * self._random.uniform(0.5, 1.5))
            if self._sending[number] < ENQUEUE_THREADS:
                self.engine.spawn(self._enqueue(number))

    def _enqueue(self, number: int) -> Process:
        rows, costs = self.setup.enqueue_batch, self.costs
        self._sending[number] += 1
        yield from self._write(costs.enqueue + rows * costs.enqueue_row)
        self._sending[number] -= 1
        if self.setup.rate is not None:
            self._ready.append((self.engine.now, rows))
        if self.engine.now - self._told[number] >= self.setup.poll_min:
            self._told[number] = self.engine.now
            yield self.engine.compute(lambda: costs.notice)
            for number in range(len(self._groups)):
                if number not in self._hearing:  # else it hears of both at once
                    self._hearing.add(number)
                    self.engine.spawn(self._hear(number))

    def _hear(self, number: int) -> Process:
        bells = self._groups[number]
        yield self.engine.compute(lambda: len(bells) * self.costs.notice_listener, False)
        self._hearing.remove(number)
        for bell in bells:
            bell.ring()

    def _disturb(self, share: float) -> Process:
        while True:
            yield self.engine.compute(lambda: SLICE_SECONDS, False)
            yield self.engine.sleep(SLICE_SECONDS * (1 / share - 1))

    def _duties(self) -> Process:
        yield self.engine.sleep(self._random.uniform(0, DUTIES_SECONDS))
        while True:
            yield from self._write(DUTIES_SECONDS * self.costs.duties)
            yield self.engine.sleep(DUTIES_SECONDS)


def simulate(setup: Setup, costs: Costs) -> Outcome:
    """What a fleet comes to; the same seed gives the same."""
    return Model(setup, costs).run()
