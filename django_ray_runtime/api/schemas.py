"""What the API takes and gives, as its documentation shows it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from django_ray_runtime.rest.pages import PageQuery
from django_ray_runtime.rest.values import Moment, Text
from django_ray_runtime.states import State, WorkerState

_ID = "01999f4e-7d20-7c3e-a9b1-5f0e6a1c2d3e"
_WORKER = "web1:4711:9f86d081"
_PROGRESS = {
    "done": 40,
    "total": 100,
    "message": "pages",
    "fraction": 0.4,
    "eta_seconds": 12.5,
    "updated_at": "2026-03-01T03:00:09.5Z",
}
_TASK = {
    "id": _ID,
    "task": "myapp.tasks.report",
    "state": "RUNNING",
    "status": "RUNNING",
    "queue": "default",
    "priority": 0,
    "args": [2026],
    "kwargs": {"token": "•••"},  # nosec  # an example, masked
    "enqueued_at": "2026-03-01T03:00:00.1Z",
    "run_after": None,
    "expires_at": None,
    "started_at": "2026-03-01T03:00:01.2Z",
    "finished_at": None,
    "attempt": 1,
    "failures": 0,
    "losses": 0,
    "suspect": False,
    "worker": _WORKER,
    "cancel_asked_at": None,
    "progress": _PROGRESS,
}
_ATTEMPT = {
    "number": 1,
    "worker": _WORKER,
    "started_at": "2026-03-01T03:00:01.2Z",
    "finished_at": "2026-03-01T03:00:02.9Z",
    "exception": "builtins.ValueError",
    "traceback": "Traceback (most recent call last):\n  …\nValueError: no such year\n",
    "output": "reading 2026\n",
}


def _like(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example})


class TaskQuery(PageQuery):
    """Which tasks; everything given must hold."""

    state: State | None = Field(None, description="Only tasks in this state.")
    queue: Text | None = Field(None, description="Only tasks of this queue.")
    task: Text | None = Field(
        None, max_length=500, description="Only calls of this task: its dotted path, in full."
    )
    since: Moment | None = Field(
        None, description="Enqueued then or later; with a time zone: `2026-03-01T00:00:00Z`."
    )
    until: Moment | None = Field(None, description="Enqueued before; with a time zone.")


class ProgressOut(Schema):
    """What the latest run reported of itself."""

    done: int
    total: int | None = Field(description="null while the whole is not known.")
    message: str
    fraction: float | None = Field(description="From 0 to 1.")
    eta_seconds: float | None = Field(description="From `updated_at`, at the mean speed so far.")
    updated_at: datetime


class TaskOut(Schema):
    """One queued task. Values of sensitive parameters are shown as `•••`."""

    model_config = _like(_TASK)

    id: UUID
    task: str = Field(description="Dotted path of the task.")
    state: State
    status: Literal["READY", "RUNNING", "SUCCESSFUL", "FAILED"] = Field(
        description="The same in the words of django.tasks."
    )
    queue: str
    priority: int
    args: list[Any]
    kwargs: dict[str, Any]
    enqueued_at: datetime
    run_after: datetime | None
    expires_at: datetime | None = Field(description="Not started by then, it is EXPIRED.")
    started_at: datetime | None = Field(description="Start of its first run.")
    finished_at: datetime | None
    attempt: int = Field(description="Number of the latest run; 0: none so far.")
    failures: int = Field(description="How many runs failed by themselves.")
    losses: int = Field(description="How many runs ended with a lost worker or Ray process.")
    suspect: bool = Field(
        description="A run of it was lost: the next one is given to a free slot only."
    )
    worker: str | None = Field(description="Who runs it now.")
    cancel_asked_at: datetime | None = Field(description="Since when it is told to stop.")
    progress: ProgressOut | None


class AttemptOut(Schema):
    """One run that left something to tell: an error, or output."""

    number: int
    worker: str
    started_at: datetime | None
    finished_at: datetime
    exception: str = Field(description="Dotted path of the exception's class; empty: none.")
    traceback: str
    output: str = Field(description="The end of what it printed and logged.")


class TaskDetail(TaskOut):
    """One queued task with its outcome and the runs that left something to tell."""

    model_config = _like(
        _TASK
        | {"state": "FAILED", "status": "FAILED", "finished_at": "2026-03-01T03:00:02.9Z"}
        | {"failures": 1, "worker": None, "progress": None, "return_value": None}
        | {"options": {"max_attempts": 1, "sensitive": ["token"]}, "limit_key": None}
        | {"unique_key": None, "worker_ids": [_WORKER], "attempts": [_ATTEMPT]}
    )

    return_value: Any = Field(description="What it returned, with state SUCCESSFUL.")
    options: dict[str, Any] = Field(
        description="What its declaration says beyond defaults; of `runtime_env` the names only."
    )
    limit_key: str | None = Field(description="Key of its concurrency and rate limits.")
    unique_key: str | None = Field(description="Key that at most one unfinished task holds.")
    worker_ids: list[str] = Field(description="The worker of each run, in order.")
    attempts: list[AttemptOut] = Field(
        description="The latest 20 runs that left something to tell, oldest first."
    )


class QueueCounts(Schema):
    """Unfinished tasks by state. Finished ones are not counted: there may be millions."""

    SCHEDULED: int = 0
    BLOCKED: int = 0
    READY: int = 0
    RUNNING: int = 0


class QueueOut(Schema):
    """One queue."""

    model_config = _like(
        {"name": "default", "paused": False, "oldest_ready_seconds": 3.2}
        | {"counts": {"SCHEDULED": 2, "BLOCKED": 0, "READY": 12, "RUNNING": 4}}
    )

    name: str
    paused: bool = Field(description="Nothing is claimed from it; what runs goes on.")
    counts: QueueCounts
    oldest_ready_seconds: float | None = Field(
        description="For how long the oldest READY task could have been claimed; null: none is."
    )


class WorkerQuery(PageQuery):
    """Which workers."""

    state: WorkerState | None = Field(None, description="Only workers in this state.")


class WorkerOut(Schema):
    """One boot of a worker."""

    model_config = _like(
        {"id": _WORKER, "state": "ACTIVE", "queues": ["default"], "executor": "ray"}
        | {"concurrency": 8, "heartbeat_age_seconds": 1.4, "running": 4, "released": 0}
        | {"started_at": "2026-03-01T02:00:00Z", "ended_at": None}
    )

    id: str
    state: WorkerState
    queues: list[str]
    executor: str
    concurrency: int = Field(description="How many tasks it runs at once.")
    heartbeat_age_seconds: float = Field(description="Since its last heartbeat.")
    started_at: datetime
    ended_at: datetime | None
    running: int = Field(description="How many tasks it runs now.")
    released: int = Field(description="How many of its tasks were rescued when it was lost.")
