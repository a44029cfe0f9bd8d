"""Django's signals about tasks, sent by the worker that holds the claim."""

import json
import logging
from collections.abc import Iterable

from django.tasks.base import TaskError, TaskResult, TaskResultStatus
from django.tasks.signals import task_finished, task_started
from django.utils import timezone

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.listeners import is_heard
from django_ray_runtime.records import Claim, Outcome
from django_ray_runtime.results import ending_error, result_of_claim
from django_ray_runtime.states import DJANGO_STATUS, State

logger = logging.getLogger(__name__)


def announce_started(claims: Iterable[Claim]) -> None:
    """Send `task_started`. A receiver's error is logged and does not touch the task."""
    if not is_heard(task_started, RayTaskBackend, logging.INFO):
        return
    for claim in claims:
        if (result := _result(claim)) is not None:
            task_started.send_robust(RayTaskBackend, task_result=result)


def announce_finished(ended: Iterable[tuple[Claim, Outcome, State]]) -> None:
    """Send `task_finished`, after the outcome was accepted by the database as that state."""
    heard = {
        level: is_heard(task_finished, RayTaskBackend, level)
        for level in (logging.INFO, logging.ERROR)
    }
    if not any(heard.values()):
        return
    for claim, outcome, state in ended:
        if heard[logging.ERROR if outcome.failure else logging.INFO]:
            _announce_finished(claim, outcome, state)


def _announce_finished(claim: Claim, outcome: Outcome, state: State) -> None:
    if (result := _result(claim)) is None:
        return
    _set(result, "status", TaskResultStatus(DJANGO_STATUS[state]))
    _set(result, "state", state)
    _set(result, "finished_at", timezone.now())
    if outcome.failure is not None:
        failure = outcome.failure
        result.errors.append(
            TaskError(
                exception_class_path=failure.exception_class_path, traceback=failure.traceback
            )
        )
    elif outcome.return_value is not None:
        _set(result, "_return_value", json.loads(outcome.return_value))
    if state == State.CANCELLED and outcome.state != State.CANCELLED:
        result.errors.append(ending_error(state))  # cancelled where it would have run again
    task_finished.send_robust(RayTaskBackend, task_result=result)


def _result(claim: Claim) -> TaskResult | None:
    try:
        return result_of_claim(claim, json.loads(claim.args), json.loads(claim.kwargs))
    except Exception as error:
        # The run itself reports this to the user, with the same cause.
        logger.warning("No signal for task %s: %s", claim.id, error)
        return None


def _set(result: TaskResult, name: str, value: object) -> None:
    object.__setattr__(result, name, value)  # TaskResult is frozen for its users
