"""What jobs, draws and their fields are called, in the reader's language."""

from django.utils.translation import gettext_lazy as _

from django_ray_runtime.admin.naming import call
from generation.models import Draw, GenerationJob


def translate() -> None:
    """From now on, wherever the admin shows them."""
    call(
        GenerationJob,
        _("generation job"),
        _("generation jobs"),
        {"owner": _("owner"), "created_at": _("created at")},
        {},
    )
    call(
        Draw,
        _("draw"),
        _("draws"),
        {"number": _("number"), "date": _("date")},
        {"number": _("The operator's count of draws.")},
    )
