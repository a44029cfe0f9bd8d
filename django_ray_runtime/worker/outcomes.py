"""What can become of a claimed task, as outcomes for the store."""

import uuid
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import (
    CallCancelled,
    CallLost,
    CallNotStarted,
    Cancelled,
    ExecutorLost,
    PerhapsLost,
    TaskTimeout,
    WorkerLost,
)
from django_ray_runtime.executors.base import Executor, Handle
from django_ray_runtime.options import read_options
from django_ray_runtime.records import Claim, Failure, Outcome, StopReason
from django_ray_runtime.retries import retry_delay
from django_ray_runtime.states import State
from django_ray_runtime.store.base import Store
from django_ray_runtime.worker.entrypoint import Report, failure_of, read_report

# Characters that are written with one statement. PostgreSQL takes a gigabyte at most and ends the
# connection of who sends more, which would look like an outage, for ever; and in a statement a
# character may take twelve bytes.
PORTION = 2**25

_INTERRUPT = "builtins.KeyboardInterrupt"


def portions(
    waiting: Iterable[tuple[Claim, Outcome]],
) -> Iterator[list[tuple[Claim, Outcome]]]:
    """What waits to be written, in order, cut into what one statement can carry."""
    batch: list[tuple[Claim, Outcome]] = []
    size = 0
    for claim, outcome in waiting:
        more = _size(outcome)
        if batch and size + more > PORTION:
            yield batch
            batch, size = [], 0
        batch.append((claim, outcome))
        size += more
    if batch:
        yield batch


def write(store: Store, worker: str, batch: list[Outcome]) -> dict[uuid.UUID, State]:
    """Write outcomes of `worker`; one that the database refuses is written as a failure. The new
    states of those that were still its own."""
    try:
        return store.finish_many(worker, batch)
    except (DataError, IntegrityError) as error:
        if len(batch) > 1:  # one of them is refused; its neighbours must not wait for it
            return dict(ChainMap(*(write(store, worker, [outcome]) for outcome in batch)))
        refusal = f"{type(error).__name__}: the database refuses this outcome: {error}"
        failure = Failure(f"{type(error).__module__}.{type(error).__qualname__}", refusal)
        poison = batch[0]
        refused = Outcome(id=poison.id, attempt=poison.attempt, state=State.FAILED, failure=failure)
        return store.finish_many(worker, [refused])


def of_call(
    call: Callable[[], Any], claim: Claim, worker: str, reason: StopReason | None, recalled: bool
) -> Outcome:
    """What a call that has ended returns or raises, as outcome of the run for which `worker` gave
    it. `reason` is why it was to stop, if it was; `recalled` whether all were."""
    try:
        report = read_report(call())
    except (CallCancelled, CallLost) as error:
        if reason is not None:
            return told_to_stop(claim, reason)
        if isinstance(error, CallNotStarted):
            return not_started(claim)
        if recalled and isinstance(error, CallCancelled):
            return stopped(claim)
        return lost(claim, worker, error)
    except ExecutorLost:
        raise
    except Exception as error:  # the executor could not even carry the call
        return not_carried(claim, failure_of(error))
    if report.failure is not None:
        if reason is not None:
            return told_to_stop(claim, reason, report)
        if recalled and report.failure.exception_class_path == _INTERRUPT:
            return stopped(claim, report)
    return of_report(claim, report)


def ask(executor: Executor, handle: Handle, claim: Claim, store: Store) -> Any:
    """What a call that has ended returns or raises; CallNotStarted where it is lost, and its row
    says what the executor cannot tell: that it never began."""
    try:
        return executor.outcome(handle)
    except CallLost:
        if not executor.may_start_again:
            raise
        try:
            begun = store.has_begun(claim)
        except (DatabaseError, InterfaceError):
            begun = True
        if begun:
            raise
        raise CallNotStarted("It waited in a process that ended.") from None


def of_report(claim: Claim, report: Report) -> Outcome:
    """It returned, or raised: then it runs again later, or is FAILED."""
    if report.failure is None:
        values: dict[str, Any] = {"return_value": report.return_value}
        return _outcome(claim, State.SUCCESSFUL, report, **values)
    return _failed(claim, report.failure, report.retry_in, report)


def not_carried(claim: Claim, failure: Failure) -> Outcome:
    """The executor could not even run it."""
    return _failed(claim, failure, None, None)


def not_started(claim: Claim) -> Outcome:
    """It goes back with its attempt unspent."""
    return _outcome(claim, State.READY, None, spends_attempt=False)


def stopped(claim: Claim, report: Report | None = None) -> Outcome:
    """It ran when the worker had to stop: it runs again, and nobody is to blame."""
    failure = _failure(WorkerLost, "the worker had to stop before this run had ended.")
    return _outcome(claim, State.READY, report, failure=failure)


def lost(claim: Claim, worker: str, error: Exception) -> Outcome:
    """Its process ended: it runs again, unless that happened more than MAX_LOST_RERUNS times.
    Where it is not known whether it ran there, that does not count."""
    charged = not isinstance(error, PerhapsLost)
    how = "that ran" if charged else "that may have run"
    failure = _failure(
        WorkerLost, f"the process {how} this task for worker {worker} ended: {error}"
    )
    final = charged and claim.losses >= runtime_settings().max_lost_reruns
    state = State.FAILED if final else State.READY
    return _outcome(claim, state, None, failure=failure, lost=charged, suspect=True)


def told_to_stop(claim: Claim, reason: StopReason, report: Report | None = None) -> Outcome:
    """It was cancelled, or timed out, which counts as a failure of its own. `report` is what an
    interrupted run told, with the traceback of where it was."""
    where = report.failure.traceback if report and report.failure else ""
    if reason is StopReason.CANCEL:
        failure = _failure(Cancelled, "the task was cancelled while it ran.", where)
        return _outcome(claim, State.CANCELLED, report, failure=failure)
    options = read_options(claim.options)
    text = f"the run took longer than its timeout of {options.timeout or 0:g} s."
    retry_in = retry_delay(options, claim.failures, TaskTimeout)
    return _failed(claim, _failure(TaskTimeout, text, where), retry_in, report)


def _failed(
    claim: Claim, failure: Failure, retry_in: float | None, report: Report | None
) -> Outcome:
    state = State.FAILED if retry_in is None else State.SCHEDULED
    return _outcome(claim, state, report, failure=failure, delay=retry_in or 0.0, blamed=True)


def _size(outcome: Outcome) -> int:
    failure = outcome.failure
    traceback = failure.traceback if failure else ""
    return len(outcome.return_value or "") + len(traceback) + len(outcome.output)


def _outcome(claim: Claim, state: State, report: Report | None, **values: Any) -> Outcome:
    return Outcome(
        id=claim.id,
        attempt=claim.attempt,
        state=state,
        output=report.output if report else "",
        seconds=report.seconds if report else None,
        **values,
    )


def _failure(kind: type[Exception], text: str, where: str = "") -> Failure:
    path = f"{kind.__module__}.{kind.__qualname__}"
    return Failure(path, f"{where}{kind.__name__}: {text}\n")
