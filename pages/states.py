"""The states of tasks in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def state_words(state: str) -> str:
    """What a state is called; its own name where there is no better."""
    known = {
        "SUCCESSFUL": _("Successful"),
        "FAILED": _("Failed"),
        "RUNNING": pgettext("state", "Running"),
        "READY": _("Waiting"),
        "BLOCKED": _("Held back"),
        "SCHEDULED": _("Scheduled"),
        "CANCELLED": _("Cancelled"),
        "EXPIRED": _("Expired"),
    }
    return known.get(state, str(state))
