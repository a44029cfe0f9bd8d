"""Filters and pages of the task list that stay cheap on a table with millions of rows."""

import time
import uuid
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin import words
from django_ray_runtime.control import listed_queues, tasks
from django_ray_runtime.models import QueuedTaskQuerySet
from django_ray_runtime.states import FINAL, State

type Choices = list[tuple[str, str]]

RECENT = 1000
PERIODS = {"10m": (600, _("Past 10 minutes")), "1h": (3600, _("Past hour")),
           "1d": (86400, _("Past 24 hours")), "7d": (604_800, _("Past 7 days")),
           "30d": (2_592_000, _("Past 30 days"))}  # fmt: skip


class LimitedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to 10,000 and no further: a full count reads the whole table at each view."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.most].count())

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than are listed."""
        return self.count >= self.most


def recent(request: HttpRequest) -> set[tuple[str, str]]:
    """Queue and task path of the newest 1000 tasks, read once a request: the values that the
    filters offer. A SELECT DISTINCT would read the whole table."""
    found: set[tuple[str, str]] | None = getattr(request, "_drr_recent", None)
    if found is None:
        rows = tasks().order_by("-id").values_list("queue_name", "task_path")
        found = set(rows[:RECENT])
        request._drr_recent = found  # type: ignore[attr-defined]
    return found


class _Filter(SimpleListFilter):
    def _known(self, values: set[str]) -> Choices:
        chosen = {value} if (value := self.value()) else set()
        return [(one, one) for one in sorted(values | chosen)]

    def value(self) -> str | None:
        value = super().value()
        if value and "\x00" in value:
            raise IncorrectLookupParameters("no name has a NUL character")
        return value


class StateFilter(_Filter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(state.value, words.state(state)) for state in State]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return in_state(queryset, self.value())


class QueueFilter(_Filter):
    title = _("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return self._known(listed_queues() | {queue for queue, __ in recent(request)})

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(queue_name=value) if value else queryset


class PathFilter(_Filter):
    title = _("task")
    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return self._known({path for __, path in recent(request)})

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(task_path=value) if value else queryset


class EnqueuedFilter(_Filter):
    """By the time within the identifier, whose index is there already."""

    title = _("time of enqueueing")
    parameter_name = "enqueued"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(key, str(label)) for key, (__, label) in PERIODS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        seconds, __ = PERIODS.get(self.value() or "", (None, ""))
        if seconds is None:
            return queryset
        return queryset.filter(id__gte=first_id_of(time.time() - seconds))


def first_id_of(moment: float) -> uuid.UUID:
    """The lowest identifier that a task enqueued at that time (Unix seconds) can have."""
    return uuid.UUID(int=int(moment * 1000) << 80)


def in_state(rows: QueuedTaskQuerySet, name: str | None) -> QueuedTaskQuerySet:
    """Those in a state, by the state's own index; all of them for a name that is none."""
    if name not in set(State):
        return rows
    state = State(name)
    if state in FINAL:
        return rows.finished(state)
    by_state = {
        State.SCHEDULED: rows.scheduled,
        State.BLOCKED: rows.blocked,
        State.READY: rows.ready,
        State.RUNNING: rows.running,
    }
    return by_state[state]()
