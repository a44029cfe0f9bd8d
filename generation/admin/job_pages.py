"""The pages of one job: its record, its file, its confirmations, and what the script asks for."""

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from django_ray_runtime.admin import live
from django_ray_runtime.admin.words import grouped
from generation import storing
from generation.admin import job_acts, job_cells
from generation.admin.job_details import details
from generation.admin.job_report import JobReport
from generation.admin.order_pages import OrderPages
from generation.admin.pages import page
from generation.models import GenerationJob


class _Act(NamedTuple):
    """What can be done to a job: how it is asked, confirmed, and what it means."""

    act: Callable[[Any, job_acts.Jobs], JobReport]
    question: Any
    yes: Any
    meaning: Any


ACTS = {
    "cancel": _Act(
        job_acts.cancel,
        _("Cancel this job?"),
        _("Yes, cancel it"),
        _("It will not run; what runs is told to stop, and leaves no file."),
    ),
    "requeue": _Act(
        job_acts.requeue,
        _("Requeue this job?"),
        _("Yes, requeue it"),
        _("It will run again as if new; the record of its runs stays."),
    ),
    "delete": _Act(
        job_acts.delete,
        _("Delete this job?"),
        _("Yes, delete it"),
        _("Files go too. What waits or runs stays; cancel it first."),
    ),
}


class JobPages(OrderPages):
    """What JobAdmin shows beside its list and its form."""

    def get_urls(self) -> list[URLPattern]:
        name, wrap = "generation_generationjob_", self.admin_site.admin_view
        own = [
            path("live/", wrap(self.live_view), name=f"{name}live"),
            path("<uuid:job_id>/download/", wrap(self.download_view), name=f"{name}download"),
            path("<uuid:job_id>/cancel/", wrap(self.cancel_view), name=f"{name}cancel"),
            path("<uuid:job_id>/requeue/", wrap(self.requeue_view), name=f"{name}requeue"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Everything about one job. There is nothing to save."""
        job = _job(unquote(object_id), whole=True)
        if not self.has_view_or_change_permission(request, job):
            raise PermissionDenied
        if job is None:
            return self._gone(request, object_id)
        unfinished = job_cells.is_unfinished(job)
        may_change = self.has_change_permission(request, job)
        return page(
            self,
            request,
            "job",
            title=gettext("%(n)s games of %(lottery)s")
            % {"n": grouped(job.quantity), "lottery": job_cells.lottery_name(job.lottery)},
            job=job,
            original=job,
            mark=live.mark(job.id, unfinished=unfinished),
            may_download=job.has_file,
            may_cancel=may_change and unfinished,
            may_requeue=may_change and not unfinished and job.task.state != "SUCCESSFUL",
            may_delete=self.has_delete_permission(request, job) and not unfinished,
            **details(job, request.user),
        )

    def cancel_view(self, request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
        """Ask, then cancel."""
        return self._act(request, job_id, "cancel")

    def requeue_view(self, request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
        """Ask, then run it again."""
        return self._act(request, job_id, "requeue")

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then delete."""
        return self._act(request, unquote(object_id), "delete")

    @method_decorator(require_safe)
    def download_view(self, request: HttpRequest, job_id: uuid.UUID) -> HttpResponseBase:
        """The job's file, streamed."""
        job = _job(job_id)
        if not self.has_view_or_change_permission(request, job):
            raise PermissionDenied
        if job is None:
            return self._gone(request, str(job_id))
        try:
            if not job.has_file:
                raise FileNotFoundError
            file = storing.open_file(job.file_name)
        except FileNotFoundError:
            told = gettext("There is no file of %(job)s to download.")
            messages.warning(request, told % {"job": job_cells.named(job)})
            return self._to(request, job)
        name = job.download_name(job.file_format)
        return FileResponse(file, as_attachment=True, filename=name)

    @method_decorator(never_cache)
    @method_decorator(require_safe)
    def live_view(self, request: HttpRequest) -> JsonResponse:
        """The pieces that change, of the jobs in `ids` (hexadecimal, with dots between)."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        wanted = live.ids_in(request.GET.get("ids", ""))
        jobs = job_cells.shown_jobs().filter(id__in=wanted)
        return live.answer(jobs, job_cells.live_row)

    def _act(self, request: HttpRequest, job_id: Any, verb: str) -> HttpResponse:
        job = _job(job_id)
        may = self.has_delete_permission if verb == "delete" else self.has_change_permission
        if not may(request, job):
            raise PermissionDenied
        if job is None:
            return self._gone(request, str(job_id))
        asked = ACTS[verb]
        if request.method != "POST":
            return page(
                self,
                request,
                "confirm",
                title=asked.question,
                job=job,
                named=job_cells.named(job),
                original=job,
                state=job_cells.CELLS["state"](job),
                yes=asked.yes,
                meaning=asked.meaning,
            )
        asked.act(request, [job]).tell(request)
        return self._to(request, _job(job_id))

    def _gone(self, request: HttpRequest, job_id: str) -> HttpResponseRedirect:
        told = gettext("There is no job %(id)s; it may have been deleted.")
        messages.warning(request, told % {"id": job_id})
        return self._to(request, None)

    def _to(self, request: HttpRequest, job: GenerationJob | None) -> HttpResponseRedirect:
        """To the job's page, or to the list where there is no such job, or it may not be seen."""
        name = f"{self.admin_site.name}:generation_generationjob_"
        if not self.has_view_or_change_permission(request, job):
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:index"))
        if job is None:
            return HttpResponseRedirect(reverse(f"{name}changelist"))
        return HttpResponseRedirect(reverse(f"{name}change", args=[job.pk]))


def _job(job_id: Any, *, whole: bool = False) -> GenerationJob | None:
    """The job with its task; with `whole`, what its page alone shows too."""
    try:
        wanted = uuid.UUID(str(job_id))
    except ValueError:
        return None
    rows = job_cells.shown_jobs().filter(id=wanted)
    return (rows.defer(None) if whole else rows).first()
