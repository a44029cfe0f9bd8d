"""What travels between the store, the worker and the processes that run tasks.

No Django models here: these must load in a process where Django is not set up yet.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django_ray_runtime.states import MOVES, State

_FROM_RUNNING = {move.target for move in MOVES if State.RUNNING in move.sources}


class Claim(NamedTuple):
    """A task that a worker holds: all that is needed to run it and to finish it.

    A named tuple, because that is made several times faster than a frozen dataclass.
    """

    id: uuid.UUID
    attempt: int
    task_path: str
    args: str  # JSON text, passed on as it lies in the database
    kwargs: str  # JSON text
    backend: str
    queue_name: str
    priority: int
    options: str  # JSON text, see options.TaskOptions
    failures: int
    losses: int
    suspect: bool  # a run of it was lost: nothing is given ahead beside it
    worker_ids: tuple[str, ...]
    enqueued_at: datetime
    run_after: datetime | None
    started_at: datetime
    last_attempted_at: datetime


# The columns behind a Claim, in its order.
CLAIM_COLUMNS = Claim._fields


def from_seconds(moment: float | None) -> Any:
    """A moment that travelled as seconds since 1970, or None."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC)


class StopReason(StrEnum):
    """Why a running task is to stop."""

    CANCEL = "cancelled"
    TIMEOUT = "timed out"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run did not succeed."""

    exception_class_path: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a claimed task. `state` is the target of the move."""

    id: uuid.UUID
    attempt: int
    state: State
    return_value: str | None = None  # JSON text, with state SUCCESSFUL
    failure: Failure | None = None  # recorded as an Attempt
    output: str = ""  # what the run printed and logged; recorded as an Attempt
    delay: float = 0.0  # seconds until it may run again, with state SCHEDULED
    blamed: bool = False  # the run failed by itself: one of its max_attempts is used up
    lost: bool = False  # the run ended with a lost process, and is charged with it
    suspect: bool = False  # the run was lost: what runs beside the next one is to be known
    spends_attempt: bool = True  # False: it never started, and its claim is undone
    seconds: float | None = None  # how long it ran, where that is known; not stored

    def __post_init__(self) -> None:
        if self.state not in _FROM_RUNNING:
            raise ValueError(f"There is no move from RUNNING to {self.state}; see states.MOVES.")
