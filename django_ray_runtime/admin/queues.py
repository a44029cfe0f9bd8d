"""The admin of queues: one page with the depth of each, to pause and resume them.

Most queues have no row: the page shows what `control.queues()` knows, not the table.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Min
from django.db.models.functions import Coalesce, Greatest, Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from django_ray_runtime import control
from django_ray_runtime.admin import words
from django_ray_runtime.admin.kept import KeptByTheQueue
from django_ray_runtime.admin.recording import record, recorded
from django_ray_runtime.exceptions import UnknownQueue
from django_ray_runtime.models import Queue
from django_ray_runtime.states import State

SHOWN = (State.READY, State.RUNNING, State.BLOCKED, State.SCHEDULED)
NEWLY = {
    "pause": gettext_lazy("The queue %(name)s is paused."),
    "resume": gettext_lazy("The queue %(name)s is resumed."),
}
RECORDED = {"pause": "Paused.", "resume": "Resumed."}  # in English, as all that is stored
ALREADY = {
    "pause": gettext_lazy("The queue %(name)s was paused already."),
    "resume": gettext_lazy("The queue %(name)s was resumed already."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A queue as a line of the page."""

    name: str
    is_paused: bool
    depths: list[tuple[str, int]]  # of each state
    oldest: str  # how long its oldest READY task has been waiting


@admin.register(Queue)
class QueueAdmin(KeptByTheQueue):
    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All queues. A POST has `pause` or `resume` with a queue's name."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._change(request)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Queues"),
            "opts": self.opts,
            "media": self.media,
            "lines": _lines(),
            "states": [words.state(state) for state in SHOWN],
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "django_ray_runtime/admin/queues.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A queue has no page of its own; the admin's log links to it."""
        return self._back()

    def _change(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            for name in request.POST.getlist("pause")[:1]:
                with recorded():
                    self._tell(request, name, "pause", control.pause_queue(name))
            for name in request.POST.getlist("resume")[:1]:
                with recorded():
                    self._tell(request, name, "resume", control.resume_queue(name))
        except UnknownQueue:
            told = gettext("There is no queue %(name)s. Expected one of: %(known)s.")
            known = ", ".join(control.queue_names())
            messages.error(request, told % {"name": repr(name), "known": known})
        return self._back()

    def _tell(self, request: HttpRequest, name: str, verb: str, is_new: bool) -> None:
        if not is_new:
            messages.info(request, ALREADY[verb] % {"name": name})
            return
        record(request, verb, "queue", [Queue(name)], RECORDED[verb])
        messages.success(request, NEWLY[verb] % {"name": name})

    def _back(self) -> HttpResponse:
        name = f"{self.admin_site.name}:django_ray_runtime_queue_changelist"
        return HttpResponseRedirect(reverse(name))


def _lines() -> list[Line]:
    ages = _oldest_ready()
    return [
        Line(
            name=queue.name,
            is_paused=queue.paused,
            depths=[(state, queue.counts.get(state, 0)) for state in SHOWN],
            oldest=words.duration(ages.get(queue.name)),
        )
        for queue in control.queues()
    ]


def _oldest_ready() -> dict[str, timedelta]:
    """For each queue with READY tasks, how long one of them has been waiting at most."""
    # A task that was deferred waits since it became due.
    since = Greatest("enqueued_at", Coalesce("run_after", "enqueued_at"))
    age = ExpressionWrapper(
        Now() - Min(since, output_field=DateTimeField()), output_field=DurationField()
    )
    rows = control.tasks().ready().order_by()
    return dict(rows.values_list("queue_name").annotate(age=age))
