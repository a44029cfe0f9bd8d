"""Whose run of a flow is whose."""

import uuid

from django.conf import settings
from django.db import models


class FlowRun(models.Model):
    """A run of a flow through the queue. Its state, its progress and its report are its task's,
    with which it is pruned."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.OneToOneField(
        "django_ray_runtime.QueuedTask", on_delete=models.CASCADE, related_name="+"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    flow = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-task"], name="flow_runs_of_an_owner")]

    def __str__(self) -> str:
        return f"{self.flow} ({self.id})"
