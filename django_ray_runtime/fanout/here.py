"""The first items, in the caller: tiny work is over before a cluster would have begun."""

import time
from collections.abc import Generator, Sized

from django_ray_runtime.context import current_run
from django_ray_runtime.executors import as_part
from django_ray_runtime.fanout.chunks import Block, Failed, Job
from django_ray_runtime.fanout.guard import Guard
from django_ray_runtime.fanout.pace import Pace
from django_ray_runtime.fanout.source import Slice, Source

# Work that is over within this never leaves the caller.
BUDGET_SECONDS = 0.01
PLAINLY_LONGER = 4  # times the budget
# Items this short cost more to send than to run, and large ones by so much a byte: the caller and
# a process of the cluster each copy them.
TINY_SECONDS = 2e-6
SENDING_SECONDS_PER_BYTE = 0.5e-9
SLICE_SECONDS = 0.0025  # of items, between looks at the clock
MOST_IN_SLICE = 4096


class Here:
    """Runs items of `source` in slices, until there is anything in `flying`: then others have begun
    on the rest."""

    def __init__(self, job: Job, source: Source, pace: Pace, flying: Sized) -> None:
        self._job = job
        self._call = job.call()
        self._source = source
        self._pace = pace
        self._flying = flying

    def all(self, *, lazily: bool) -> Generator[Block]:
        """All items; with `lazily` each when it is asked for."""
        size = 1
        while (block := self._slice(size)) is not None:
            yield block
            size = 1 if lazily else self._next_size(size)

    def first(self, guard: Guard) -> Generator[Block]:
        """Those that fit the budget, or are tiny; fewer once it is plain that the rest takes far
        longer. The guard is armed while a slice runs."""
        spent, size = 0.0, 1
        while not self._flying and (self._is_tiny or spent < self._budget(spent)):
            began = time.perf_counter()
            block = self._slice(size, guard)
            if block is None:
                return
            spent += time.perf_counter() - began
            yield block
            size = self._next_size(size)

    def _budget(self, spent: float) -> float:
        left = self._pace.seconds_left(self._source.remaining)
        plain = spent >= SLICE_SECONDS and left > PLAINLY_LONGER * BUDGET_SECONDS
        return SLICE_SECONDS if plain else BUDGET_SECONDS

    @property
    def _is_tiny(self) -> bool:
        sending = TINY_SECONDS + self._pace.item_bytes * SENDING_SECONDS_PER_BYTE
        return self._pace.per_item is not None and self._pace.per_item < sending

    def _next_size(self, size: int) -> int:
        each = max(self._pace.per_item or SLICE_SECONDS, 1e-9)
        return max(1, min(int(SLICE_SECONDS / each), size * 16, MOST_IN_SLICE))

    def _slice(self, size: int, guard: Guard | None = None) -> Block | None:
        """Run up to `size` items, fewer where others begin meanwhile; None at the end."""
        began = time.perf_counter()
        mine = self._source.begin(size, others=guard is not None)
        if not mine.items:
            return None
        self._pace.note_item(mine.items[0])
        try:
            if guard is not None and (self._source.ready or len(mine.items) > 1):
                guard.arm()
            with as_part():
                failed = self._run(mine)
        finally:
            if guard is not None:
                guard.disarm()
        self._source.finish(mine, len(mine.values) + (failed is not None))
        self._pace.note(len(mine.values), time.perf_counter() - began)
        return Block(mine.first, mine.values, failed)

    def _run(self, mine: Slice) -> Failed | None:
        call, values, stopped = self._call, mine.values, mine.stopped
        append, run = values.append, current_run()
        for item in mine.items:  # this is the hottest of all loops
            if stopped:
                break
            try:
                value = call(item)
                if run is not None:
                    run.end_item()
                append(value)
            except Exception as error:
                if not self._job.return_exceptions:
                    return Failed(len(values), error)
                append(error)
        return None
