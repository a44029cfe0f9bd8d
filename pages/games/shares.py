"""Links that show a job to others: made and revoked by its owner."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from django_ray_runtime.rest.audit import audit
from django_ray_runtime.rest.problems import Problem
from generation.api.downloads import downloaded
from generation.models import GenerationJob
from pages.access import job_or_404, signed_in
from pages.games.job import shown
from pages.models import MOST, ShareLink


@signed_in
@require_POST
def share(request: HttpRequest, job_id: UUID) -> HttpResponseRedirect:
    """Make a link."""
    job = _own(request, job_id)
    with transaction.atomic():
        # Locked, so that two at once do not both find room.
        GenerationJob.objects.select_for_update().get(id=job.id)
        if ShareLink.objects.living().filter(job=job).count() >= MOST:
            messages.error(request, _("There are %(n)s links already; revoke one.") % {"n": MOST})
            return redirect("pages:job", job_id)
        link = ShareLink.objects.create(job=job, expires_at=timezone.now() + ShareLink.lifetime())
        audit(request, "share", "job", job_id)
    messages.success(request, _("Whoever has the link can look until %(day)s.") % {
        "day": date_format(link.expires_at)})  # fmt: skip
    return redirect("pages:job", job_id)


@signed_in
@require_POST
def revoke(request: HttpRequest, job_id: UUID, link_id: UUID) -> HttpResponseRedirect:
    """Let a link lead nowhere from now on."""
    job = _own(request, job_id)
    with transaction.atomic():
        living = ShareLink.objects.living().filter(job=job, id=link_id)
        if living.update(revoked_at=timezone.now()):
            audit(request, "revoke", "share_link", link_id)
    return redirect("pages:job", job_id)


@never_cache
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The job's page for whoever has the link: to look at, no more."""
    response = render(request, "pages/games/shared.html", {"token": token, **shown(_of(token))})
    # Other sites and search engines are told nothing of it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_safe
def shared_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Its file, as it was made."""
    try:
        return downloaded(request, _of(token), None)
    except Problem as problem:
        raise Http404(problem.detail) from None


def _own(request: HttpRequest, job_id: UUID) -> GenerationJob:
    """Only the owner lets others in; staff may look themselves."""
    job: GenerationJob = job_or_404(request.user, job_id)
    if job.owner_id != request.user.pk:
        raise Http404(_("There is no job of yours with this id."))
    return job


def _of(token: str) -> GenerationJob:
    link = ShareLink.objects.of_token(token)
    if link is None or link.job.task.finished_at is None:
        raise Http404(_("This link has expired or was revoked."))
    return link.job
