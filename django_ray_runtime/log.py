"""Log lines that say which task they belong to, as text or as JSON.

LOGGING = {
    "filters": {"task": {"()": "django_ray_runtime.log.TaskFilter"}},
    "formatters": {"line": {"()": "django_ray_runtime.log.JSONFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["task"],
                            "formatter": "line"}},
    ...
}

While a task runs, every record that passes the filter carries `task_id`, `attempt`, `worker`
and `task_path`: those of your own loggers and of libraries too, also in its chunks on the
cluster. Nothing here needs Django, whose
start configures the logging, in the worker as in Ray's processes.
"""

import json
import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from django_ray_runtime.context import current_run


class About(Protocol):
    """A claim, or a task's row."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def attempt(self) -> int: ...
    @property
    def worker_ids(self) -> Sequence[str]: ...
    @property
    def task_path(self) -> str: ...


TASK_FIELDS = ("task_id", "attempt", "worker", "task_path")

_events = logging.getLogger("django_ray_runtime")

# What happens to every task is told at DEBUG only: a busy worker has thousands a second.
EVENTS = {
    "claimed": logging.DEBUG,
    "started": logging.DEBUG,
    "succeeded": logging.DEBUG,
    "failed": logging.INFO,
    "timed_out": logging.INFO,
    "retried": logging.INFO,
    "cancelled": logging.INFO,
    "lost": logging.WARNING,
    "handed_back": logging.INFO,
    "dropped": logging.WARNING,
    "rescued": logging.WARNING,
}


def task_fields(claim: About) -> dict[str, Any]:
    """What a log line says about a claim."""
    worker = claim.worker_ids[-1] if claim.worker_ids else ""
    values = (str(claim.id), claim.attempt, worker, claim.task_path)
    return dict(zip(TASK_FIELDS, values, strict=True))


def log_event(name: str, claim: About | None = None, **fields: Any) -> None:
    """Say on the logger `django_ray_runtime` that one of EVENTS happened, with its fields.

    Costs next to nothing where that level is off. Raises KeyError for an unknown name.
    """
    level = EVENTS[name]
    if not _events.isEnabledFor(level):
        return
    about = task_fields(claim) if claim else {}
    # In the text too: whatever formatter the project has, the line can be found by its task.
    words = {"task": claim.id, "attempt": claim.attempt, "path": claim.task_path} if claim else {}
    told = [f"{key}={value}" for key, value in (words | fields).items()]
    extra = {"event": name, "fields": fields, **about}
    _events.log(level, "%s", " ".join([name, *told]), extra=extra)


class TaskFilter(logging.Filter):
    """Puts the running task's fields on each record. Belongs on a handler: filters of a logger
    do not see the records of the loggers below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        run = current_run()
        if run is not None and not hasattr(record, "task_id"):
            record.task_id = str(run.task_id)
            record.attempt = run.attempt
            record.worker = run.worker
            record.task_path = run.task_path
        return True


class PlainFormatter(logging.Formatter):
    """Text lines that end with `task=… attempt=…`, only where a task runs."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        task_id = getattr(record, "task_id", None)
        if task_id is None or hasattr(record, "event"):  # an event's text names its task
            return line
        return f"{line} task={task_id} attempt={getattr(record, 'attempt', '?')}"


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time (ISO, UTC), level, logger, message; with a running task its
    fields; with an event its name and fields; with an exception its class, message and
    traceback."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in (*TASK_FIELDS, "event", "fields"):
            if (value := getattr(record, name, None)) not in (None, {}):
                line[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _exception(self, record)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line, default=_plain)


def _exception(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, str]:
    assert record.exc_info  # noqa: S101  (looked at by the caller)
    error = record.exc_info[1]
    kind = type(error)
    return {
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "message": str(error),
        "traceback": formatter.formatException(record.exc_info),
    }


def _plain(value: object) -> str:
    """What JSON has no form for. A log line is never lost over it."""
    return str(value) if isinstance(value, uuid.UUID | datetime) else repr(value)
