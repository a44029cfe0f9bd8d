"""What runs in the process that executes a task: on Ray, or in the worker's own thread.

Whatever the task does, a report comes back: its own exceptions never leave this module, so
that one that cannot be pickled does no harm.
"""

import inspect
import json
import time
import uuid
from contextvars import copy_context
from dataclasses import dataclass
from traceback import format_exception
from typing import Any

from django.db import Error, connections

from django_ray_runtime.bootstrap import set_up
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.context import Run, running
from django_ray_runtime.exceptions import CallCancelled, CallLost
from django_ray_runtime.options import TaskOptions, read_options
from django_ray_runtime.payload import to_json, to_text, without_middle
from django_ray_runtime.records import Claim, Failure, from_seconds
from django_ray_runtime.results import load_task, result_of_claim
from django_ray_runtime.retries import retry_delay
from django_ray_runtime.store import get_store
from django_ray_runtime.task_context import RayTaskContext
from django_ray_runtime.worker.output import captured

MAX_TRACEBACK = 65_536  # characters of it that are kept

# A claim as it travels: its fields in their order, moments in seconds. A list of plain values,
# which Ray carries without pickling.
type Packed = list[Any]

# A report as it travels: seconds, return value as JSON text, exception class path, traceback,
# seconds until the next run, output. A list of plain values, too.
type Wire = list[Any]


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended: the return value as JSON text, or why there is none."""

    seconds: float
    return_value: str | None = None
    failure: Failure | None = None
    retry_in: float | None = None  # seconds; None: it is not run again
    output: str = ""


def read_report(wire: Wire) -> Report:
    """What `run_task` returned."""
    seconds, value, class_path, traceback, retry_in, output = wire
    failure = None if class_path is None else Failure(class_path, traceback)
    return Report(seconds, value, failure, retry_in, output)


def pack(claim: Claim) -> Packed:
    """A claim as `run_task` takes it."""
    identity, *values, worker_ids, enqueued, run_after, started, attempted = claim
    after = None if run_after is None else run_after.timestamp()
    moments = [enqueued.timestamp(), after, started.timestamp(), attempted.timestamp()]
    return [identity.bytes, *values, list(worker_ids), *moments]


def unpack(packed: Packed) -> Claim:
    """The claim that was packed."""
    identity, *values, worker_ids, enqueued, run_after, started, attempted = packed
    moments = [enqueued, run_after, started, attempted]
    values += [tuple(worker_ids), *map(from_seconds, moments)]
    return Claim(uuid.UUID(bytes=identity), *values)


def run_task(packed: Packed) -> Wire:
    """Run a claimed task here and report how it ended.

    It has a context of its own: language, time zone and context variables that it sets are not
    there for the next one.
    """
    return copy_context().run(_run_task, packed)


def run_task_once(packed: Packed) -> Wire:
    """The same where a call may be started a second time, and others run in this process: its
    start is written down, and a second one refused as CallLost."""
    return copy_context().run(_run_task, packed, once=True)


def _run_task(packed: Packed, *, once: bool = False) -> Wire:
    began = time.perf_counter()
    set_up()
    claim = unpack(packed)
    options = read_options(claim.options)
    value, failure, retry_in = None, None, None
    began_in_atomic = _in_atomic()
    with captured(runtime_settings().max_output_bytes, alone=not once) as tail:
        try:
            with running(
                Run(claim.id, claim.attempt, claim.worker_ids[-1], claim.task_path)
            ) as run:
                run.in_atomic = bool(began_in_atomic)
                if once:
                    _demand_first_start(claim)
                value = _call(claim, options)
        except CallLost:
            raise
        except BaseException as error:  # SystemExit and the like: the task's, not ours
            failure = failure_of(error)
            retry_in = retry_delay(options, claim.failures, type(error))
        finally:
            _tidy_connections(began_in_atomic)
    seconds = time.perf_counter() - began
    output = to_text(tail.text())
    if failure is None:
        return [seconds, value, None, None, None, output]
    return [seconds, None, failure.exception_class_path, failure.traceback, retry_in, output]


def failure_of(error: BaseException) -> Failure:
    """The exception's class path and traceback, as texts that a database can hold."""
    kind = type(error)
    # A message may quote megabytes, and every list of errors would carry them.
    trace = without_middle("".join(format_exception(error)), MAX_TRACEBACK)
    return Failure(f"{kind.__module__}.{kind.__qualname__}", to_text(trace))


def _call(claim: Claim, options: TaskOptions) -> str:
    task = load_task(claim.task_path)
    args, kwargs = json.loads(claim.args), json.loads(claim.kwargs)
    given = args
    if task.takes_context:
        result = result_of_claim(claim, args, kwargs)
        given = [RayTaskContext(task_result=result), *args]
    if options.timeout is not None:
        _note_started(claim, options.timeout)
    try:
        value = task.call(*given, **kwargs)
    except TypeError as error:
        _demand_fit(task, given, kwargs, error)
        raise
    text = to_json(value, f"the return value of {claim.task_path}")
    limit = runtime_settings().max_result_bytes
    if 4 * len(text) > limit and (size := len(text.encode())) > limit:  # 4: the most of a character
        raise ValueError(
            f"The return value of {claim.task_path} has {size:,} bytes of JSON, over "
            f"MAX_RESULT_BYTES ({limit:,}). Store the data (a file, a row) and return where it is."
        )
    return text


def _demand_fit(task: Any, args: list[Any], kwargs: dict[str, Any], error: TypeError) -> None:
    """Raise a TypeError that says what to do where the arguments do not fit the function."""
    signature = inspect.signature(task.func)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as mismatch:
        raise TypeError(
            f"The arguments do not fit {task.module_path}{signature}: {mismatch}. Was it called "
            "wrongly, or changed after this was enqueued? Then give a new parameter a default."
        ) from error


def _demand_first_start(claim: Claim) -> None:
    try:
        first = get_store().note_begun(claim)
    except Error as error:  # the database's fault, not the task's
        raise CallLost(f"The start of the run could not be written: {error}") from None
    if not first:
        raise CallLost("It was started before, where it has no end that anybody knows of.")


def _note_started(claim: Claim, timeout: float) -> None:
    try:
        ours = get_store().note_started(claim, timeout)
    except Error as error:  # the database's fault, not the task's
        raise CallLost(f"The start of the run could not be written: {error}") from None
    if not ours:
        raise CallCancelled("Another run of this task has taken its place.")


def _in_atomic() -> set[str]:
    """The databases whose connections are within an atomic block: in tests, they may be."""
    opened = connections.all(initialized_only=True)
    return {connection.alias for connection in opened if connection.in_atomic_block}


def _tidy_connections(began_in_atomic: set[str]) -> None:
    """Roll back what the task left open, and drop connections that broke or grew old."""
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block and connection.alias not in began_in_atomic:
            # An interrupt, or the task itself, left a block without its end: what later tasks
            # write would never be committed.
            if connection.connection is not None:
                connection.connection.close()
            del connections[connection.alias]
            continue
        if connection.connection is None or connection.in_atomic_block:
            continue
        try:
            connection.rollback()
        except Error:
            connection.close()
        connection.close_if_unusable_or_obsolete()
