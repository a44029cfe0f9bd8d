"""What the queue's models and their fields are called, in the reader's language."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_ray_runtime.admin.naming import call
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
        call(model, one, many, {}, {})
    told = _("How many of its tasks were rescued when it was lost.")
    call(Worker, *MODELS[Worker], FIELDS_OF_WORKERS, {"released": told})
