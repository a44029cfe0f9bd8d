"""Time, processor cores, a disk, and waits that a notice ends: what `scaling_model` is made of.

Time jumps from event to event. A process is a generator: it yields what it waits for, and goes on
when that is there.
"""

import heapq
from collections import deque
from collections.abc import Callable, Generator
from functools import partial

type Resume = Callable[[], None]
type Request = Callable[[Resume], None]  # what a process yields; it is resumed when that is served
type Process = Generator[Request]


class Engine:
    """Time, cores and a disk."""

    def __init__(self, cores: int, flush_seconds: float, until: float) -> None:
        self.now = 0.0
        self.busy = 0.0
        self.statements = self.flushes = 0
        self.until = until
        self._from = until / 3
        self._flush_seconds = flush_seconds
        self._free = cores
        self._number = 0
        self._events: list[tuple[float, int, Resume]] = []
        self._queue: deque[tuple[Callable[[], float], Resume]] = deque()
        self._committing: list[Resume] = []
        self._flushing = False

    @property
    def counts(self) -> bool:
        """Whether the time has come that is reported."""
        return self.now >= self._from

    def after(self, seconds: float, action: Resume) -> None:
        """Do this then."""
        self._number += 1
        heapq.heappush(self._events, (self.now + seconds, self._number, action))

    def spawn(self, process: Process) -> None:
        """Let a process begin."""
        try:
            request = next(process)
        except StopIteration:
            return
        request(partial(self.spawn, process))

    def run(self) -> None:
        """Until the time is over."""
        while self._events and self._events[0][0] <= self.until:
            self.now, _, action = heapq.heappop(self._events)
            action()

    def sleep(self, seconds: float) -> Request:
        """Time passes."""
        return lambda resume: self.after(seconds, resume)

    def compute(self, cost: Callable[[], float], statement: bool = True) -> Request:
        """A core is taken for so long; `cost` is asked when it begins."""

        def request(resume: Resume) -> None:
            self.statements += statement and self.counts
            self._queue.append((cost, resume))
            self._serve()

        return request

    def flush(self, resume: Resume) -> None:
        """A commit: it waits for the flush under way, and shares the next with all who wait."""
        self._committing.append(resume)
        if not self._flushing:
            self._begin_flush()

    def _serve(self) -> None:
        while self._free and self._queue:
            cost, resume = self._queue.popleft()
            seconds = cost()
            self._free -= 1
            if self.counts:
                # What ends later than the time reported is not all of it.
                self.busy += min(seconds, self.until - self.now)
            self.after(seconds, partial(self._served, resume))

    def _served(self, resume: Resume) -> None:
        self._free += 1
        self._serve()
        resume()

    def _begin_flush(self) -> None:
        batch, self._committing = self._committing, []
        self._flushing = True
        self.flushes += self.counts
        self.after(self._flush_seconds, partial(self._flushed, batch))

    def _flushed(self, batch: list[Resume]) -> None:
        self._flushing = False
        if self._committing:
            self._begin_flush()
        for resume in batch:
            resume()


class Bell:
    """A wait that a notice ends."""

    def __init__(self, engine: Engine) -> None:
        self.rung = False
        self._engine = engine
        self._turn = 0
        self._resume: Resume | None = None

    def wait(self, seconds: float) -> Request:
        """At most so long; not at all when it was rung meanwhile."""

        def request(resume: Resume) -> None:
            self._turn += 1
            self._resume = resume
            self._engine.after(0.0 if self.rung else seconds, partial(self._end, self._turn))

        return request

    def ring(self) -> None:
        """End the present wait, or the next."""
        self.rung = True
        self._end(self._turn)

    def _end(self, turn: int) -> None:
        if self._resume is not None and turn == self._turn:
            resume, self._resume = self._resume, None
            resume()
