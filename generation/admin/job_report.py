"""What became of jobs that were to be changed, in words."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from django_ray_runtime.admin.words import grouped

type Left = tuple[str, bool]
"""The state of a job that was left as it is, and whether it had ended."""

DONE: dict[str, Any] = {
    "cancelled": ngettext_lazy("%(n)s job cancelled.", "%(n)s jobs cancelled.", "count"),
    "requeued": ngettext_lazy("%(n)s job requeued.", "%(n)s jobs requeued.", "count"),
    "deleted": ngettext_lazy("%(n)s job deleted.", "%(n)s jobs deleted.", "count"),
}
NOT_DONE: dict[str, Any] = {
    "cancelled": ngettext_lazy(
        "%(n)s job not cancelled: %(why)s.", "%(n)s jobs not cancelled: %(why)s.", "count"
    ),
    "requeued": ngettext_lazy(
        "%(n)s job not requeued: %(why)s.", "%(n)s jobs not requeued: %(why)s.", "count"
    ),
    "deleted": ngettext_lazy(
        "%(n)s job not deleted: %(why)s.", "%(n)s jobs not deleted: %(why)s.", "count"
    ),
}
STATES: dict[str, Any] = {
    "SCHEDULED": _("scheduled"),
    "BLOCKED": _("blocked"),
    "READY": _("ready"),
    "RUNNING": _("running"),
    "SUCCESSFUL": _("successful"),
    "FAILED": _("failed"),
    "CANCELLED": _("cancelled"),
    "EXPIRED": _("expired"),
    "GONE": _("gone"),
}


@dataclass(slots=True)
class JobReport:
    """How many were changed, and why others were not."""

    verb: str  # a key of DONE
    done: int = 0
    asked: int = 0  # running jobs that were told to stop
    left: Counter[Left] = field(default_factory=Counter)

    def tell(self, request: HttpRequest) -> None:
        """Say it on the next page."""
        if self.done:
            messages.success(request, DONE[self.verb] % _counted(self.done))
        if self.asked:
            told = ngettext(
                "%(n)s running job told to stop.", "%(n)s running jobs told to stop.", self.asked
            )
            messages.success(request, told % _counted(self.asked))
        if self.left:
            why = ", ".join(_reason(left, number) for left, number in self.left.most_common())
            told = NOT_DONE[self.verb] % (_counted(self.left.total()) | {"why": why})
            messages.warning(request, told)


def state_word(state: str) -> str:
    """A job's state within a sentence."""
    return str(STATES.get(state, state.lower()))


def _counted(number: int) -> dict[str, Any]:
    return {"count": number, "n": grouped(number)}


def _reason(left: Left, number: int) -> str:
    state, has_ended = left
    told = _("%(n)s already %(state)s") if has_ended else _("%(n)s still %(state)s")
    return str(told) % {"n": grouped(number), "state": state_word(state)}
