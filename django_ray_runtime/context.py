"""Which run of which task this code belongs to: in the task itself, and in its chunks."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

# A run as it travels to a chunk's process.
type RunWire = tuple[bytes, int, str, str]


class Reporter(Protocol):
    """Who keeps what a run reports."""

    def end_item(self) -> None: ...


@dataclass(slots=True, eq=False)
class Run:
    """One run of a queued task, as seen from one call."""

    task_id: uuid.UUID
    attempt: int
    worker: str
    task_path: str = ""
    is_part: bool = False  # a chunk of the task, not the task itself
    in_atomic: bool = False  # it began within a transaction, as tests do
    at_exit: list[Callable[[], None]] = field(default_factory=list)
    reporter: Reporter | None = None  # of its progress, once it has reported some
    cancelled: bool = False  # as last seen …
    looked_at: float = float("-inf")  # … then, by time.monotonic

    def end_item(self) -> None:
        """One item of a chunk is over: what the next one reports is added to it."""
        if self.reporter is not None:
            self.reporter.end_item()

    def to_wire(self) -> RunWire:
        return self.task_id.bytes, self.attempt, self.worker, self.task_path


_current: ContextVar[Run | None] = ContextVar("run", default=None)


def current_run() -> Run | None:
    """The run that this code belongs to; None outside of tasks."""
    return _current.get()


@contextmanager
def running(run: Run) -> Iterator[Run]:
    """Within this context, the code belongs to `run`."""
    token = _current.set(run)
    try:
        yield run
    finally:
        for leave in run.at_exit:
            leave()
        _current.reset(token)


def part_of(wire: RunWire) -> Run:
    """The run of a chunk, from what its task sent along."""
    identity, attempt, worker, task_path = wire
    return Run(uuid.UUID(bytes=identity), attempt, worker, task_path, is_part=True)
