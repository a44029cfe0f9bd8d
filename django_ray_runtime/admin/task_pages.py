"""The pages of one task: its record, its confirmations, and what the script asks for."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from django_ray_runtime.admin import acting, cells, live
from django_ray_runtime.admin.details import details
from django_ray_runtime.admin.kept import KeptByTheQueue
from django_ray_runtime.control import tasks
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.task_views import progress_messages, shown_tasks

FOLDER = "django_ray_runtime/admin"
REQUEUEABLE = FINAL - {State.SUCCESSFUL}
QUESTIONS = {
    "cancel": gettext_lazy("Cancel this task?"),
    "requeue": gettext_lazy("Requeue this task?"),
}

type Act = Callable[[Any, Iterable[uuid.UUID]], acting.Report]


class TaskPages(KeptByTheQueue):
    """What TaskAdmin shows beside its list."""

    def get_urls(self) -> list[URLPattern]:
        name = "django_ray_runtime_queuedtask_"
        wrap = self.admin_site.admin_view
        own = [
            path("live/", wrap(self.live_view), name=f"{name}live"),
            path("<uuid:task_id>/cancel/", wrap(self.cancel_view), name=f"{name}cancel"),
            path("<uuid:task_id>/requeue/", wrap(self.requeue_view), name=f"{name}requeue"),
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
        """Everything about one task. There is nothing to save."""
        row = self._row(unquote(object_id))
        if row is None:
            return self._gone(request, object_id)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        may_change = self.has_change_permission(request, row)
        return self.page(
            request,
            "task",
            title=row.task_path,
            task=row,
            original=row,
            unfinished=cells.is_unfinished(row),
            mark=live.mark(row.id, unfinished=cells.is_unfinished(row)),
            may_cancel=may_change and cells.is_unfinished(row),
            may_requeue=may_change and row.state in REQUEUEABLE,
            **details(row),
        )

    def cancel_view(self, request: HttpRequest, task_id: uuid.UUID) -> HttpResponse:
        """Ask, then cancel."""
        return self._act(request, task_id, acting.cancel, "cancel")

    def requeue_view(self, request: HttpRequest, task_id: uuid.UUID) -> HttpResponse:
        """Ask, then run it again."""
        return self._act(request, task_id, acting.requeue, "requeue")

    @method_decorator(never_cache)
    @method_decorator(require_safe)
    def live_view(self, request: HttpRequest) -> JsonResponse:
        """The pieces that change, of the tasks in `ids` (hexadecimal, with dots between)."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        rows = list(shown_tasks().filter(id__in=live.ids_in(request.GET.get("ids", ""))))
        shown = progress_messages(rows)

        def look(row: QueuedTask) -> live.LiveRow:
            pieces = cells.live_cells(row, shown.get(row.id, ""))
            return live.LiveRow(pieces, cells.is_unfinished(row))

        return live.answer(rows, look)

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        """One of our pages within the admin's frame."""
        request.current_app = self.admin_site.name
        frame = self.admin_site.each_context(request)
        ours = {"opts": self.opts, "media": self.media, "folder": FOLDER}
        return TemplateResponse(request, f"{FOLDER}/{template}.html", frame | ours | context)

    def _act(self, request: HttpRequest, task_id: uuid.UUID, act: Act, verb: str) -> HttpResponse:
        row = self._row(task_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if row is None:
            return self._gone(request, str(task_id))
        if request.method != "POST":
            return self.page(
                request,
                "confirm",
                title=QUESTIONS[verb],
                task=row,
                original=row,
                state=cells.state_cell(row),
                verb=verb,
            )
        act(request, [task_id]).tell(request)
        name = f"{self.admin_site.name}:django_ray_runtime_queuedtask_change"
        return HttpResponseRedirect(reverse(name, args=[task_id]))

    def _row(self, task_id: Any) -> QueuedTask | None:
        try:
            wanted = uuid.UUID(str(task_id))
        except ValueError:
            return None
        rows = tasks().select_related("progress").annotate(clock=Now())
        return rows.filter(id=wanted).first()

    def _gone(self, request: HttpRequest, task_id: str) -> HttpResponse:
        told = gettext("There is no task %(id)s any more; it may have been pruned.")
        messages.warning(request, told % {"id": task_id})
        name = f"{self.admin_site.name}:django_ray_runtime_queuedtask_changelist"
        return HttpResponseRedirect(reverse(name))
