"""One fan-out: the first items in the caller, the rest in chunks over the executor."""

import time
from collections.abc import Generator, Iterable, Iterator
from functools import cached_property
from typing import Any

from django_ray_runtime.executors import Executor, Handle, SequentialExecutor, Shared
from django_ray_runtime.fanout.chunks import Block, Failed, Job, run_chunk
from django_ray_runtime.fanout.guard import Guard
from django_ray_runtime.fanout.here import Here
from django_ray_runtime.fanout.options import FanOutOptions
from django_ray_runtime.fanout.pace import Pace
from django_ray_runtime.fanout.source import Source

# How long a call may take to begin, with a process to start on busy cores, before its time-out
# counts: what cannot be seen is whether it has begun.
START_SECONDS = 10.0
# An item that takes so long in the caller holds up the others no longer.
PATIENCE_SECONDS = 0.015


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
        self._pace = Pace(
            options.chunk_size, options.target_chunk_seconds, executor.most_chunk_bytes
        )
        if options.timeout is not None:
            self._pace.fixed = options.chunk_size or 1  # each item has a time of its own
        self._flying: dict[Handle, tuple[int, int, float]] = {}  # first, count, deadline
        self._shared: Shared[Job] | None = None
        self._until = float("inf")
        self._helping = 1  # items of a chunk that helps the caller out
        self._cannot_help = False
        self._source_error: Exception | None = None  # raised once what came before is out

    def blocks(self, *, lazily: bool = False) -> Generator[Block]:
        """All blocks, as they come. With `lazily`, without a cluster, an item is run when it is
        asked for."""
        self._until = time.monotonic() + (self._options.total_timeout or float("inf"))
        here = Here(self._job, self.source, self._pace, self._flying)
        try:
            if self._sequential:
                yield from here.all(lazily=lazily)
                return
            self._executor.demand_room(self._call_options)
            if self._options.may_start_here:
                guard = Guard(self._help, PATIENCE_SECONDS)
                try:
                    yield from here.first(guard)
                except Exception:  # the iterable's is raised when what it gave is out
                    if not self.source.has_failed:
                        raise
                finally:
                    guard.end()
            yield from self._there()
        finally:
            if self._flying:
                self._executor.cancel_all(list(self._flying))

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        """How many chunks may be in flight, and how many run at once. Asks the cluster."""
        slots = self._executor.slots_for(self._call_options)
        most = self._options.max_concurrency
        if self._options.timeout is not None:  # a call that waits would be taken for a late one
            slots = min(slots, most or slots)
            return slots, slots
        if most is not None:
            return most, min(slots, most)
        return slots * self._executor.in_flight_per_slot, slots

    def _help(self) -> None:
        """Called again and again, from the guard's thread, while an item takes its time in the
        caller. What goes wrong is left to the caller, who tells why."""
        if self._cannot_help:
            return
        try:
            self._send_from_the_back()
        except Exception:
            self._cannot_help = True

    def _send_from_the_back(self) -> None:
        flying = list(self._flying)
        running = len(flying) - len(self._executor.wait(flying, 0)) if flying else 0
        window = self._sizes[0]
        # The caller is one of those at work; where nobody set a limit, one more is beside it.
        others = window - 1 if self._options.max_concurrency else max(1, window - 1)
        if others <= running:
            return
        self.source.free()
        most = min(self._helping, self._pace.fitting_items, len(self.source.ready) // (2 * window))
        for _ in range(others - running):
            first, items = self.source.take_back(max(1, most))
            if not items:
                return
            try:
                self._submit(first, items)
            except Exception:
                self.source.give_back(items)
                raise
        self._helping *= 2

    # On the cluster

    def _there(self) -> Iterator[Block]:
        while True:
            self._fill()
            if not self._flying:
                break
            for handle in self._wait():
                yield self._collect(handle)
        if self._source_error is not None:
            raise self._source_error

    def _fill(self) -> None:
        try:
            if not self.source.is_over:  # otherwise nobody asks the cluster for its size
                self._send()
        except Exception as error:
            if not self.source.has_failed:
                raise
            self._source_error = error

    def _send(self) -> None:
        window, slots = self._sizes
        # What lies ready comes before all that was sent from its back, and must go whatever waits
        # or has failed behind it.
        while (self.source.ready or not self.failed) and (
            len(self._flying) + (0 if self.source.ready else self.waiting) < window
        ):
            size = self._pace.next_size(self.source.remaining, slots)
            first, items = self.source.take(size)
            if not items:
                return
            self._pace.note_item(items[0])
            self._submit(first, items)

    def _submit(self, first: int, items: list[Any]) -> None:
        if self._shared is None:
            self._executor.demand_way(self._call_options)
            self._shared = self._executor.share(self._job)
        handle = self._executor.submit(run_chunk, self._shared, items, options=self._call_options)
        limit = self._options.timeout
        until = float("inf")
        if limit is not None:
            until = time.monotonic() + limit * len(items) + START_SECONDS
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
        limit = count * (self._options.timeout or float("inf"))
        try:
            over = until <= time.monotonic() and not self._executor.wait([handle], 0)
            if over:
                self._executor.cancel(handle)
            seconds, values, failed = (limit, [], None) if over else self._executor.outcome(handle)
            if over or seconds > limit:  # by the clock of where it ran
                which = f"item {first}" if count == 1 else f"items {first} to {first + count - 1}"
                raise TimeoutError(f"{self.name}: {which} took over {limit:g} s (timeout).")
        except Exception as error:
            if count > 1:
                error.add_note(f"In items {first} to {first + count - 1}, which were one chunk.")
            if self._options.return_exceptions:
                return Block(first, [error] * count)
            return Block(first, [], Failed(0, error))
        self._pace.note(len(values), seconds)
        return Block(first, values, failed)
