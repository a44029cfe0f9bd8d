"""The admin of workers: who is alive, since when, and with what. Read-only."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin import cells, words
from django_ray_runtime.admin.kept import KeptByTheQueue
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.control import tasks
from django_ray_runtime.models import Worker, WorkerQuerySet
from django_ray_runtime.states import LIVING

MOST_TASKS = 100


class WorkerList(ChangeList):
    """A page of workers, with how many tasks each runs: one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        running = tasks().running().values_list("worker").annotate(n=Count("id"))
        counts = dict(running.order_by())
        for row in self.result_list:
            row.tasks_now = counts.get(row.pk, 0)


@admin.register(Worker)
class WorkerAdmin(KeptByTheQueue):
    list_display = (
        "id", "state_now", "served", "executor", "concurrency", "running_now", "heartbeat",
        "started", "ended", "released",
    )  # fmt: skip
    fields = (
        "id", "state_now", "served", "executor", "concurrency", "heartbeat", "started", "ended",
        "released", "its_tasks", "counters",
    )  # fmt: skip
    readonly_fields = fields
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> WorkerQuerySet:
        silent = ExpressionWrapper(Now() - F("last_beat"), output_field=DurationField())
        gone = Case(When(state__in=LIVING, then=Value(0)), default=Value(1))
        rows = Worker.objects.using(runtime_settings().database)
        return rows.annotate(silent=silent, gone=gone)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("gone", "-started_at")  # the living first

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": gettext("Workers"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WorkerList

    @admin.display(description=_("state"))
    def state_now(self, row: Worker) -> SafeString:
        return cells.badge(row.state)

    @admin.display(description=_("queues"))
    def served(self, row: Worker) -> str:
        return ", ".join(map(str, row.queues)) or words.NOTHING

    @admin.display(description=_("running"))
    def running_now(self, row: Any) -> int:
        return int(row.tasks_now)

    @admin.display(description=_("last heartbeat"))
    def heartbeat(self, row: Any) -> SafeString | str:
        """Its age by the database's clock."""
        if row.state not in LIVING:
            return cells.brief(row.last_beat)
        age = gettext("%(time)s ago") % {"time": words.duration(row.silent)}
        if row.silent.total_seconds() < runtime_settings().dead_after_seconds:
            return age
        note = '{} <span class="drr-note drr-late">{}</span>'
        return format_html(note, age, gettext("silent"))

    @admin.display(description=_("started"))
    def started(self, row: Worker) -> SafeString | str:
        return cells.brief(row.started_at)

    @admin.display(description=_("ended"))
    def ended(self, row: Worker) -> SafeString | str:
        return cells.brief(row.ended_at)

    @admin.display(description=_("counters"))
    def counters(self, row: Worker) -> SafeString | str:
        return format_html("<pre>{}</pre>", words.pretty(row.stats)) if row.stats else words.NOTHING

    @admin.display(description=_("tasks running now"))
    def its_tasks(self, row: Worker) -> SafeString | str:
        held = tasks().running().filter(worker=row.pk).order_by("id")
        pairs = list(held.values_list("id", "task_path")[:MOST_TASKS])
        name = f"{self.admin_site.name}:django_ray_runtime_queuedtask_change"
        links = ((reverse(name, args=[task_id]), path, task_id) for task_id, path in pairs)
        items = format_html_join("", '<li><a href="{}">{}</a> {}</li>', links)
        return format_html('<ul class="drr-plain">{}</ul>', items) if pairs else words.NOTHING
