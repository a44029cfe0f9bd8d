"""The admin of generation jobs: the list, with what can be done to many at once."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin import live
from django_ray_runtime.admin.cells import brief
from django_ray_runtime.admin.words import grouped
from generation.admin import filters, job_acts, job_cells
from generation.admin.job_pages import ACTS, JobPages
from generation.admin.job_report import state_word
from generation.admin.pages import page
from generation.models import GenerationJob

MOST = 1000  # jobs that one request changes


def _live(name: str, title: Any) -> Callable[[Any, GenerationJob], SafeString]:
    """A column that the script keeps up to date."""

    @admin.display(description=title)
    def column(self: Any, job: GenerationJob) -> SafeString:
        return live.cell(name, job_cells.CELLS[name](job))

    return column


@admin.register(GenerationJob)
class JobAdmin(JobPages):
    list_display = (
        "job", "state_now", "progress_now", "rate_now", "of_lottery", "outcome_now", "file_now",
        "created", "owner",
    )  # fmt: skip
    list_filter = (
        ("task__state", filters.StateFilter),
        filters.LotteryFilter,
        filters.FormatFilter,
        ("owner", admin.RelatedOnlyFieldListFilter),
        "created_at",
    )
    search_fields = ("id",)
    search_help_text = _("The whole identifier of a job, or of its task.")
    ordering = ("-task_id",)  # begins with the time, and has an index
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = live.MOST_LIVE
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "generation/admin/job_list.html"
    actions = ("cancel_selected", "requeue_selected", "delete_selected")

    class Media:
        css = {"all": ["django_ray_runtime/admin.css", "generation/admin.css"]}
        js = ["django_ray_runtime/live.js", "generation/order.js"]

    state_now = _live("state", _("state"))
    progress_now = _live("progress", _("progress"))
    rate_now = _live("games_per_second", _("games/s"))
    outcome_now = _live("outcome", _("outcome"))
    file_now = _live("file", _("file"))

    @admin.display(description=_("job"))
    def job(self, job: GenerationJob) -> SafeString:
        """The beginning of its identifier."""
        return format_html(
            '<span class="drr-id" title="{}" {}>{}…</span>',
            job.id,
            live.mark(job.id, unfinished=job_cells.is_unfinished(job)),
            str(job.id)[:8],
        )

    @admin.display(description=_("lottery"))
    def of_lottery(self, job: GenerationJob) -> str:
        return job_cells.lottery_name(job.lottery)

    @admin.display(description=_("created"))
    def created(self, job: GenerationJob) -> SafeString | str:
        return brief(job.created_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GenerationJob]:
        return job_cells.shown_jobs()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": gettext("Jobs"), **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            wanted = uuid.UUID(term)
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(id=wanted) | Q(task_id=wanted)), False

    @admin.action(description=_("Cancel selected jobs"), permissions=["change"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[GenerationJob]) -> None:
        job_acts.cancel(request, _chosen(request, queryset)).tell(request)

    @admin.action(description=_("Requeue selected jobs"), permissions=["change"])
    def requeue_selected(self, request: HttpRequest, queryset: QuerySet[GenerationJob]) -> None:
        job_acts.requeue(request, _chosen(request, queryset)).tell(request)

    @admin.action(description=_("Delete selected jobs and their files"), permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[GenerationJob]
    ) -> HttpResponse | None:
        """In place of Django's own, which leaves files behind and knows of no running job."""
        jobs = _chosen(request, queryset)
        if "confirmed" in request.POST:
            job_acts.delete(request, jobs).tell(request)
            return None
        return page(
            self,
            request,
            "confirm_delete",
            title=gettext("Delete these jobs?"),
            jobs=[(job, job_cells.named(job), state_word(job.task.state)) for job in jobs],
            meaning=ACTS["delete"].meaning,
            checkbox_name=ACTION_CHECKBOX_NAME,
            back=reverse(f"{self.admin_site.name}:generation_generationjob_changelist"),
        )


def _chosen(request: HttpRequest, queryset: QuerySet[GenerationJob]) -> list[GenerationJob]:
    """What is selected, at most so many; the user is told when there is more."""
    jobs = list(queryset[: MOST + 1])
    if len(jobs) > MOST:
        told = gettext("Only the newest %(n)s were taken. Repeat for the rest.")
        messages.info(request, told % {"n": grouped(MOST)})
    return jobs[:MOST]
