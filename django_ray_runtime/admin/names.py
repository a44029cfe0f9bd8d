"""What models and their fields are called on pages of the admin, in the reader's language.

Set here, not in models.py: migrations and whoever else uses the models know nothing of it.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_ray_runtime.models import PeriodicTask, Queue, QueuedTask, Worker

MODELS: dict[Any, tuple[Any, Any]] = {
    QueuedTask: (_("task"), _("tasks")),
    Worker: (_("worker"), _("workers")),
    Queue: (_("queue"), _("queues")),
    PeriodicTask: (_("periodic task"), _("periodic tasks")),
}
FIELDS_OF_WORKERS: dict[str, Any] = {
    "id": pgettext_lazy("worker", "id"),
    "executor": _("executor"),
    "concurrency": _("concurrency"),
    "released": pgettext_lazy("worker", "released"),
}


def translate() -> None:
    """Give them names that follow the language of each request."""
    for model, (one, many) in MODELS.items():
        model._meta.verbose_name = one
        model._meta.verbose_name_plural = many
    for name, label in FIELDS_OF_WORKERS.items():
        field: Any = Worker._meta.get_field(name)
        field.verbose_name = label
    released: Any = Worker._meta.get_field("released")
    released.help_text = _("How many of its tasks were rescued when it was lost.")
