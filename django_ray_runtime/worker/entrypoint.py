"""What runs in the process that executes a task: on Ray, or in the worker's own thread.

Whatever the task does, a report comes back: its own exceptions never leave this module, so
that one that cannot be pickled does no harm.
"""

import json
import pickle
import time
import uuid
from dataclasses import dataclass
from operator import attrgetter
from traceback import format_exception
from typing import Any

from django_ray_runtime.bootstrap import set_up
from django_ray_runtime.payload import to_json, to_text
from django_ray_runtime.records import CLAIM_COLUMNS, Claim, Failure

_fields = attrgetter(*CLAIM_COLUMNS)

# A report as it travels: seconds, return value as JSON text, exception class path, traceback.
# A list of plain values, which Ray carries without pickling.
type Wire = list[Any]


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended: the return value as JSON text, or why there is none."""

    seconds: float
    return_value: str | None = None
    failure: Failure | None = None


def read_report(wire: Wire) -> Report:
    """What `run_task` returned."""
    seconds, value, class_path, traceback = wire
    failure = None if class_path is None else Failure(class_path, traceback)
    return Report(seconds, value, failure)


def pack(claim: Claim) -> bytes:
    """A claim as `run_task` takes it. Ray's own pickling in Python takes ten times longer, and
    that of a UUID and a dataclass three times."""
    identity, *rest = _fields(claim)
    return pickle.dumps((identity.bytes, *rest))


def unpack(packed: bytes) -> Claim:
    """The claim that was packed."""
    identity, *rest = pickle.loads(packed)  # noqa: S301  (from our own worker, not stored)
    return Claim(**dict(zip(CLAIM_COLUMNS, (uuid.UUID(bytes=identity), *rest), strict=True)))


def run_task(packed: bytes) -> Wire:
    """Run a claimed task here and report how it ended."""
    began = time.perf_counter()
    try:
        set_up()
        value = _call(unpack(packed))
        return [time.perf_counter() - began, value, None, None]
    except BaseException as error:  # SystemExit and the like: the task's, not ours
        failure = failure_of(error)
        seconds = time.perf_counter() - began
        return [seconds, None, failure.exception_class_path, failure.traceback]
    finally:
        _tidy_connections()


def failure_of(error: BaseException) -> Failure:
    """The exception's class path and traceback, as texts that a database can hold."""
    kind = type(error)
    trace = "".join(format_exception(error))
    return Failure(f"{kind.__module__}.{kind.__qualname__}", to_text(trace))


def _call(claim: Claim) -> str:
    from django.tasks.base import TaskContext

    from django_ray_runtime.results import load_task, result_of_claim

    task = load_task(claim.task_path)
    args, kwargs = json.loads(claim.args), json.loads(claim.kwargs)
    if task.takes_context:
        context: Any = TaskContext(task_result=result_of_claim(claim, args, kwargs))
        value = task.call(context, *args, **kwargs)
    else:
        value = task.call(*args, **kwargs)
    return to_json(value, f"the return value of {claim.task_path}")


def _tidy_connections() -> None:
    """Roll back what the task left open, and drop connections that broke or grew old."""
    from django.db import Error, connections

    for connection in connections.all(initialized_only=True):
        if connection.connection is None or connection.in_atomic_block:
            continue
        try:
            connection.rollback()
        except Error:
            connection.close()
        connection.close_if_unusable_or_obsolete()
