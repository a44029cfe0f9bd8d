"""What a worker tells of its tasks: signals, log lines, counters."""

from collections.abc import Iterable, Sequence

from django_ray_runtime.log import log_event
from django_ray_runtime.metrics import WorkerStats
from django_ray_runtime.records import Claim, Outcome
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.worker.announce import announce_finished, announce_started

_NAMES = {State.SUCCESSFUL: "succeeded", State.CANCELLED: "cancelled", State.SCHEDULED: "retried"}
_TIMEOUT = "TaskTimeout"


class Books:
    """The books of one worker boot. Not for several threads."""

    def __init__(self, queues: Iterable[str]) -> None:
        self.stats = WorkerStats(queues)

    def claimed(self, claims: Sequence[Claim]) -> None:
        """These are ours now."""
        self.stats.claimed(claims)
        for claim in claims:
            log_event("claimed", claim)

    def started(self, claims: Sequence[Claim]) -> None:
        """They were handed to the executor."""
        for claim in claims:
            log_event("started", claim)
        announce_started(claims)

    def settled(self, ended: Sequence[tuple[Claim, Outcome, State]]) -> None:
        """The database took their outcomes; each task is now in its state."""
        for claim, outcome, state in ended:
            self.stats.settled(claim, outcome, state, outcome.seconds)
            log_event(_event(outcome, state), claim, **_details(outcome))
        announce_finished([one for one in ended if one[2] in FINAL])

    def dropped(self, claim: Claim) -> None:
        """The database did not take its outcome: it is no longer ours."""
        log_event("dropped", claim)


def _event(outcome: Outcome, state: State) -> str:
    if outcome.lost:
        return "lost"
    if state in _NAMES:
        return _NAMES[state]
    if state is State.FAILED:
        return "timed_out" if _error(outcome).endswith(_TIMEOUT) else "failed"
    return "handed_back"


def _details(outcome: Outcome) -> dict[str, object]:
    details: dict[str, object] = {}
    if outcome.failure is not None:
        details["error"] = _error(outcome)
    if outcome.delay:
        details["again_in"] = f"{outcome.delay:.1f}s"
    return details


def _error(outcome: Outcome) -> str:
    return outcome.failure.exception_class_path if outcome.failure else ""
