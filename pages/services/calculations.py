"""What goes through the queue: how far it is, and then its answer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from pydantic import ValidationError

from django_ray_runtime.exceptions import AlreadyEnded
from django_ray_runtime.rest import changes
from pages.access import signed_in
from pages.services.answered import Answered
from pages.services.refusals import said_of_failure
from pages.services.results import shown
from ray_services.calculations import Outcome, body_of, calculations_of, outcome_of
from ray_services.common.bodies import Body
from ray_services.doors.answering import owner_of, whole_answer

LATEST = 10
"""So many are listed."""


@signed_in
@require_safe
def calculation(request: HttpRequest, calculation_id: UUID) -> HttpResponse:
    """Its page."""
    outcome = _outcome_or_404(request, calculation_id)
    body = _body(outcome)
    context: dict[str, Any] = {"here": "services", "question": _asked(body), **_now(outcome)}
    answered = None if body is None else _answered(owner_of(request), outcome, body)
    if answered is not None:
        context |= shown(answered)
    return render(request, "pages/services/calculation.html", context)


@signed_in
@require_safe
def progress(request: HttpRequest, calculation_id: UUID) -> HttpResponse:
    """What changes of it; where it has ended the whole page is asked for again."""
    outcome = _outcome_or_404(request, calculation_id)
    response = render(request, "pages/services/progress.html", _now(outcome))
    if outcome.finished_at is not None:
        response["HX-Refresh"] = "true"
    return response


@signed_in
@require_POST
def cancel(request: HttpRequest, calculation_id: UUID) -> HttpResponseRedirect:
    """What waits is cancelled, what runs is told to stop."""
    outcome = _outcome_or_404(request, calculation_id)
    try:
        changes.cancel_task(request, outcome.calculation.task_id, "calculation", calculation_id)
    except AlreadyEnded:
        messages.info(request, _("It had ended already."))
    return redirect("pages:calculation", calculation_id)


def latest_of(owner: str) -> list[Outcome]:
    """The newest of an owner."""
    rows = calculations_of(owner).order_by("-task_id").defer("task__return_value")
    return [_listed(row) for row in rows[:LATEST]]


def _listed(row: Any) -> Outcome:
    task = row.task
    return Outcome(
        row, task.state, task.started_at, task.finished_at, task.cancel_asked_at, None, "", None,
        None,
    )  # fmt: skip


def _now(outcome: Outcome) -> dict[str, Any]:
    error = said_of_failure(outcome.error)
    return {"outcome": outcome, "calculation": outcome.calculation, "error": error}


def _outcome_or_404(request: HttpRequest, calculation_id: UUID) -> Outcome:
    found = calculations_of(owner_of(request)).filter(id=calculation_id).first()
    if found is None:
        raise Http404(_("There is no calculation of yours here; they are deleted after a while."))
    return outcome_of(found)


def _body(outcome: Outcome) -> Body | None:
    """What was asked; None where it is not asked in this way any more."""
    try:
        return body_of(outcome.calculation)
    except (KeyError, ValidationError):
        return None


def _asked(body: Body | None) -> dict[str, Any]:
    """What was said, without what it left to the service."""
    return {} if body is None else body.model_dump(exclude_unset=True)


def _answered(owner: str, outcome: Outcome, body: Body) -> Answered | None:
    """None where there is no answer, or where its rows were deleted."""
    known = outcome.calculation
    try:
        answer = whole_answer(outcome)
    except FileNotFoundError:
        return None
    if answer is None:
        return None
    return Answered(owner, known.service, known.operation, body, answer)


urlpatterns = [
    path("calculations/<uuid:calculation_id>/", calculation, name="calculation"),
    path("calculations/<uuid:calculation_id>/progress/", progress, name="calculation_progress"),
    path("calculations/<uuid:calculation_id>/cancel/", cancel, name="cancel_calculation"),
]
