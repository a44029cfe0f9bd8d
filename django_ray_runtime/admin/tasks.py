"""The admin of queued tasks: nothing can be edited, only cancelled and run again."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin import acting, cells, filters, live, words
from django_ray_runtime.admin.task_pages import FOLDER, TaskPages
from django_ray_runtime.models import QueuedTask, QueuedTaskQuerySet
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.task_views import progress_messages, shown_tasks


class TaskList(ChangeList):
    """A page of tasks, with the messages of their progress."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown = progress_messages(self.result_list)
        for row in self.result_list:
            row.shown_message = shown.get(row.pk, "")


def _live(name: str, heading: Any) -> Callable[[Any, QueuedTask], SafeString]:
    """A column that the script keeps up to date."""

    @admin.display(description=heading)
    def column(self: Any, row: Any) -> SafeString:
        return live.cell(name, cells.live_cells(row, row.shown_message)[name])

    return column


@admin.register(QueuedTask)
class TaskAdmin(TaskPages):
    list_display = (
        "task", "queue", "state_now", "progress_now",
        "enqueued", "started_now", "run_time_now", "attempts_now",
    )  # fmt: skip
    list_filter = (
        filters.StateFilter,
        filters.QueueFilter,
        filters.PathFilter,
        filters.EnqueuedFilter,
    )
    search_fields = ("id", "task_path")
    search_help_text = _("A whole identifier, or the beginning of a task's path.")
    ordering = ("-id",)  # the newest first; other orders have no index
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = live.MOST_LIVE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = filters.LimitedPaginator
    change_list_template = f"{FOLDER}/task_list.html"
    actions = ("cancel_selected", "requeue_selected", "requeue_same_kind")

    class Media:
        js = ["django_ray_runtime/live.js"]

    state_now = _live("state", _("state"))
    progress_now = _live("progress", _("progress"))
    started_now = _live("started", _("started"))
    run_time_now = _live("run_time", _("run time"))
    attempts_now = _live("attempts", _("attempts"))

    @admin.display(description=_("task"))
    def task(self, row: QueuedTask) -> SafeString:
        """Its path, and the end of its identifier: the beginning is the time."""
        return format_html(
            '{} <span class="drr-id" title="{}" {}>…{}</span>',
            cells.task_path(row.task_path),
            row.id,
            live.mark(row.id, unfinished=cells.is_unfinished(row)),
            str(row.id)[-8:],
        )

    @admin.display(description=_("enqueued"))
    def enqueued(self, row: QueuedTask) -> SafeString | str:
        return cells.brief(row.enqueued_at)

    @admin.display(description=_("queue"))
    def queue(self, row: QueuedTask) -> SafeString | str:
        """Its queue, and its priority where that is not the usual one."""
        if not row.priority:
            return row.queue_name
        priority = gettext("priority %(number)s") % {"number": row.priority}
        note = '{} <span class="drr-note drr-under">{}</span>'
        return format_html(note, row.queue_name, priority)

    # Who may see and do what.

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        # The filters' own: ?kwargs__token__startswith=… would tell sensitive values.
        return lookup in {one.parameter_name for one in self.list_filter}

    # The list.

    def get_queryset(self, request: HttpRequest) -> QueuedTaskQuerySet:
        return shown_tasks()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # By identifier, a planner walks from the newest through every finished task to find a
        # few unfinished ones; by another column it takes their state's index, and sorts.
        few = request.GET.get("state") in set(State) - FINAL
        return ("-enqueued_at", "-id") if few else self.ordering

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": gettext("Tasks"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TaskList

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        term = search_term.strip()
        try:
            return queryset.filter(id=uuid.UUID(term)), False
        except ValueError:
            return (queryset.filter(task_path__startswith=term) if term else queryset), False

    @admin.action(description=_("Cancel selected tasks"), permissions=["change"])
    def cancel_selected(self, request: HttpRequest, queryset: QueuedTaskQuerySet) -> None:
        acting.cancel(request, _ids(request, queryset)).tell(request)

    @admin.action(description=_("Requeue selected tasks"), permissions=["change"])
    def requeue_selected(self, request: HttpRequest, queryset: QueuedTaskQuerySet) -> None:
        acting.requeue(request, _ids(request, queryset)).tell(request)

    @admin.action(
        description=_("Requeue all that failed like the selected"), permissions=["change"]
    )
    def requeue_same_kind(
        self, request: HttpRequest, queryset: QueuedTaskQuerySet
    ) -> HttpResponse | None:
        if "confirmed" in request.POST:
            _requeue_kinds(request)
            return None
        kinds = acting.kinds_of(queryset)
        if not kinds:
            messages.warning(request, gettext("None of the selected tasks has failed."))
            return None
        return self.page(
            request,
            "confirm_kinds",
            title=gettext("Requeue all that failed like the selected"),
            is_below_list=True,
            kinds=[_offer(kind) for kind in kinds],
            most=acting.MOST,
            selected=queryset.order_by("-id").values_list("pk", flat=True)[0],
            checkbox_name=ACTION_CHECKBOX_NAME,
        )


def _ids(request: HttpRequest, chosen: QueuedTaskQuerySet) -> list[uuid.UUID]:
    """What is selected, at most so many; the user is told when there is more."""
    ids = list(chosen.order_by("-id").values_list("id", flat=True)[: acting.MOST + 1])
    if len(ids) > acting.MOST:
        told = gettext("Only the newest %(most)s were taken. Repeat for the rest.")
        messages.info(request, told % {"most": words.grouped(acting.MOST)})
    return ids[: acting.MOST]


def _offer(kind: acting.Kind) -> dict[str, object]:
    """A kind of failure as the confirmation shows and returns it."""
    count = acting.failed_of_kind(kind)[: acting.MOST].count()
    return {"path": kind[0], "error": kind[1], "count": count, "value": json.dumps(kind)}


def _requeue_kinds(request: HttpRequest) -> None:
    left = acting.MOST
    for text in request.POST.getlist("kind"):
        path, error = json.loads(text)
        ids = list(acting.ids_of_kind((str(path), str(error)), left))
        acting.requeue(request, ids).tell(request)
        left -= len(ids)
    if left <= 0:
        told = gettext("These were the first %(most)s. Repeat for the rest.")
        messages.info(request, told % {"most": words.grouped(acting.MOST)})
