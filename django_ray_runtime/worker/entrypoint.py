"""What runs in the process that executes a task: on Ray, or in the worker's own thread.

Whatever the task does, a report comes back: its own exceptions never leave this module, so
that one that cannot be pickled does no harm.
"""

import json
import pickle
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import format_exception
from typing import Any

from django_ray_runtime.bootstrap import set_up
from django_ray_runtime.payload import to_json, to_text
from django_ray_runtime.records import Claim, Failure

# How a run ended: the return value as JSON text, or why there is none.
type Report = str | Failure


def pack(claim: Claim) -> bytes:
    """A claim as `run_task` takes it. Ray's own pickling in Python takes ten times longer."""
    return pickle.dumps(claim)


def run_task(packed: bytes) -> Report:
    """Run a claimed task here and report how it ended."""
    with _interrupts_held_off():
        try:
            set_up()
            return _call(pickle.loads(packed))  # noqa: S301  (from our own worker, not stored)
        except BaseException as error:  # SystemExit and the like: the task's, not ours
            return failure_of(error)
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


@contextmanager
def _interrupts_held_off() -> Iterator[None]:
    """A recall by the worker reaches a running task as an interrupt: it must not stop it.

    Ray delivers a recall that comes too late as SIGINT to the process's main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tidy_connections() -> None:
    """Roll back what the task left open, and drop connections that broke or grew old."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
