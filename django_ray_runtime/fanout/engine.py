"""One fan-out: the first items in the caller, the rest in chunks over the executor."""

import threading
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django_ray_runtime.exceptions import CallLost
from django_ray_runtime.executors import Executor, Handle, SequentialExecutor, Shared, as_part
from django_ray_runtime.fanout.chunks import Failed, Job, run_chunk, run_items
from django_ray_runtime.fanout.guard import Guard
from django_ray_runtime.fanout.options import FanOutOptions
from django_ray_runtime.fanout.pace import Pace
from django_ray_runtime.fanout.source import Source

# Work that is over within this never leaves the caller.
BUDGET_SECONDS = 0.01
# An item that takes so long in the caller holds up the others no longer.
PATIENCE_SECONDS = 0.015
# Items this short cost more to send than to run.
TINY_SECONDS = 2e-6
# Items for the cluster, should one in the caller take its time: few of a stream, whose next
# item may take time itself.
LAID_READY = 64
LAID_READY_OF_STREAM = 4
SLICE_SECONDS = 0.0025  # of items in the caller, between looks at the clock


@dataclass(frozen=True, slots=True)
class Block:
    """What came of consecutive items: the values from index `first` on, up to a failure."""

    first: int
    values: list[Any]
    failed: Failed | None = None


class FanOut:
    """The calls of one `parallel_map` or one of its sisters."""

    def __init__(
        self, executor: Executor, job: Job, items: Iterable[Any], options: FanOutOptions, name: str
    ) -> None:
        self.name = name
        self.source = Source(items)
        self.waiting = 0  # blocks that the consumer holds back; they count as in flight
        self.failed = False  # nothing more is sent
        self._executor = executor
        self._job = job
        self._options = options
        self._call_options = options.for_call(name)
        self._sequential = isinstance(executor, SequentialExecutor)
        self._pace = Pace(options.chunk_size, options.target_chunk_seconds)
        if options.timeout is not None:
            self._pace.fixed = 1  # each item has a time of its own
        self._flying: dict[Handle, tuple[int, int, float]] = {}  # first, count, deadline
        self._shared: Shared[Job] | None = None
        self._lock = threading.Lock()
        self._until = time.monotonic() + (options.total_timeout or float("inf"))

    def blocks(self, *, lazily: bool = False) -> Generator[Block]:
        """All blocks, as they come. With `lazily`, without a cluster, an item is run when it is
        asked for."""
        try:
            if self._sequential:
                yield from self._one_by_one(1 if lazily else 1024)
                return
            self._executor.demand_room(self._call_options)
            if self._options.may_start_here:
                yield from self._here()
            yield from self._there()
        finally:
            for handle in self._flying:
                self._executor.cancel(handle)

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        """How many chunks may be in flight, and how many run at once. Asks the cluster."""
        weight = max(self._executor.weight(self._call_options), 1 / 64)
        slots = max(1, int(self._executor.slots() / weight))
        most = self._options.max_concurrency
        if most is not None:
            return most, min(slots, most)
        ahead = 1 if self._options.timeout is not None else self._executor.in_flight_per_slot
        return slots * ahead, slots

    # In the caller

    def _one_by_one(self, count: int) -> Iterator[Block]:
        while True:
            first, items = self.source.take(count)
            if not items:
                return
            yield self._run(first, items)

    def _run(self, first: int, items: list[Any]) -> Block:
        with as_part():
            seconds, values, failed = run_items(self._job, items)
        self._pace.note(len(values), seconds)
        return Block(first, values, failed)

    def _here(self) -> Iterator[Block]:
        """The first items: tiny work is over before a cluster would have begun."""
        guard = Guard(self._start_others, PATIENCE_SECONDS)
        spent, size = 0.0, 1
        ready = LAID_READY_OF_STREAM if self.source.total is None else LAID_READY
        try:
            while True:
                self.source.lay_ready(size + ready)
                first, items = self.source.take(size)
                if not items:
                    return
                self._pace.note_item(items[0])
                began = time.perf_counter()
                if self.source.has_ready:
                    guard.arm()
                block = self._run(first, items)
                guard.disarm()
                spent += time.perf_counter() - began
                yield block
                size = self._next_slice(size)
                if self._flying or (spent > BUDGET_SECONDS and not self._is_tiny):
                    return
        finally:
            guard.end()

    @property
    def _is_tiny(self) -> bool:
        return self._pace.per_item is not None and self._pace.per_item < TINY_SECONDS

    def _next_slice(self, size: int) -> int:
        each = max(self._pace.per_item or SLICE_SECONDS, 1e-9)
        return max(1, min(int(SLICE_SECONDS / each), size * 16))

    def _start_others(self) -> None:
        """Called from the guard's thread while an item takes its time in the caller."""
        for _ in range(max(1, self._sizes[0] - 1)):
            first, items = self.source.take(1, only_ready=True)
            if not items:
                return
            self._submit(first, items)

    # On the cluster

    def _there(self) -> Iterator[Block]:
        while True:
            self._fill()
            if not self._flying:
                return
            for handle in self._wait():
                yield self._collect(handle)

    def _fill(self) -> None:
        window, slots = self._sizes
        while not self.failed and len(self._flying) + self.waiting < window:
            size = self._pace.next_size(self.source.remaining, slots)
            first, items = self.source.take(size)
            if not items:
                return
            self._pace.note_item(items[0])
            self._submit(first, items)

    def _submit(self, first: int, items: list[Any]) -> None:
        with self._lock:
            if self._shared is None:
                self._shared = self._executor.share(self._job)
            handle = self._executor.submit(
                run_chunk, self._shared, items, options=self._call_options
            )
            until = time.monotonic() + (self._options.timeout or float("inf"))
            self._flying[handle] = (first, len(items), until)

    def _wait(self) -> list[Handle]:
        """The chunks that have ended, or whose time is over."""
        now = time.monotonic()
        until = min(self._until, *(deadline for _, _, deadline in self._flying.values()))
        patience = None if until == float("inf") else max(0.0, until - now)
        done = self._executor.wait(list(self._flying), patience)
        if time.monotonic() >= self._until:
            raise TimeoutError(
                f"{self.name}: not over within {self._options.total_timeout:g} s (total_timeout); "
                "what ran was cancelled."
            )
        now = time.monotonic()
        late = [handle for handle, flight in self._flying.items() if flight[2] <= now]
        return [*done, *(handle for handle in late if handle not in done)]

    def _collect(self, handle: Handle) -> Block:
        first, count, until = self._flying.pop(handle)
        try:
            if until <= time.monotonic() and not self._executor.wait([handle], 0):
                self._executor.cancel(handle)
                raise TimeoutError(
                    f"{self.name}: item {first} took over {self._options.timeout:g} s (timeout)."
                )
            seconds, values, failed = self._executor.outcome(handle)
        except (CallLost, TimeoutError) as error:
            if self._options.return_exceptions:
                return Block(first, [error] * count)
            return Block(first, [], Failed(0, error))
        self._pace.note(len(values), seconds)
        return Block(first, values, failed)
