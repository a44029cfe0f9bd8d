"""What staff do from the dashboard, told in a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ray_runtime.bulk import REQUEUEABLE, Selection
from django_ray_runtime.control import tasks
from django_ray_runtime.exceptions import AlreadyEnded, NotRequeueable, UnknownQueue
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.overview import FailureView
from django_ray_runtime.rest import changes
from django_ray_runtime.states import State
from pages.dashboard.panels import HOUR, kind_of
from pages.states import state_words
from pages.templatetags.shown import ending, grouped

MOST = 1_000
"""Tasks that one request runs again."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it. `level` is that of Django's messages. `focused`: what was clicked is
    gone, so that whoever goes by keyboard goes on from here."""

    level: str
    text: str
    focused: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do `of` a queue, task or kind of failure; the part that shows what becomes of
    it; and what is asked before, where it is not undone with a click. Nothing is asked (None) of
    what is gone."""

    panel: str
    do: Callable[[HttpRequest, str], Told]
    question: Callable[[str], str | None] | None = None


def _pause(request: HttpRequest, of: str) -> Told:
    try:
        changes.switch_queue(request, "pause", of)
    except UnknownQueue as error:
        return Told("error", str(error))
    return Told("success", _("%(queue)s is paused: what runs goes on.") % {"queue": of})


def _resume(request: HttpRequest, of: str) -> Told:
    try:
        changes.switch_queue(request, "resume", of)
    except UnknownQueue as error:
        return Told("error", str(error))
    return Told("success", _("%(queue)s is no longer paused.") % {"queue": of})


def _cancel(request: HttpRequest, of: str) -> Told:
    try:
        state = changes.cancel_task(request, _uuid(of))
    except QueuedTask.DoesNotExist:
        return _no_task()
    except AlreadyEnded as error:
        return Told("info", _("It had ended already: %(state)s.") % {"state": _state(error.state)})
    said = _("%(task)s is cancelled.")
    if state is State.RUNNING:
        said = _("%(task)s is told to stop.")
    return Told("success", said % {"task": _name(of)})


def _retry(request: HttpRequest, of: str) -> Told:
    try:
        changes.retry_task(request, _uuid(of))
    except QueuedTask.DoesNotExist:
        return _no_task()
    except NotRequeueable as error:
        if error.state not in REQUEUEABLE:
            return Told("info", _("It is %(state)s by now.") % {"state": _state(error.state)})
        said = _("Task %(task)s holds its unique key: wait for that one, or cancel it.")
        return Told("warning", said % {"task": error.holder})
    return Told("success", _("%(task)s runs again.") % {"task": _name(of)}, focused=True)


def _retry_all(request: HttpRequest, of: str) -> Told:
    kind = kind_of(of)
    if kind is None:
        return Told("info", _("There are no such failures any more."), focused=True)
    done = changes.retry_selected(request, _alike(kind), MOST)
    left = done.left_out.total()
    n = done.requeued
    said = [ngettext("%(n)s task runs again.", "%(n)s tasks run again.", n) % {"n": grouped(n)}]
    if left:
        why = _("%(n)s do not: another task holds their unique key, or they changed meanwhile.")
        said.append(why % {"n": grouped(left)})
    if n + left >= MOST:
        more = _("No more than %(n)s at once: repeat it for the rest.")
        said.append(more % {"n": grouped(MOST)})
    return Told("warning" if left else "success", " ".join(said), focused=True)


def _ask_to_retry_all(of: str) -> str | None:
    kind = kind_of(of)
    if kind is None:
        return None
    said = _("Run again what failed with %(error)s in the last hour: %(n)s times %(task)s?")
    error = kind.exception or _("no recorded exception")
    return said % {"error": error, "n": grouped(min(kind.count, MOST)), "task": kind.task_path}


def _alike(kind: FailureView) -> Selection:
    since = timedelta(seconds=HOUR)
    return Selection(task_path=kind.task_path, exception=kind.exception, since=since)


def _state(state: str) -> str:
    """Within a sentence."""
    return state_words(state).lower()


def _no_task() -> Told:
    return Told("warning", _("There is no such task any more."), focused=True)


def _uuid(text: str) -> UUID:
    """Raises QueuedTask.DoesNotExist for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise QueuedTask.DoesNotExist from None


def _name(of: str) -> str:
    """A task's path and the end of its identifier, as the lists have them. Raises
    QueuedTask.DoesNotExist."""
    path = tasks().values_list("task_path", flat=True).get(id=_uuid(of))
    return f"{path} …{ending(_uuid(of))}"


def _ask(question: Callable[[], str]) -> Callable[[str], str | None]:
    def ask(of: str) -> str | None:
        try:
            return question() % {"task": _name(of)}
        except QueuedTask.DoesNotExist:
            return None

    return ask


ACTS = {
    "pause": Act("queues", _pause),
    "resume": Act("queues", _resume),
    "cancel": Act("running", _cancel, _ask(lambda: _("Cancel %(task)s?"))),
    "retry": Act("failures", _retry, _ask(lambda: _("Run %(task)s again?"))),
    "retry-all": Act("failures", _retry_all, _ask_to_retry_all),
}
