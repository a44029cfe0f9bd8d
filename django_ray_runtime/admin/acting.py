"""Cancel and requeue many tasks: in batches, each recorded, told in words."""

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext_lazy

from django_ray_runtime import control
from django_ray_runtime.admin.recording import record, recorded
from django_ray_runtime.admin.words import grouped, state_within
from django_ray_runtime.models import Attempt, QueuedTaskQuerySet
from django_ray_runtime.states import FINAL, State

BATCH = 500
MOST = 10_000  # tasks that one request changes

type Kind = tuple[str, str]  # task path, class path of the last exception


@dataclass(frozen=True, slots=True)
class Sentences:
    """How a report is told: each with the place `count`, and singular or plural by `n`."""

    done: Any
    left: Any  # has the place `reasons` too
    asked: Any = None


ASKED = ngettext_lazy(
    "%(count)s running task told to stop.", "%(count)s running tasks told to stop.", "n"
)
OF_TASKS = {
    "cancelled": Sentences(
        ngettext_lazy("%(count)s task cancelled.", "%(count)s tasks cancelled.", "n"),
        ngettext_lazy(
            "%(count)s task not cancelled: %(reasons)s.",
            "%(count)s tasks not cancelled: %(reasons)s.",
            "n",
        ),
        ASKED,
    ),
    "requeued": Sentences(
        ngettext_lazy("%(count)s task requeued.", "%(count)s tasks requeued.", "n"),
        ngettext_lazy(
            "%(count)s task not requeued: %(reasons)s.",
            "%(count)s tasks not requeued: %(reasons)s.",
            "n",
        ),
    ),
}


@dataclass(slots=True)
class Report:
    """What became of tasks that were to be changed."""

    verb: str  # "cancelled" or "requeued"
    done: int = 0
    asked: int = 0  # running tasks that were told to stop
    left: Counter[str] = field(default_factory=Counter)  # why -> how many

    def tell(self, request: HttpRequest) -> None:
        """Say it on the next page."""
        said = OF_TASKS[self.verb]
        if self.done:
            messages.success(request, said.done % _number(self.done))
        if self.asked:
            messages.success(request, said.asked % _number(self.asked))
        if self.left:
            reasons = ", ".join(f"{grouped(n)} {why}" for why, n in self.left.most_common())
            number = _number(self.left.total())
            messages.warning(request, said.left % {**number, "reasons": reasons})


def cancel(request: HttpRequest, ids: Iterable[uuid.UUID]) -> Report:
    """Cancel what is unfinished among these tasks."""
    report = Report("cancelled")
    for batch in batched(ids, BATCH, strict=False):
        with recorded():
            states = control.cancel(*batch)
            at_once = [task_id for task_id, state in states.items() if state == State.CANCELLED]
            asked = states.keys() - set(at_once)
            _record(request, "cancel", at_once, "Cancelled.")
            _record(request, "cancel", asked, "Told to stop.")
        report.done += len(at_once)
        report.asked += len(asked)
        report.left += _left(batch, states.keys(), _why_not_cancelled)
    return report


def requeue(request: HttpRequest, ids: Iterable[uuid.UUID]) -> Report:
    """Run again what has ended unsuccessfully among these tasks."""
    report = Report("requeued")
    for batch in batched(ids, BATCH, strict=False):
        with recorded():
            done = control.requeue(*batch)
            _record(request, "retry", done, "Requeued.")
        report.done += len(done)
        report.left += _left(batch, done, _why_not_requeued)
    return report


def kinds_of(rows: QueuedTaskQuerySet) -> list[Kind]:
    """The kinds of failure among these tasks (the first 10,000 of them)."""
    ids = list(rows.finished(State.FAILED).order_by("-id").values_list("id", flat=True)[:MOST])
    kinds: set[Kind] = set()
    for batch in batched(ids, BATCH, strict=False):
        found = _with_last_error(control.tasks().filter(id__in=batch))
        kinds |= set(found.values_list("task_path", "last_error"))
    return sorted(kinds)


def failed_of_kind(kind: Kind) -> QueuedTaskQuerySet:
    """The failed tasks of one path whose last exception is of one class."""
    path, error = kind
    rows = control.tasks().finished(State.FAILED).filter(task_path=path)
    found: QueuedTaskQuerySet = _with_last_error(rows).filter(last_error=error)
    return found


def ids_of_kind(kind: Kind, most: int) -> Iterator[uuid.UUID]:
    """Their identifiers, at most so many, oldest first. Read on in batches, past what was
    read: a task that fails again meanwhile is not met twice."""
    rows = failed_of_kind(kind).order_by("id").values_list("id", flat=True)
    after = uuid.UUID(int=0)
    while most > 0 and (batch := list(rows.filter(id__gt=after)[: min(BATCH, most)])):
        yield from batch
        after, most = batch[-1], most - len(batch)


def _with_last_error(rows: QueuedTaskQuerySet) -> Any:
    last = Attempt.objects.filter(task=OuterRef("pk")).order_by("-number")
    error = Subquery(last.values("exception_class_path")[:1])
    return rows.annotate(last_error=Coalesce(error, Value(""), output_field=TextField()))


def _left(
    ids: Collection[uuid.UUID], done: Collection[uuid.UUID], why: Callable[[State], str]
) -> Counter[str]:
    rest = set(ids) - set(done)
    states = dict(control.tasks().filter(id__in=rest).values_list("id", "state")) if rest else {}
    gone = gettext("no longer there")
    return Counter(why(State(states[one])) if one in states else gone for one in rest)


def _number(number: int) -> dict[str, Any]:
    return {"n": number, "count": grouped(number)}


def _why_not_cancelled(state: State) -> str:
    text = gettext("already %(state)s") if state in FINAL else gettext("%(state)s again meanwhile")
    return text % {"state": state_within(state)}


def _why_not_requeued(state: State) -> str:
    if state == State.SUCCESSFUL:
        return gettext("already %(state)s") % {"state": state_within(state)}
    if state in FINAL:
        return gettext("whose unique key another task holds")
    return gettext("still %(state)s") % {"state": state_within(state)}


def _record(request: HttpRequest, verb: str, ids: Collection[uuid.UUID], what: str) -> None:
    if ids:
        rows = control.tasks().filter(id__in=ids).only("id", "task_path", "state")
        record(request, verb, "task", rows, what)
