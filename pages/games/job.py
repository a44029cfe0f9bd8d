"""A job's page: how far it is, and then what it made."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from django_ray_runtime.rest.audit import audit
from generation.control import NotPossible, cancel_job
from generation.converting import SPREADSHEET_GAMES
from generation.formats import FORMATS
from generation.jobs import job_error, store_job
from generation.limits import TooManyJobs, demand_turn
from generation.lotteries import LOTTERIES
from generation.models import GenerationJob
from generation.orders import Order, check_order
from pages.access import job_or_404, signed_in
from pages.games import refusals
from pages.games.figures import constraints_words
from pages.games.outcome import outcome_of
from pages.games.progress import progress_of
from pages.models import ShareLink


@signed_in
@require_safe
def job_page(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The page."""
    job = job_or_404(request.user, job_id)
    job.moment = GenerationJob.objects.filter(id=job_id).values_list(Now()).get()[0]
    context = {"here": "jobs", "own": job.owner_id == request.user.pk, **shown(job)}
    context["links"] = ShareLink.objects.living().filter(job=job) if context["own"] else []
    return render(request, "pages/games/job.html", context)


def shown(job: Any) -> dict[str, Any]:
    """What a page tells of a job, whoever looks."""
    order = job.order
    over = job.task.finished_at is not None
    return {
        "job": job,
        "lottery": LOTTERIES[job.lottery],
        "wishes": constraints_words(order.constraints),
        "picks": order.constraints.numbers_per_game,
        "seed": order.constraints.seed,
        "progress": progress_of(job) if not over else None,
        "state": job.task.state,
        "error": job_error(job),
        "formats": [name for name in FORMATS if _is_given(job, name)],
        "outcome": outcome_of(job) if over and job.task.state == "SUCCESSFUL" else None,
    }


def _is_given(job: Any, file_format: str) -> bool:
    """Whether the file is given in this format while one waits."""
    too_long = file_format == "xlsx" and job.games_done > SPREADSHEET_GAMES
    return file_format == job.file_format or not too_long


@signed_in
@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponseRedirect:
    """What waits is cancelled, what runs is told to stop."""
    job = job_or_404(request.user, job_id)
    try:
        with transaction.atomic():
            cancel_job(job)
            if job.task.cancel_asked_at is None:
                audit(request, "cancel", "job", job_id)
    except NotPossible:
        messages.info(request, _("It had ended already."))
    return redirect("pages:job", job_id)


@signed_in
@require_POST
def again(request: HttpRequest, job_id: UUID) -> HttpResponseRedirect:
    """The same order with another seed."""
    old: Order = job_or_404(request.user, job_id).order
    constraints = old.constraints.model_copy(update={"seed": None})
    order = Order(old.lottery, constraints, old.quantity, old.file_format, old.chunk_size)
    try:
        checked = check_order(order)
        with transaction.atomic():
            demand_turn(request.user)
            job = store_job(checked, owner=request.user)
            audit(request, "submit", "job", job.id)
    except (TooManyJobs, ValueError) as error:
        messages.error(request, refusals.said(str(error)) or str(error))
        return redirect("pages:job", job_id)
    return redirect("pages:job", job.id)
