"""The admin of periodic tasks: one page with every schedule, to switch them and run them now.

A schedule that no worker has stored yet has no row: the page shows what `periodic.overview()`
knows, not the table.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from django_ray_runtime import periodic
from django_ray_runtime.admin import cells
from django_ray_runtime.admin.kept import KeptByTheQueue
from django_ray_runtime.admin.recording import record, recorded
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.control import tasks
from django_ray_runtime.exceptions import UnknownSchedule
from django_ray_runtime.models import PeriodicTask
from django_ray_runtime.schedule import TOLERANCE
from django_ray_runtime.store import get_schedules
from django_ray_runtime.ticks import Missed

MISSED: dict[str, Any] = {
    Missed.SKIP: gettext_lazy("Skipped"),
    Missed.ONCE: gettext_lazy("Made up once"),
}

# A tasks.py that cannot be imported is logged once by a process, not by every request.
discover_once = cache(periodic.discover)


@dataclass(frozen=True, slots=True)
class Line:
    """A schedule as a line of the page."""

    status: periodic.PeriodicStatus
    name: SafeString
    task_path: SafeString
    schedule: str
    missed: str
    last_run: SafeString | str
    last_state: SafeString | str  # of the task that was enqueued last; "" where it is gone
    next_run: SafeString | str
    is_overdue: bool


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(KeptByTheQueue):
    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All schedules. A POST has `enable`, `disable` or `run` with a schedule's name."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        discover_once()
        if request.method == "POST":
            return self._act(request)
        request.current_app = self.admin_site.name
        lines = _lines()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Periodic tasks"),
            "opts": self.opts,
            "media": self.media,
            "lines": lines,
            "all_declared": all(line.status.declared_here for line in lines),
            "zone": timezone.get_current_timezone_name(),
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "django_ray_runtime/admin/periodic.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A schedule has no page of its own; the admin's log links to it."""
        return self._back()

    def _act(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        acts: dict[str, Callable[[HttpRequest, str], None]] = {
            "enable": self._enable,
            "disable": self._disable,
            "run": self._run,
        }
        try:
            for verb in acts.keys() & request.POST.keys():
                with recorded():
                    acts[verb](request, request.POST[verb])
        except UnknownSchedule:
            messages.error(request, _unknown(request.POST[verb], verb))
        return self._back()

    def _enable(self, request: HttpRequest, name: str) -> None:
        periodic.enable(name)
        self._record(request, "enable", name, "Enabled.")
        told = _("The schedule %(name)s is enabled from its next tick on.") % {"name": name}
        messages.success(request, told)

    def _disable(self, request: HttpRequest, name: str) -> None:
        periodic.disable(name)
        self._record(request, "disable", name, "Disabled.")
        told = _("The schedule %(name)s is disabled. Queued tasks still run.") % {"name": name}
        messages.success(request, told)

    def _run(self, request: HttpRequest, name: str) -> None:
        result = periodic.run_now(name)
        self._record(request, "run", name, f"Run now, as task {result.id}.")
        task, task_id = _("The task"), periodic.uuid_of(result)
        if task_id and tasks().filter(id=task_id).exists():
            task = format_html(_('The <a href="{}">task</a>'), self._task_page(task_id))
        told = format_html(_("{task} of {name} is in the queue."), task=task, name=name)
        messages.success(request, told)

    def _record(self, request: HttpRequest, verb: str, name: str, message: str) -> None:
        # Every action stores the row of what it acts on.
        row = PeriodicTask.objects.using(runtime_settings().database).get(pk=name)
        record(request, verb, "schedule", [row], message)

    def _task_page(self, task_id: uuid.UUID) -> str:
        name = f"{self.admin_site.name}:django_ray_runtime_queuedtask_change"
        return reverse(name, args=[task_id])

    def _back(self) -> HttpResponse:
        name = f"{self.admin_site.name}:django_ray_runtime_periodictask_changelist"
        return HttpResponseRedirect(reverse(name))


def _lines() -> list[Line]:
    now = get_schedules().now()
    found = periodic.overview()
    ids = [status.last_task for status in found if status.last_task]
    pairs = tasks().filter(id__in=ids).values_list("id", "state")
    states: dict[uuid.UUID | None, str] = dict(pairs)
    return [_line(status, states.get(status.last_task), now) for status in found]


def _unknown(name: str, verb: str) -> str:
    """Why it could not be switched or run."""
    values = {"name": repr(name), "known": ", ".join(sorted(periodic.declared())) or _("none")}
    told = _("No periodic task %(name)s here. This process declares: %(known)s.") % values
    if verb != "run":
        return told
    why = _("To run it now its declaration must be known to this process.")
    return f"{told} {why}"


def _schedule(text: str) -> str:
    """As it is declared: "0 3 * * * Europe/Lisbon", "every 5 min"."""
    if not text.startswith("every "):
        return text
    return _("every %(interval)s") % {"interval": text.removeprefix("every ")}


def _line(status: periodic.PeriodicStatus, last_state: str | None, now: datetime) -> Line:
    due = status.next_run_at
    return Line(
        status=status,
        name=cells.task_path(status.name),
        task_path=cells.task_path(status.task_path),
        schedule=_schedule(status.schedule),
        missed=str(MISSED.get(status.missed, status.missed)),
        last_run=cells.brief(status.last_run_at),
        last_state=cells.badge(last_state) if last_state else "",
        next_run=cells.brief(due),
        is_overdue=due is not None and now - due > TOLERANCE,
    )
