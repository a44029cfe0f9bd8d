"""What can become of a claimed task, as outcomes for the store."""

from django_ray_runtime.records import Claim, Failure, Outcome
from django_ray_runtime.states import State

_LOST = "django_ray_runtime.exceptions.WorkerLost"


def succeeded(claim: Claim, return_value: str | None) -> Outcome:
    """It returned; `return_value` is JSON text."""
    return Outcome(
        id=claim.id, attempt=claim.attempt, state=State.SUCCESSFUL, return_value=return_value
    )


def failed(claim: Claim, failure: Failure) -> Outcome:
    """It raised."""
    return Outcome(id=claim.id, attempt=claim.attempt, state=State.FAILED, failure=failure)


def not_started(claim: Claim) -> Outcome:
    """It goes back with its attempt unspent."""
    return Outcome(id=claim.id, attempt=claim.attempt, state=State.READY, spends_attempt=False)


def stopped(claim: Claim) -> Outcome:
    """It ran when the worker had to stop: it runs again, and nobody is to blame."""
    trace = "WorkerLost: the worker had to stop before this run had ended.\n"
    failure = Failure(_LOST, trace)
    return Outcome(id=claim.id, attempt=claim.attempt, state=State.READY, failure=failure)


def lost(claim: Claim, worker: str, error: Exception, limit: int) -> Outcome:
    """Its process ended: it runs again, unless that happened more than `limit` times."""
    trace = f"WorkerLost: the process that ran this task for worker {worker} ended: {error}\n"
    return Outcome(
        id=claim.id,
        attempt=claim.attempt,
        state=State.FAILED if claim.losses >= limit else State.READY,
        failure=Failure(_LOST, trace),
        lost=True,
    )
