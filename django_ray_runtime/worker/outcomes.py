"""What can become of a claimed task, as outcomes for the store."""

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import Cancelled, TaskTimeout, WorkerLost
from django_ray_runtime.options import read_options
from django_ray_runtime.records import Claim, Failure, Outcome, StopReason
from django_ray_runtime.retries import retry_delay
from django_ray_runtime.states import State


def succeeded(claim: Claim, return_value: str | None, output: str = "") -> Outcome:
    """It returned; `return_value` is JSON text."""
    return Outcome(
        id=claim.id,
        attempt=claim.attempt,
        state=State.SUCCESSFUL,
        return_value=return_value,
        output=output,
    )


def failed(
    claim: Claim, failure: Failure, retry_in: float | None = None, output: str = ""
) -> Outcome:
    """It raised; it runs again in `retry_in` seconds, or is FAILED."""
    return Outcome(
        id=claim.id,
        attempt=claim.attempt,
        state=State.FAILED if retry_in is None else State.SCHEDULED,
        failure=failure,
        output=output,
        delay=retry_in or 0.0,
        blamed=True,
    )


def not_started(claim: Claim) -> Outcome:
    """It goes back with its attempt unspent."""
    return Outcome(id=claim.id, attempt=claim.attempt, state=State.READY, spends_attempt=False)


def stopped(claim: Claim, output: str = "") -> Outcome:
    """It ran when the worker had to stop: it runs again, and nobody is to blame."""
    failure = _failure(WorkerLost, "the worker had to stop before this run had ended.")
    return Outcome(
        id=claim.id, attempt=claim.attempt, state=State.READY, failure=failure, output=output
    )


def lost(claim: Claim, worker: str, error: Exception) -> Outcome:
    """Its process ended: it runs again, unless that happened more than MAX_LOST_RERUNS times."""
    text = f"the process that ran this task for worker {worker} ended: {error}"
    limit = runtime_settings().max_lost_reruns
    return Outcome(
        id=claim.id,
        attempt=claim.attempt,
        state=State.FAILED if claim.losses >= limit else State.READY,
        failure=_failure(WorkerLost, text),
        lost=True,
    )


def told_to_stop(claim: Claim, reason: StopReason, where: str = "", output: str = "") -> Outcome:
    """It was cancelled, or timed out, which counts as a failure of its own. `where` is the
    traceback of where it was."""
    if reason is StopReason.CANCEL:
        return Outcome(
            id=claim.id,
            attempt=claim.attempt,
            state=State.CANCELLED,
            failure=_failure(Cancelled, "the task was cancelled while it ran.", where),
            output=output,
        )
    options = read_options(claim.options)
    text = f"the run took longer than its timeout of {options.timeout or 0:g} s."
    retry_in = retry_delay(options, claim.failures, TaskTimeout)
    return failed(claim, _failure(TaskTimeout, text, where), retry_in, output)


def _failure(kind: type[Exception], text: str, where: str = "") -> Failure:
    path = f"{kind.__module__}.{kind.__qualname__}"
    return Failure(path, f"{where}{kind.__name__}: {text}\n")
