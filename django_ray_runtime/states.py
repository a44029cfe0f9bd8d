"""The states of a queued task and every move between them.

This table is the only one: an Outcome whose move it lacks is refused, and the diagram in
the documentation follows it.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    SCHEDULED = "SCHEDULED"  # Has a later run_after; maintenance promotes it when due.
    BLOCKED = "BLOCKED"  # Has a limited key, which must admit it first.
    READY = "READY"  # May be claimed by any worker of its queue.
    RUNNING = "RUNNING"  # Claimed: names the worker and the attempt that may finish it.
    SUCCESSFUL = "SUCCESSFUL"  # Returned; final.
    FAILED = "FAILED"  # Raised, timed out, or lost its workers too often; final.
    CANCELLED = "CANCELLED"  # Cancelled by a person or by code; final.
    EXPIRED = "EXPIRED"  # Not started before its expiry; final.


FINAL = frozenset({State.SUCCESSFUL, State.FAILED, State.CANCELLED, State.EXPIRED})
WAITING = frozenset({State.SCHEDULED, State.BLOCKED, State.READY})

# What takes up one of its key's places: admitted, and not finished.
ADMITTED = frozenset({State.READY, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Move:
    """One guarded write: `name` takes a row from one of `sources` to `target`."""

    name: str
    sources: frozenset[State]
    target: State


def _move(name: str, sources: set[State], target: State) -> Move:
    return Move(name, frozenset(sources), target)


MOVES: tuple[Move, ...] = (
    _move("enqueue", set(), State.READY),
    _move("enqueue_keyed", set(), State.BLOCKED),
    _move("schedule", set(), State.SCHEDULED),
    _move("promote", {State.SCHEDULED}, State.READY),
    _move("promote_keyed", {State.SCHEDULED}, State.BLOCKED),
    _move("admit", {State.BLOCKED}, State.READY),
    _move("claim", {State.READY}, State.RUNNING),
    _move("succeed", {State.RUNNING}, State.SUCCESSFUL),
    _move("fail", {State.RUNNING}, State.FAILED),
    _move("hand_back", {State.RUNNING}, State.READY),
    _move("rescue", {State.RUNNING}, State.READY),
    _move("retry", {State.RUNNING}, State.SCHEDULED),
    _move("cancel", {*WAITING, State.RUNNING}, State.CANCELLED),
    _move("expire", set(WAITING), State.EXPIRED),
    _move("requeue", {State.FAILED, State.CANCELLED, State.EXPIRED}, State.READY),
    _move("requeue_keyed", {State.FAILED, State.CANCELLED, State.EXPIRED}, State.BLOCKED),
)

# Django knows four statuses. CANCELLED and EXPIRED are failures there, told apart by the
# exception class of the result's last error.
DJANGO_STATUS: dict[State, str] = {
    State.SCHEDULED: "READY",
    State.BLOCKED: "READY",
    State.READY: "READY",
    State.RUNNING: "RUNNING",
    State.SUCCESSFUL: "SUCCESSFUL",
    State.FAILED: "FAILED",
    State.CANCELLED: "FAILED",
    State.EXPIRED: "FAILED",
}


def is_allowed(source: State | None, target: State) -> bool:
    """Whether some move leads from `source` (None: a new row) to `target`."""
    return any(
        move.target is target and (source in move.sources if source else not move.sources)
        for move in MOVES
    )


class WorkerState(StrEnum):
    STARTING = "STARTING"  # Its process runs, but it does not claim yet.
    ACTIVE = "ACTIVE"  # Claims and runs tasks.
    DRAINING = "DRAINING"  # Claims no more; what runs may finish.
    STOPPED = "STOPPED"  # Ended because it was told to; nobody is to blame for what it held; final.
    DEAD = "DEAD"  # Declared dead: nothing it writes counts any more; final.


LIVING = frozenset({WorkerState.STARTING, WorkerState.ACTIVE, WorkerState.DRAINING})
